/**
 * A node in a process of its own, to be killed: `node-child.ts JSON`. Prints each event as a line of JSON. It kills
 * itself with SIGKILL at the point that it is told: when a step begins ("step:add"), or right after a change has
 * happened in the cluster and before it could be recorded ("after:add").
 */
import { X509Certificate } from 'node:crypto'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { bootstrapCluster } from '../../src/node/membership/bootstrap.ts'
import { openTicket } from '../../src/node/membership/join.ts'
import { runNode, type NodeDelays } from '../../src/node/node.ts'
import { nodePaths } from '../../src/node/home/paths.ts'
import { resolveSettings, type NodeOptions } from '../../src/node/home/settings.ts'
import { readState } from '../../src/node/home/state.ts'
import { decodeTicket, type NodeTicket } from '../../src/node/tickets/ticket.ts'
import { openTestStore } from './open-store.ts'

export interface ChildOrder {
  readonly home: string
  readonly options: NodeOptions
  readonly delays: NodeDelays
  readonly ticket?: string
  readonly code?: string
  readonly dieAt?: string
}

const order = JSON.parse(process.argv[2] ?? '{}') as ChildOrder

function die(point: string): void {
  if (point === order.dieAt) process.kill(process.pid, 'SIGKILL')
}

const changes = ClusterClient.prototype as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
for (const [method, point] of [
  ['addLearner', 'after:add'],
  ['promote', 'after:promote'],
] as const) {
  const original = changes[method]
  changes[method] = async function (this: ClusterClient, ...args: unknown[]) {
    const result = await original?.apply(this, args)
    die(point)
    return result
  }
}

const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
const paths = nodePaths(order.home)
try {
  if (order.ticket !== undefined) {
    const ticket = decodeTicket(order.ticket) as NodeTicket
    await openTicket(paths, ticket, async () => order.code ?? '', order.options)
  } else if ((await readState(paths)) === undefined) {
    await bootstrapCluster(paths, resolveSettings(order.options))
  }
  let step = ''
  await runNode({
    paths,
    env: process.env,
    signal: stop.signal,
    delays: order.delays,
    openStore: async (endpoints, tls) => {
      const { serialNumber: serial } = new X509Certificate(tls.certificate)
      process.stdout.write(`${JSON.stringify({ kind: 'opened', serial })}\n`)
      const store = await openTestStore(endpoints, tls)
      const close = store.close.bind(store)
      // Claiming and finishing each open the store once: when it closes, the change has happened.
      store.close = async () => {
        die(`after:${step}`)
        await close()
      }
      return store
    },
    listener: (event) => {
      process.stdout.write(
        `${JSON.stringify(event, (_, value: unknown) => (value instanceof Error ? value.message : value))}\n`,
      )
      if (event.kind === 'step') step = event.step
      die(event.kind === 'step' ? `step:${event.step}` : event.kind)
    },
  })
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  process.stdout.write(`${JSON.stringify({ kind: 'failed', code, message })}\n`)
  process.exitCode = 1
}
