/** How a process finds the data of a store under test: what a test hands to its workers. */
import type { EtcdTimeouts, EtcdTls } from '../../src/store/etcd/options.ts'
import type { Store } from '../../src/store/store.ts'

export type Target =
  | { readonly kind: 'sqlite'; readonly path: string; readonly dieAfterCommit?: number }
  | {
      readonly kind: 'etcd'
      readonly endpoints: readonly string[]
      readonly tls?: EtcdTls
      readonly timeouts?: Partial<EtcdTimeouts>
    }

/** Loads only the store that is asked for: a worker starts sooner. */
export async function openTarget(target: Target): Promise<Store> {
  if (target.kind === 'etcd') {
    const { EtcdStore } = await import('../../src/store/etcd/store.ts')
    const { endpoints, tls } = target
    return EtcdStore.open({ endpoints, ...(tls === undefined ? {} : { tls }), timeouts: target.timeouts ?? {} })
  }
  const { SqliteStore } = await import('../../src/store/sqlite/store.ts')
  const { path, dieAfterCommit } = target
  if (dieAfterCommit === undefined) return SqliteStore.open(path)
  let commits = 0
  const afterCommit = (): void => {
    commits += 1
    if (commits === dieAfterCommit) process.kill(process.pid, 'SIGKILL')
  }
  return SqliteStore.open(path, { afterCommit })
}
