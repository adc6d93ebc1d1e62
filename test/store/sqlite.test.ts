import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ConclaveError } from '../../src/base/errors.ts'
import { storeHistoryMs, storeHistoryRowsMax } from '../../src/base/limits.ts'
import { HomeFolder } from '../../src/client/home-folder.ts'
import { CompactedError } from '../../src/store/compacted.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { formatVersion } from '../../src/store/sqlite/format.ts'
import { History } from '../../src/store/sqlite/history.ts'
import { Rows } from '../../src/store/sqlite/rows.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import type { SqliteOptions } from '../../src/store/sqlite/store.ts'
import { Place, take } from '../conformance/place.ts'
import { spawnWorker } from '../conformance/spawn.ts'
import { storeConformance } from '../conformance/suite.ts'

storeConformance('sqlite', {
  capabilities: { durable: true, multiProcess: true },
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'conclave-sqlite-'))
    const path = join(folder, 'store', 'conclave.db')
    return {
      target: { kind: 'sqlite', path },
      open: () => SqliteStore.open(path),
      compact: (store, revision) => (store as SqliteStore).compact(revision),
      end: () => rm(folder, { recursive: true }),
    }
  },
})

describe('a SQLite store', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conclave-sqlite-'))
    path = join(folder, 'home', 'conclave.db')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const opened = async (options?: SqliteOptions): Promise<SqliteStore> => {
    const store = await SqliteStore.open(path, options)
    onTestFinished(() => store.close())
    return store
  }
  /** A connection beside the store's, as another process would have it. */
  const beside = (): DatabaseSync => {
    const database = new DatabaseSync(path)
    onTestFinished(() => {
      if (database.isOpen) database.close()
    })
    return database
  }
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) await setImmediate()
  }
  const failure = async (call: Promise<unknown>): Promise<ConclaveError> => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ConclaveError)
    return error as ConclaveError
  }

  test('is created for its owner alone, and nothing else is left in its folder', async () => {
    const store = await opened()
    await new Place(store).commit(new Place(store).put('a'))
    const modes = (await readdir(join(folder, 'home'))).map((name) => {
      return [name, (statSync(join(folder, 'home', name)).mode & 0o777).toString(8)]
    })
    expect(Object.fromEntries(modes)).toEqual({
      'conclave.db': '600',
      'conclave.db-bell': '600',
      'conclave.db-shm': '600',
      'conclave.db-wal': '600',
    })
    expect(statSync(join(folder, 'home')).mode & 0o777).toBe(0o700)
  })

  test('keeps everything across close and open', async () => {
    const first = await SqliteStore.open(path)
    const place = new Place(first)
    const { revision } = await place.commit(place.put('a'), place.put('b'))
    await place.commit(place.delete('a'))
    await first.close()
    const second = await opened()
    expect(await place.names(second)).toEqual(['b'])
    const [one, two] = await take(place.watch(revision, undefined, second), 3)
    expect([one, two].map((batch) => batch?.events.map((event) => place.told(event)))).toEqual([
      ['put a=a', 'put b=b'],
      ['delete a'],
    ])
  })

  test('that four processes create at once is one store', async () => {
    const target = { kind: 'sqlite', path } as const
    const names = ['a', 'b', 'c', 'd']
    const workers = await Promise.all(
      names.map((name) => spawnWorker(target, { kind: 'append', prefix: name, times: 5 })),
    )
    await Promise.all(workers.map((worker) => worker.done()))
    const { entries, revision } = await (await opened()).range(Uint8Array.of(1), Uint8Array.of(0xff))
    expect([entries.length, revision]).toEqual([20, 20])
    expect((await readdir(join(folder, 'home'))).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  test('waits for a lock without stopping the event loop', async () => {
    const store = await opened()
    const place = new Place(store)
    const other = beside()
    other.exec('BEGIN IMMEDIATE')
    let settled = false
    const commit = place.commit(place.put('a')).finally(() => (settled = true))
    await turns(300)
    expect(settled).toBe(false)
    expect(await place.names()).toEqual([])
    other.exec('ROLLBACK')
    expect((await commit).ok).toBe(true)
  })

  test('lets a call that waits for a lock be aborted, and then writes nothing', async () => {
    const store = await opened()
    const place = new Place(store)
    const other = beside()
    other.exec('BEGIN IMMEDIATE')
    const abort = new AbortController()
    const commits = [1, 2].map((n) => store.commit({ then: [place.put(`a${n}`)] }, abort.signal))
    await turns(10)
    abort.abort(new Error('enough'))
    await Promise.all(commits.map((commit) => expect(commit).rejects.toThrow('enough')))
    other.exec('ROLLBACK')
    expect(await place.names()).toEqual([])
  })

  test('that is closed while a call waits for a lock rejects it', async () => {
    const store = await opened()
    const place = new Place(store)
    const other = beside()
    other.exec('BEGIN IMMEDIATE')
    const failing = failure(place.commit(place.put('a')))
    await turns(10)
    await store.close()
    expect((await failing).code).toBe('closed')
  })

  test('stores a key that is written once exactly once', async () => {
    const place = new Place(await opened())
    for (const name of ['a', 'b', 'c']) await place.commit(place.put(name))
    await place.commit(place.put('c', 'again'))
    const database = beside()
    expect(database.prepare('SELECT count(*) AS rows FROM entries').get()).toEqual({ rows: 3 })
    expect(database.prepare('SELECT count(*) AS rows FROM past').get()).toEqual({ rows: 1 })
  })

  test('a kill between COMMIT and the bell is still seen', async () => {
    const place = new Place(await opened())
    const watching = take(place.watch(1), 3)
    const worker = await spawnWorker(
      { kind: 'sqlite', path, dieAfterCommit: 3 },
      { kind: 'append', prefix: place.prefix },
    )
    const batches = await watching
    expect(batches.map((batch) => batch.revision)).toEqual([1, 2, 3])
    await worker.kill()
    expect(worker.lines).toEqual(['0', '1'])
  })

  test('what was committed ahead of the disk is seen at once, and survives its process', async () => {
    const store = await opened()
    const place = new Place(store)
    const watching = take(place.watch(1), 25)
    const worker = await spawnWorker({ kind: 'sqlite', path }, { kind: 'append', prefix: place.prefix, ahead: true })
    expect((await watching).map((batch) => batch.revision)).toEqual(Array.from({ length: 25 }, (_, n) => n + 1))
    await worker.printed(25)
    await worker.kill()
    const { entries, revision } = await store.range(place.start, place.end)
    // At most the one that was under way when it died may stand there unacknowledged.
    expect(entries.length - worker.lines.length).toBeOneOf([0, 1])
    const compared = { if: [{ kind: 'empty', key: place.start, end: place.end }], then: [place.put('no')] } as const
    expect(await store.commitAhead(compared)).toMatchObject({ ok: false, revision })
    expect(await store.commitAhead({ then: [place.put('x')] })).toMatchObject({ ok: true, revision: revision + 1 })
    expect(await place.commit(place.put('y'))).toMatchObject({ ok: true, revision: revision + 2 })
  })

  test('hears other processes by the bell alone, without its poll', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const place = new Place(await opened())
    const watching = take(place.watch(1), 20)
    const worker = await spawnWorker({ kind: 'sqlite', path }, { kind: 'append', prefix: place.prefix, times: 20 })
    expect(await watching).toHaveLength(20)
    await worker.done()
  })

  test.each(['deleted', 'a folder', 'replaced'])('hears other processes also when its bell is %s', async (what) => {
    const bell = `${path}-bell`
    if (what === 'a folder') mkdirSync(bell, { recursive: true })
    const place = new Place(await opened())
    const other = await opened()
    const events = place.watch(1)[Symbol.asyncIterator]()
    const first = events.next()
    if (what !== 'a folder') rmSync(bell)
    if (what === 'replaced') writeFileSync(bell, '')
    await other.commit({ then: [place.put('a')] })
    expect((await first).value).toMatchObject({ revision: 1 })
    await other.commit({ then: [place.put('b')] })
    expect((await events.next()).value).toMatchObject({ revision: 2 })
    await events.return?.()
  })

  test('ends expired leases right when it is opened', async () => {
    const place = new Place(await opened())
    await place.store.close()
    const owner = await SqliteStore.open(path)
    const lease = await owner.lease(60)
    await owner.commit({ then: [{ ...place.put('a'), lease: lease.id }] })
    await owner.close()
    const database = beside()
    database.exec('UPDATE leases SET expires_at = 0')
    database.close()
    expect(await place.names(await opened())).toEqual([])
  })

  test('tells the owner of a lease that it is lost', async () => {
    const store = await opened()
    const lease = await store.lease(1)
    const lost = new Promise<void>((resolve) => lease.lost.addEventListener('abort', () => resolve()))
    beside().exec('DELETE FROM leases')
    await lost
    await lease.revoke()
  })

  describe('leaves untouched what is', () => {
    const foreign = (): void => {
      const database = new DatabaseSync(path)
      database.exec('CREATE TABLE theirs(x); INSERT INTO theirs VALUES (1); PRAGMA user_version = 1')
      database.close()
    }
    const newer = async (): Promise<void> => {
      await (await SqliteStore.open(path)).close()
      const database = new DatabaseSync(path)
      database.exec(`PRAGMA journal_mode = DELETE; PRAGMA user_version = ${formatVersion + 1}`)
      database.close()
      rmSync(`${path}-bell`)
    }
    test.each<[string, () => void | Promise<void>]>([
      ['a text', () => writeFileSync(path, 'Dear diary, '.repeat(1000))],
      ['a short text', () => writeFileSync(path, 'x')],
      ['empty', () => writeFileSync(path, '')],
      ["another program's database", foreign],
      ['a store of a newer Conclave', newer],
    ])('%s', async (_, make) => {
      mkdirSync(join(folder, 'home'))
      await make()
      const before = readFileSync(path)
      const error = await failure(SqliteStore.open(path))
      expect([error.code, typeof error.hint]).toEqual(['not-a-store', 'string'])
      expect(readFileSync(path).equals(before)).toBe(true)
      expect(await readdir(join(folder, 'home'))).toEqual(['conclave.db'])
    })
  })

  test('says so when its path is a folder, or lies under a file', async () => {
    expect((await failure(SqliteStore.open(folder))).code).toBe('not-a-store')
    writeFileSync(join(folder, 'home'), 'a file')
    expect((await failure(SqliteStore.open(path))).code).toBe('not-a-store')
  })

  test('that is full refuses with store-full and keeps what it has', async () => {
    const store = await opened({ fileBytesMax: 400_000 })
    const place = new Place(store)
    const value = new Uint8Array(20_000)
    let kept = 0
    const filling = async (): Promise<void> => {
      for (; kept < 100; kept += 1) await place.commit({ kind: 'put', key: place.key(`${kept + 100}`), value })
    }
    const error = await failure(filling())
    expect([error.code, typeof error.hint]).toEqual(['store-full', 'string'])
    expect(kept).toBeGreaterThan(5)
    expect(await place.names()).toHaveLength(kept)
    expect(await place.revision()).toBe(kept)
  })

  test('that is damaged says so', async () => {
    const store = await SqliteStore.open(path)
    const place = new Place(store)
    for (let n = 100; n < 200; n += 1) await place.commit(place.put(String(n), 'x'.repeat(2000)))
    await store.close()
    const bytes = readFileSync(path)
    bytes.fill(0x5a, 8192, bytes.length - 4096)
    writeFileSync(path, bytes)
    const error = await failure(opened().then((damaged) => place.names(damaged)))
    expect([error.code, typeof error.hint]).toEqual(['tampering', 'string'])
  })

  test('that may not be written says so', async () => {
    // The superuser may write everywhere, so somebody else tries.
    const nobody = 65534
    const asRoot = process.getuid?.() === 0
    await (await SqliteStore.open(path)).close()
    for (const part of [folder, join(folder, 'home')]) chmodSync(part, 0o755)
    chmodSync(path, 0o444)
    const script = `import { SqliteStore } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/sqlite/store.ts'))}
      try { await SqliteStore.open(${JSON.stringify(path)}) } catch (error) { console.log(error.code, typeof error.hint) }`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: tmpdir(),
      ...(asRoot ? { uid: nobody, gid: nobody } : {}),
    })
    expect(stdout, stderr).toBe('not-allowed string\n')
  })

  test('is opened by several programs that start and end at the same moment', async () => {
    await (await opened()).close()
    const workers = Array.from({ length: 4 }, () =>
      spawnWorker({ kind: 'sqlite', path }, { kind: 'reopen', times: 150 }),
    )
    for (const worker of await Promise.all(workers)) await worker.done()
  })

  test('keeps its locks when the same program opens and closes the file once more', async () => {
    const store = await opened()
    const { ino } = statSync(path)
    const lock = () =>
      readFileSync('/proc/locks', 'utf8').match(new RegExp(`POSIX .* ${process.pid} .*:${ino} `)) !== null
    await store.range(Uint8Array.of(0), Uint8Array.of(1))
    expect(lock()).toBe(true)
    await (await SqliteStore.open(path)).close()
    expect(lock()).toBe(true)
  })

  test('that is told to keep little history keeps little, and a watch that keeps up misses nothing', async () => {
    const store = await opened({ historyRevisions: 64 })
    const place = new Place(store)
    const watching = take(place.watch(1), 500)
    for (let n = 1; n <= 500; n += 1) {
      await place.commit(place.put('a', String(n)))
      if (n % 50 === 0) await turns(20)
    }
    expect((await watching).map((batch) => batch.revision)).toEqual(Array.from({ length: 500 }, (_, n) => n + 1))
    const { rows } = beside().prepare('SELECT count(*) AS rows FROM past').get() as { rows: number }
    expect(rows).toBeGreaterThanOrEqual(63)
    expect(rows).toBeLessThanOrEqual(128)
    expect(await take(place.watch(100), 1).catch((error: unknown) => error)).toBeInstanceOf(CompactedError)
  })

  test('that holds a home keeps little history of what a message after the other changes', async () => {
    const home = await new HomeFolder(join(folder, 'home')).open('ada')
    onTestFinished(() => home.close())
    const place = new Place(home)
    for (let n = 1; n <= 1000; n += 1) await place.commit(place.put('checkpoint', String(n)))
    const [file] = (await readdir(join(folder, 'home'), { recursive: true })).filter((name) => name.endsWith('.db'))
    const database = new DatabaseSync(join(folder, 'home', file as string))
    onTestFinished(() => database.close())
    expect(database.prepare('SELECT count(*) <= 128 AS bounded FROM past').get()).toEqual({ bounded: 1 })
  })

  test('keeps an hour of history, and of that no more than its bound', async () => {
    const store = await opened()
    const place = new Place(store)
    for (let n = 1; n <= 10; n += 1) await place.commit(place.put('a', String(n)))
    await store.close()
    const connection = await Connection.open(path)
    onTestFinished(() => connection.close())
    const rows = new Rows(connection)
    const compactedBy = (now: number, revision: number): Promise<number> => {
      return connection.write(() => {
        new History(connection, rows).note(revision, now)
        return rows.meta().compacted
      })
    }
    const start = Date.now() + 60_000
    expect(await compactedBy(start, 6)).toBe(0)
    expect(await compactedBy(start + storeHistoryMs - 1, 8)).toBe(1)
    expect(await compactedBy(start + storeHistoryMs, 9)).toBe(6)
    expect(await compactedBy(start + 2 * storeHistoryMs, 10)).toBe(9)
    await connection.write(() => {
      connection
        .statement(
          `WITH RECURSIVE counting(n) AS (SELECT 11 UNION ALL SELECT n + 1 FROM counting WHERE n < ?)
           INSERT INTO past SELECT n, x'61', x'', 0 FROM counting`,
        )
        .run(10 + storeHistoryRowsMax + 5)
      rows.setRevision(10 + storeHistoryRowsMax + 5)
    })
    expect(await compactedBy(start + 2 * storeHistoryMs + 1, 10 + storeHistoryRowsMax + 5)).toBe(15)
  })
})
