/**
 * What this machine's node is: name, addresses, cluster, and how far it has come in bootstrapping or joining.
 *
 * Every step of a join is idempotent and recorded here before the next one begins. A process killed between a step and
 * its record repeats that step.
 */
import * as z from 'zod'
import { ConclaveError } from '../../base/errors.ts'
import { urlOf } from './address.ts'
import type { NodePaths } from './paths.ts'
import { readJson, writeJson } from './private-file.ts'

const host = z.string().min(1).max(253)
const port = z.int().min(1).max(65_535)
/** As etcd reports it, 16 hexadecimal digits. */
export const etcdId = z.string().regex(/^[0-9a-f]{16}$/)

const settingsSchema = z.strictObject({
  name: z.string().min(1).max(64),
  /** Where etcd listens; others reach it at `advertise`. */
  listen: host,
  advertise: host,
  clientPort: port,
  peerPort: port,
  /** Use etcd's default timers, which suit a wide-area network. */
  wan: z.boolean(),
  /** The etcd binary, unless it is found by itself. */
  etcd: z.string().min(1).optional(),
})

const stateSchema = z.strictObject({
  version: z.literal(1),
  settings: settingsSchema,
  /**
   * founding: first node of a cluster, not seen running yet. opened: a ticket was accepted, and recorded here. claimed: the
   * ticket is ours in the store, and the authority is on disk. added: the cluster counts this node as a learner. member: it votes.
   */
  phase: z.enum(['founding', 'opened', 'claimed', 'added', 'member']),
  /** Keeps etcds of different clusters apart until they have a cluster id. */
  token: z.string().min(1).max(128),
  /** Unknown while founding. */
  clusterId: etcdId.optional(),
  memberId: etcdId.optional(),
  /** The ticket this node joins on, until it votes: its certificates and key, and ours that it was claimed for, PEM. */
  ticket: z
    .strictObject({
      id: z.string(),
      digest: z.string(),
      authority: z.string(),
      certificate: z.string(),
      ticketKey: z.string(),
      key: z.string(),
    })
    .optional(),
  /** Client addresses host:port of all members, as last seen. */
  endpoints: z.array(z.string().min(1).max(300)).max(32),
})

export type NodeSettings = z.infer<typeof settingsSchema>
export type NodeState = z.infer<typeof stateSchema>

/** Undefined when this home has no node. @throws not-a-store when the file is damaged */
export async function readState({ state, root }: NodePaths): Promise<NodeState | undefined> {
  return readJson(
    state,
    stateSchema,
    `Restore it from a backup. If other nodes hold the cluster: move ${root} away, remove this node with \`conclave node remove\` on another machine and join again.`,
  )
}

export async function writeState(paths: NodePaths, state: NodeState): Promise<NodeState> {
  await writeJson(paths.state, stateSchema.parse(state))
  return state
}

/** @throws not-a-store when this home has no node */
export async function requireState(paths: NodePaths): Promise<NodeState> {
  const state = await readState(paths)
  if (state !== undefined) return state
  throw new ConclaveError('not-a-store', 'This home has no node', {
    hint: '`conclave node start` creates a cluster; `conclave node join TICKET` joins one.',
  })
}

export function peerUrlOf({ advertise, peerPort }: Pick<NodeSettings, 'advertise' | 'peerPort'>): string {
  return urlOf(advertise, peerPort)
}
