/** Creates the first node of a new cluster: its authority and its state. */
import { randomBytes } from 'node:crypto'
import { access, mkdir } from 'node:fs/promises'
import { ConclaveError } from '../../base/errors.ts'
import { createAuthority } from '../certificates/authority.ts'
import { writeAuthority } from '../certificates/credentials.ts'
import { formatEndpoint } from '../home/address.ts'
import type { NodePaths } from '../home/paths.ts'
import { requireFreePorts } from '../home/settings.ts'
import { readState, writeState, type NodeSettings, type NodeState } from '../home/state.ts'

/** Starts nothing yet. Interrupted, it leaves no node behind and can be repeated. */
export async function bootstrapCluster(paths: NodePaths, settings: NodeSettings): Promise<NodeState> {
  await requireNoNode(paths)
  await requireFreePorts(settings, 0)
  await writeAuthority(paths, await createAuthority())
  return writeState(paths, {
    version: 1,
    settings,
    phase: 'founding',
    token: randomBytes(16).toString('hex'),
    endpoints: [formatEndpoint(settings.advertise, settings.clientPort)],
  })
}

/** @throws usage when this home has a node, not-a-store when it has the data of a former one */
export async function requireNoNode(paths: NodePaths): Promise<void> {
  await mkdir(paths.root, { recursive: true, mode: 0o700 })
  const state = await readState(paths)
  if (state !== undefined) {
    throw new ConclaveError('usage', `This home already has a node: ${state.settings.name}`, {
      hint: '`conclave node start` runs it. A node of another cluster needs its own home: --home DIR.',
    })
  }
  const leftover = await access(paths.data).then(
    () => true,
    () => false,
  )
  if (leftover) {
    throw new ConclaveError('not-a-store', `${paths.data} contains the data of another node`, {
      hint: `If it is no longer needed, move ${paths.root} away.`,
    })
  }
}
