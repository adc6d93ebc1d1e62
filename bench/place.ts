/** Where a scenario runs: its own embedded store, or its own etcd cluster. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EtcdStore } from '../src/store/etcd/store.ts'
import { SqliteStore } from '../src/store/sqlite/store.ts'
import type { Store } from '../src/store/store.ts'
import { EtcdCluster } from '../test/etcd/cluster.ts'

export interface Place {
  readonly name: string
  /** As --store takes it. */
  readonly url: string
  readonly folder: string
  /** Of a person's own. */
  home(name: string): string
  /** Of the raw store; for etcd, of one of its members alone where `member` says which. */
  rawUrl(member?: number): string
  /** A further handle on it. */
  open(member?: number): Promise<Store>
  end(): Promise<void>
}

function folderOf(): { folder: string; home: Place['home']; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
  return {
    folder,
    home: (name) => join(folder, `home-${name}`),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

export async function embeddedPlace(): Promise<Place> {
  const { folder, home, remove } = folderOf()
  const url = `sqlite:${join(folder, 'store.db')}`
  const open = () => openRaw(url)
  return { name: 'SQLite', url, rawUrl: () => url, folder, home, open, end: async () => remove() }
}

/** As a node on a LAN, without TLS. */
export async function clusterPlace(size: number): Promise<Place> {
  const { folder, home, remove } = folderOf()
  const cluster = await EtcdCluster.start(size)
  const url = `etcd://${cluster.endpoints.join(',')}`
  const rawUrl = (member?: number) => (member === undefined ? url : `etcd://${cluster.endpoints[member % size] ?? ''}`)
  const open = (member?: number) => openRaw(rawUrl(member))
  const end = async () => {
    await cluster.end()
    remove()
  }
  const nodes = size === 1 ? '1 node' : `${size} nodes`
  return { name: `etcd, ${nodes}`, url, rawUrl, folder, home, open, end }
}

export function openRaw(url: string): Promise<Store> {
  if (url.startsWith('sqlite:')) return SqliteStore.open(url.slice('sqlite:'.length))
  const endpoints = url.slice('etcd://'.length).split(',')
  // Restricted to one endpoint, the client does not switch to others it learns of.
  return EtcdStore.open({ endpoints, timeouts: endpoints.length === 1 ? { membersMs: 0 } : {} })
}
