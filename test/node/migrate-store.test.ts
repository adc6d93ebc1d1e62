import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fromHex, textOf, utf8, type Bytes } from '../../src/base/bytes.ts'
import { abortMigration, migratedTo, migrateStore, type MigrationProgress } from '../../src/node/migrate-store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import type { CommitResult, Entry, Store, Transaction } from '../../src/store/store.ts'

const id = '00112233445566778899aabbccddeeff'
const address = 'etcds://10.0.0.1:2379'
const incarnation = utf8('incarnation')
const everything = [Uint8Array.of(0), Uint8Array.of(0xff)] as const

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conclave-move-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function put(store: Store, key: Uint8Array, value: Uint8Array): Promise<void> {
  await store.commit({ then: [{ kind: 'put', key, value }] })
}

async function get(store: Store, key: Uint8Array): Promise<Bytes | undefined> {
  return (await store.commit({ then: [{ kind: 'read', key }] })).reads[0]?.[0]?.value
}

/** Small ones, big ones, binary keys, empty values, and one store's worth of life. */
async function fill(store: Store, records: number): Promise<void> {
  await put(store, incarnation, fromHex('ff'.repeat(16)))
  for (let n = 0; n < records; n += 1) {
    const key = Uint8Array.of(...utf8('rooms/ab/log/'), 0, 0, n >> 8, n & 0xff)
    await put(store, key, new Uint8Array(n % 50 === 7 ? 300_000 : n % 300).fill(n))
  }
  await put(store, Uint8Array.of(1), new Uint8Array(0))
  await put(store, utf8('users/ada'), utf8('a record'))
  await put(store, utf8('rooms/ab/here/cd'), utf8('presence'))
}

async function records(store: Store): Promise<string[]> {
  const { entries } = await store.range(...everything)
  const shown = ({ key, value }: Entry): string =>
    `${Buffer.from(key).toString('hex')}=${createHash('sha256').update(value).digest('hex')}`
  const kept = entries.filter(
    ({ key }) => !/^(incarnation$|move\/|rooms\/ab\/here)/.test(Buffer.from(key).toString('latin1')),
  )
  return kept.map(shown)
}

