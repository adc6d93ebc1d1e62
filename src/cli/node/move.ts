/**
 * `node start --from-local`: the home's embedded store moves into its cluster, or an incomplete move is reverted.
 *
 * During a move the home must not use the cluster: opening it there would make a new store of it, and the move could
 * never be completed. A file records this across restarts.
 */
import { randomBytes } from 'node:crypto'
import { access, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConclaveError } from '../../base/errors.ts'
import { clusterUrl, rememberCluster } from '../../client/config.ts'
import { abortMigration, migrateStore } from '../../node/migrate-store.ts'
import { nodePaths } from '../../node/home/paths.ts'
import { SqliteStore } from '../../store/sqlite/store.ts'
import type { Store } from '../../store/store.ts'
import { count } from '../../chat/wording.ts'
import { clusterAccess, openClusterStore } from './access.ts'
import type { Report } from './report.ts'
import type { Session } from '../session/session.ts'
import { embeddedStore } from '../../client/store-url.ts'

export type Show = (report: Report) => void

/** Records between two lines of progress. */
const progressEvery = 5000

export async function moveLocalStore(session: Session, signal: AbortSignal, show: Show): Promise<void> {
  const { home } = session.options
  await withBoth(session, async (from, to, endpoints) => {
    await writeFile(markOf(home), '', { mode: 0o600 })
    let said = 0
    const { records, id } = await migrateStore(from, to, {
      address: clusterUrl(endpoints),
      id: randomBytes(16).toString('hex'),
      onProgress: ({ step, records: now, total }) => {
        if (now - said < progressEvery && now !== total) return
        said = now === total ? 0 : now
        const verb = step === 'copy' ? 'Copied' : 'Verified'
        show({ object: { event: 'moving', step, records: now, total }, text: `${verb} ${now} of ${total} records` })
      },
      signal,
    })
    await rememberCluster(home, endpoints)
    await rm(markOf(home), { force: true })
    show({
      object: { event: 'moved', records, id },
      text: `Moved ${count(records, 'record')} into the cluster; the embedded store is marked as moved`,
    })
  })
}

export async function abortLocalMove(session: Session, signal: AbortSignal, show: Show): Promise<void> {
  await withBoth(session, (from, to) => abortMigration(from, to, signal))
  await rm(markOf(session.options.home), { force: true })
  show({ object: { event: 'reverted' }, text: 'The embedded store is in use again' })
}

/** @throws usage while a move is under way */
export async function requireNoMove(home: string): Promise<void> {
  if (!(await exists(markOf(home)))) return
  throw new ConclaveError('usage', "The move of this home's embedded store into the cluster is incomplete", {
    hint: 'conclave node start --from-local completes it; adding --abort reverts it.',
  })
}

/** Whether this home has an embedded store, and where. */
export async function embeddedStorePath(home: string): Promise<string | undefined> {
  const embedded = embeddedStore(home)
  return embedded.kind === 'sqlite' && (await exists(embedded.path)) ? embedded.path : undefined
}

/** Where it is. @throws not-a-store when this home has none */
export async function requireEmbeddedStore(home: string): Promise<string> {
  const path = await embeddedStorePath(home)
  if (path !== undefined) return path
  throw new ConclaveError('not-a-store', 'This home has no embedded store to move', {
    hint: 'Start the node without --from-local.',
  })
}

async function withBoth(
  session: Session,
  use: (from: Store, to: Store, endpoints: readonly string[]) => Promise<void>,
): Promise<void> {
  const path = await requireEmbeddedStore(session.options.home)
  const { endpoints, tls } = await clusterAccess({ ...session.options, store: undefined })
  const from = await SqliteStore.open(path)
  try {
    const to = await openClusterStore(endpoints, tls)
    try {
      await use(from, to, endpoints)
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
}

function markOf(home: string): string {
  return join(nodePaths(home).root, 'moving')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
