/** What a node reports, as text for people and as objects for scripts. */
import { bytes, table } from '../output/format.ts'
import { describeError } from '../output/output.ts'
import type { JsonObject } from '../output/output.ts'
import { describeEtcd } from '../../node/process/etcd-binary.ts'
import { quotaBytes } from '../../node/process/etcd-arguments.ts'
import type { NodeEvent, NodeStep } from '../../node/events.ts'
import {
  clusterHealth,
  describeHealth,
  isReachable,
  isWritable,
  lagOf,
  type ClusterHealth,
} from '../../node/health/health.ts'
import type { MemberStatus } from '../../node/cluster/cluster-client.ts'

export interface Report {
  readonly object: JsonObject
  readonly text: string
}

const steps: Readonly<Record<NodeStep, string>> = {
  claim: 'Using the ticket',
  add: 'Asking the cluster to add this node',
  start: 'Starting etcd',
  'catch-up': 'Catching up with the other nodes',
  finish: 'Done with the ticket',
}

/** undefined: nothing new. `last`: the text of the cluster's health before. */
export function reportEvent(event: NodeEvent, last: string): Report | undefined {
  switch (event.kind) {
    case 'etcd': {
      const { etcd: program } = event
      const { verdict } = program
      const warning = verdict.kind === 'fine' ? '' : `\nWarning: ${verdict.message}\n  ${verdict.hint}`
      const known = verdict.kind === 'fine' ? {} : { warning: verdict.message, hint: verdict.hint }
      return { object: { event: 'etcd', path: program.path, ...known }, text: `${describeEtcd(program)}${warning}` }
    }
    case 'step':
      return { object: { event: 'step', step: event.step }, text: `${steps[event.step]} …` }
    case 'waiting': {
      const { code, message, hint } = describeError(event.reason)
      return { object: { event: 'waiting', code, message, hint }, text: `  ${message}; retrying …` }
    }
    case 'ready':
      return {
        object: { event: 'ready', name: event.name, endpoint: event.endpoint },
        text: `Node ${event.name} is ready at ${event.endpoint}`,
      }
    case 'health': {
      const text = healthLine(event.health)
      return text === last ? undefined : { object: { event: 'health', ...healthObject(event.health) }, text }
    }
    case 'restart':
      return {
        object: { event: 'restart', how: event.how, inMs: event.inMs },
        text: `etcd exited (${event.how}); restarting it in ${event.inMs} ms`,
      }
    case 'renewed':
      return { object: { event: 'renewed' }, text: 'Issued certificates' }
    case 'endpoints':
      return undefined
  }
}

export function healthLine(health: ClusterHealth): string {
  const { leader, hasQuorum, learners } = health
  // With a majority there is a leader, even if its name is not shown to everyone.
  const led = leader === undefined ? (hasQuorum ? '' : ' · no leader') : ` · leader ${leader}`
  return `${describeHealth(health)}${led}${learners === 0 ? '' : `, ${learners} joining`}`
}

function healthObject(health: ClusterHealth): JsonObject {
  const { voters, reachable, learners, hasQuorum, canLose, alarms, leader } = health
  const writable = isWritable(health)
  return { voters, reachable, learners, hasQuorum, canLose, writable, alarms: [...alarms], leader: leader ?? null }
}

/** The whole state of a cluster: one object, one table. */
export function reportStatus(unsorted: readonly MemberStatus[]): Report {
  const members = unsorted.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const health = clusterHealth(members)
  const rows = members.map((member) => rowOf(member, members, health))
  const heads = ['NAME', 'ROLE', 'ADDRESS', 'ETCD', 'DATABASE', 'BEHIND']
  return {
    object: { ...healthObject(health), members: members.map((member) => memberObject(member, members)) },
    text: [healthLine(health), '', table([heads, ...rows]), ...warnings(members)].join('\n'),
  }
}

function rowOf(member: MemberStatus, members: readonly MemberStatus[], health: ClusterHealth): string[] {
  const { answer } = member
  const name = member.name || member.id
  const address = member.endpoints[0] ?? member.peerUrls[0] ?? ''
  if (member.reserved !== undefined) return [name, 'up', address, 'shows its state only to nodes', '', '']
  const role = member.learner ? 'joining' : name === health.leader ? 'leader' : 'voter'
  if (answer === undefined) return [name, 'down', address, member.failure ?? '', '', '']
  return [
    name,
    role,
    address,
    answer.version,
    `${bytes(answer.databaseBytes)} of ${bytes(quotaBytes)}`,
    String(lagOf(member, members)),
  ]
}

function memberObject(member: MemberStatus, members: readonly MemberStatus[]): JsonObject {
  const { id, name, learner, endpoints, peerUrls, answer, failure } = member
  const base = {
    id,
    name,
    learner,
    endpoints: [...endpoints],
    peerUrls: [...peerUrls],
    reachable: isReachable(member),
  }
  if (answer === undefined) return { ...base, failure: failure ?? '' }
  return {
    ...base,
    version: answer.version,
    leader: answer.leader === id,
    lag: lagOf(member, members) ?? 0,
    databaseBytes: answer.databaseBytes,
    databaseBytesInUse: answer.databaseBytesInUse,
    quotaBytes,
    alarms: [...answer.alarms],
    latencyMs: Math.round(answer.latencyMs),
  }
}

function warnings(members: readonly MemberStatus[]): string[] {
  const lines: string[] = []
  const full = members.filter(({ answer }) => answer?.alarms.includes('NOSPACE'))
  if (full.length > 0) {
    lines.push('', `Warning: the database of ${names(full)} is full: nothing can be written until there is room`)
    lines.push('  Run etcdctl compact, then defrag on each node, then alarm disarm.')
  }
  const corrupt = members.filter(({ answer }) => answer?.alarms.includes('CORRUPT'))
  if (corrupt.length > 0) {
    lines.push(
      '',
      `Warning: the data of ${names(corrupt)} differs from the other nodes: remove that node and add it again`,
    )
  }
  const near = members.filter(({ answer }) => answer !== undefined && answer.databaseBytes > 0.8 * quotaBytes)
  if (near.length > 0) lines.push('', `Warning: the database of ${names(near)} is over 80 % of its quota`)
  return lines
}

function names(members: readonly MemberStatus[]): string {
  return members.map(({ id, name }) => name || id).join(', ')
}