/** Fails each commit from the n-th on; `after`: it happens all the same, only the answer is lost. */
function failing(store: Store, n: number, after: boolean): Store {
  let commits = 0
  return {
    ...store,
    capabilities: store.capabilities,
    range: (...args) => store.range(...args),
    watch: (...args) => store.watch(...args),
    lease: (...args) => store.lease(...args),
    close: () => store.close(),
    commit: async (transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> => {
      commits += 1
      if (commits < n) return store.commit(transaction, signal)
      if (commits === n && after) await store.commit(transaction, signal)
      throw new Error('power cut')
    },
  }
}

describe('migrating a store', () => {
  test('from memory to SQLite and back keeps every byte', async () => {
    const first = new MemoryStore()
    await fill(first, 400)
    const before = await records(first)
    const second = await SqliteStore.open(join(folder, 'store.db'))
    const progress: MigrationProgress[] = []
    const result = await migrateStore(first, second, { id, address, onProgress: (step) => progress.push(step) })
    expect(result).toEqual({ id, records: before.length })
    expect(await records(second)).toEqual(before)
    expect(await get(second, incarnation)).toEqual(fromHex(id))
    expect(await get(second, utf8('rooms/ab/here/cd'))).toBeUndefined()
    expect((await second.range(utf8('move/'), utf8('move0'))).entries).toEqual([])
    expect(progress.at(-1)).toEqual({ step: 'verify', records: before.length, total: before.length })

    const third = new MemoryStore()
    await migrateStore(second, third, { id: 'ab'.repeat(16), address: 'memory' })
    expect(await records(third)).toEqual(before)
    await Promise.all([first, second, third].map((store) => store.close()))
  })

  test('marks the old store, so that writes to it fail and readers learn where it went', async () => {
    const from = new MemoryStore()
    const to = new MemoryStore()
    await fill(from, 3)
    const old = (await get(from, incarnation)) as Bytes
    expect(migratedTo(old)).toBeUndefined()
    await migrateStore(from, to, { id, address })
    const key = utf8('rooms/ab/log/new')
    const { ok } = await from.commit({
      if: [{ kind: 'value', key: incarnation, value: old }],
      then: [{ kind: 'put', key, value: utf8('late') }],
    })
    expect(ok).toBe(false)
    const marked = (await get(from, incarnation)) as Bytes
    expect(textOf(marked)).toBe(`moved:${id},${address}`)
    expect(migratedTo(marked)).toEqual({ id, address })
  })

  test('resumes after a failure at any commit, on either side, with or without its effect', async () => {
    let interrupted = 0
    for (const side of ['from', 'to'] as const) {
      for (const after of [false, true]) {
        for (let n = 1, through = false; !through; n += 1) {
          const stores = { from: new MemoryStore(), to: new MemoryStore() }
          await fill(stores.from, 60)
          const expected = await records(stores.from)
          const broken = { ...stores, [side]: failing(stores[side], n, after) }
          const attempt = await migrateStore(broken.from, broken.to, { id, address }).catch((error: Error) => error)
          through = !(attempt instanceof Error)
          if (!through) interrupted += 1
          const living = await get(stores.to, incarnation)
          // Both stores are never in use at once.
          if (living !== undefined) expect(migratedTo((await get(stores.from, incarnation)) as Bytes)).toBeDefined()
          // The second attempt has another id, and keeps the first one's if that had begun.
          const again = 'cd'.repeat(16)
          const result = await migrateStore(stores.from, stores.to, { id: again, address })
          expect([id, again]).toContain(result.id)
          expect(await records(stores.to)).toEqual(expected)
          expect(await get(stores.to, incarnation)).toEqual(fromHex(result.id))
        }
      }
    }
    expect(interrupted).toBeGreaterThanOrEqual(12)
  })

  test('can be aborted until the new store is in use', async () => {
    const from = new MemoryStore()
    const to = new MemoryStore()
    await fill(from, 60)
    const old = await get(from, incarnation)
    await expect(migrateStore(from, failing(to, 4, false), { id, address })).rejects.toThrow('power cut')
    expect(await get(from, incarnation)).not.toEqual(old)
    await abortMigration(from, to)
    expect(await get(from, incarnation)).toEqual(old)
    expect(await get(from, utf8('move/before'))).toBeUndefined()
    await expect(abortMigration(from, to)).rejects.toMatchObject({ code: 'usage' })

    await migrateStore(from, to, { id, address })
    await expect(abortMigration(from, to)).rejects.toMatchObject({ code: 'not-allowed' })
  })

  test('once aborted, a migration that is still running cannot finish', async () => {
    const from = new MemoryStore()
    const to = new MemoryStore()
    await fill(from, 60)
    const old = await get(from, incarnation)
    let aborting: Promise<void> | undefined
    const onProgress = (): void => void (aborting ??= abortMigration(from, to))
    await expect(migrateStore(from, to, { id, address, onProgress })).rejects.toMatchObject({ code: 'not-allowed' })
    await aborting
    expect(await get(from, incarnation)).toEqual(old)
    expect(await get(to, incarnation)).toBeUndefined()
  })

  test('an interrupted abort can only be completed', async () => {
    const from = new MemoryStore()
    const to = new MemoryStore()
    await fill(from, 10)
    await expect(migrateStore(from, failing(to, 4, false), { id, address })).rejects.toThrow('power cut')
    await expect(abortMigration(failing(from, 3, false), to)).rejects.toThrow('power cut')
    await expect(migrateStore(from, to, { id, address })).rejects.toMatchObject({ code: 'not-allowed' })
    await abortMigration(from, to)
    expect(migratedTo((await get(from, incarnation)) as Bytes)).toBeUndefined()
  })

  test('refuses a new store in use, and an old store that was never used', async () => {
    const from = new MemoryStore()
    const to = new MemoryStore()
    await expect(migrateStore(from, to, { id, address })).rejects.toMatchObject({ code: 'not-a-store' })
    await fill(from, 1)
    await fill(to, 1)
    const old = await get(from, incarnation)
    await expect(migrateStore(from, to, { id, address })).rejects.toMatchObject({ code: 'not-a-store' })
    expect(await get(from, incarnation)).toEqual(old)
  })

  test('reports a copy that differs, and leaves the new store unused', async () => {
    const from = new MemoryStore()
    const to = new MemoryStore()
    await fill(from, 5)
    await put(to, utf8('users/ada'), utf8('another record'))
    await expect(migrateStore(from, to, { id, address })).rejects.toMatchObject({ code: 'tampering' })
    expect(await get(to, incarnation)).toBeUndefined()
    await abortMigration(from, to)
  })
})
