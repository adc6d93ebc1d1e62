/** The first node of a new cluster: its authority and its state, before anything runs. */
import { randomBytes } from 'node:crypto'
import { access, mkdir } from 'node:fs/promises'
import { ConclaveError } from '../../base/errors.ts'
import { formatEndpoint } from '../home/address.ts'
import { createAuthority } from '../certificates/authority.ts'
import { writeAuthority } from '../certificates/credentials.ts'
import type { NodePaths } from '../home/paths.ts'
import { requirePorts } from '../home/settings.ts'
import { readState, writeState, type NodeSettings, type NodeState } from '../home/state.ts'

/** Interrupted anywhere, it leaves no node behind, and can be done again. */
export async function foundCluster(paths: NodePaths, settings: NodeSettings): Promise<NodeState> {
  await requireNoNode(paths)
  await requirePorts(settings, 0)
  await writeAuthority(paths, await createAuthority())
  const state: NodeState = {
    version: 1,
    settings,
    phase: 'founding',
    token: randomBytes(16).toString('hex'),
    endpoints: [formatEndpoint(settings.advertise, settings.clientPort)],
  }
  await writeState(paths, state)
  return state
}

/** @throws usage when this home has a node, not-a-store when it has the data of one that is no more */
export async function requireNoNode(paths: NodePaths): Promise<void> {
  await mkdir(paths.root, { recursive: true, mode: 0o700 })
  const state = await readState(paths)
  if (state !== undefined) {
    throw new ConclaveError('usage', `this home has a node already: ${state.settings.name}`, {
      hint: '`conclave node start` runs it. A node of another cluster needs a home of its own: --home DIR.',
    })
  }
  const leftover = await access(paths.data).then(
    () => true,
    () => false,
  )
  if (leftover) {
    throw new ConclaveError('not-a-store', `${paths.data} holds the data of another node`, {
      hint: `If nobody needs it any more, move ${paths.root} away.`,
    })
  }
}
