/**
 * What this machine's node is: its name, its addresses, its cluster, and how far founding or joining has come.
 *
 * Every step of joining is idempotent and records itself here before the next one begins; a process killed between
 * doing and recording repeats the step when it is run again.
 */
import { z } from 'zod'
import { ConclaveError } from '../../base/errors.ts'
import type { NodePaths } from './paths.ts'
import { readIfThere, writePrivateFile } from './private-file.ts'

const host = z.string().min(1).max(253)
const port = z.int().min(1).max(65_535)

const settingsSchema = z.strictObject({
  name: z.string().min(1).max(64),
  /** Where etcd listens; others reach it at `advertise`. */
  listen: host,
  advertise: host,
  clientPort: port,
  peerPort: port,
  /** Wide-area timers: etcd's defaults. */
  wan: z.boolean(),
  /** The program, if it is not the one to be found. */
  etcd: z.string().min(1).optional(),
})

const stateSchema = z.strictObject({
  version: z.literal(1),
  settings: settingsSchema,
  /**
   * founding: the first node, never seen running. opened: a ticket was accepted, its authority is on disk.
   * claimed: the ticket is ours in the store. added: the cluster counts this node as a learner.
   * member: it votes.
   */
  phase: z.enum(['founding', 'opened', 'claimed', 'added', 'member']),
  /** Keeps etcds of different clusters apart while they have no cluster id yet. */
  token: z.string().min(1).max(128),
  /** As etcd reports it, 16 hexadecimal digits; unknown while founding. */
  clusterId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** 16 hexadecimal digits. */
  memberId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** The ticket on which this node joins, until it votes; the claim tells our claim on it from another's. */
  ticket: z.strictObject({ id: z.string(), digest: z.string(), claim: z.string() }).optional(),
  /** Client addresses host:port of all members, as last seen. */
  endpoints: z.array(z.string().min(1).max(300)).max(32),
})

export type NodeSettings = z.infer<typeof settingsSchema>
export type NodeState = z.infer<typeof stateSchema>
export type NodePhase = NodeState['phase']

/** Undefined when this home has no node. @throws not-a-store when the file is damaged. */
export async function readState(paths: NodePaths): Promise<NodeState | undefined> {
  const text = await readIfThere(paths.state)
  if (text === undefined) return undefined
  try {
    return stateSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new ConclaveError('not-a-store', `${paths.state} can't be read as a node's state`, {
      hint: `Bring it back from a backup; or, if other nodes hold the cluster, move ${paths.root} away, remove this node with \`conclave node remove\` on another machine and join again.`,
      cause,
    })
  }
}

export async function writeState(paths: NodePaths, state: NodeState): Promise<void> {
  await writePrivateFile(paths.state, `${JSON.stringify(stateSchema.parse(state), null, 2)}\n`)
}

/** @throws not-a-store when this home has no node. */
export async function requireState(paths: NodePaths): Promise<NodeState> {
  const state = await readState(paths)
  if (state !== undefined) return state
  throw new ConclaveError('not-a-store', 'this home has no node', {
    hint: '`conclave node start` founds a cluster; `conclave node join TICKET` makes this machine a further node of one.',
  })
}
