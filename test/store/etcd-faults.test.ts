/** A cluster of three whose members are killed and stopped under a writer and a watcher: nothing is lost or doubled. */
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { isConclaveError } from '../../src/base/errors.ts'
import type { Logger } from '../../src/base/log.ts'
import { CompactedError } from '../../src/store/compacted.ts'
import type { EtcdOptions } from '../../src/store/etcd/options.ts'
import { EtcdStore } from '../../src/store/etcd/store.ts'
import type { WatchBatch } from '../../src/store/store.ts'
import { Place, take } from '../conformance/place.ts'
import { holdsForSome } from '../conformance/lifetimes.ts'
import { EtcdCluster, patience } from '../etcd/cluster.ts'
import { Proxy } from '../etcd/proxy.ts'

let cluster: EtcdCluster

beforeAll(async () => {
  cluster = await EtcdCluster.start(3)
})
afterAll(() => cluster.end())

/** Every member runs again before the next test. */
afterEach(async () => {
  for (const name of cluster.names) cluster.resume(name)
  for (const name of cluster.names) if (!cluster.runs(name)) await cluster.restart(name)
  await cluster.healthy()
})

/** A member that fails is left soon; whatever a busy machine delays is tried again. */
const quick = { attemptMs: 300, heartbeatMs: 200, silenceMs: 300, deadlineMs: 60_000 }

async function opened(options: Partial<EtcdOptions> = {}): Promise<EtcdStore> {
  const store = await EtcdStore.open({ endpoints: cluster.endpoints, timeouts: patience, ...options })
  onTestFinished(() => store.close())
  return store
}

/** Resolves when the log tells that an endpoint answers again. */
function whenBack(address: string): { readonly logger: Logger; readonly back: Promise<void> } {
  const { promise: back, resolve } = Promise.withResolvers<void>()
  const info: Logger['info'] = (event, fields) => {
    if (event === 'endpoint back' && fields?.['address'] === address) resolve()
  }
  return { logger: { debug: () => undefined, info, warn: () => undefined }, back }
}

/** Resolves when a logger is told that an endpoint does not answer. */
function whenLost(address: string, logger: Logger): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  logger.warn = (event, fields) => {
    if (event === 'endpoint unreachable' && fields?.['address'] === address) resolve()
  }
  return promise
}

describe('a writer and a watcher go on, and nothing is lost or doubled,', () => {
  let follower: string
  let leader: string
  beforeEach(async () => {
    leader = await cluster.leader()
    follower = cluster.names.find((name) => name !== leader) as string
  })

  const faults: [string, () => string, (name: string) => void | Promise<void>][] = [
    ['the member they talk to is killed', () => follower, () => cluster.kill(follower)],
    ['the member they talk to hangs', () => follower, () => cluster.stop(follower)],
    ['the leader is killed', () => follower, () => cluster.kill(leader)],
    ['the leader hangs', () => follower, () => cluster.stop(leader)],
    ['the leader, which they talk to, is killed', () => leader, () => cluster.kill(leader)],
    ['the leader, which they talk to, hangs', () => leader, () => cluster.stop(leader)],
  ]
  test.each(faults)('when %s', async (_, talkedTo, strike) => {
    const prefer = cluster.endpoint(talkedTo())
    const place = new Place(await opened({ prefer, timeouts: quick }))
    const watcher = await opened({ prefer, timeouts: quick })
    const { revision } = await place.commit(place.put('start'))
    const watching = take(place.watch(revision + 1, undefined, watcher), 100)
    for (let n = 0; n < 100; n += 1) {
      if (n === 40) await strike(follower)
      // A guarded write may be repeated: it is created once whatever was lost on the way.
      const { ok } = await place.create(`n-${n}`)
      expect(ok).toBe(true)
    }
    const told = (await watching).flatMap((batch) => batch.events.map((event) => place.told(event)))
    expect(told).toEqual(Array.from({ length: 100 }, (_each, n) => `put n-${n}=n-${n}`))
    expect(await place.names()).toHaveLength(101)
  })
})

test('a member that hung is used again after an outage, and left again when it hangs once more', async () => {
  const proxy = await Proxy.before(cluster.endpoint('a'))
  onTestFinished(() => proxy.end())
  const { logger, back } = whenBack(proxy.address)
  const timeouts = { ...quick, membersMs: 0, heartbeatMs: 100, probeMs: 100 }
  const alone = new Place(await opened({ endpoints: [proxy.address], logger, timeouts }))
  const { revision } = await alone.commit(alone.put('before'))
  const watching = alone.watch(revision + 1)[Symbol.asyncIterator]()
  const first = watching.next()
  await alone.names()
  const lost = whenLost(proxy.address, logger)
  proxy.loseEverything()
  await lost
  proxy.restore()
  await back
  const other = await opened({ endpoints: [cluster.endpoint('b')] })
  await alone.create('after', other)
  await first
  const next = watching.next()
  const left = whenLost(proxy.address, logger)
  proxy.loseEverything()
  await left
  proxy.restore()
  await alone.create('last', other)
  await next
})

test('without a majority calls reject and watches wait; with one again both go on', async () => {
  const place = new Place(await opened({ timeouts: quick }))
  const impatient = await opened({ timeouts: { deadlineMs: 500 } })
  const { revision } = await place.commit(place.put('before'))
  const watching = take(place.watch(revision + 1), 1)
  await cluster.kill('b')
  await cluster.kill('c')
  const calls = [
    place.names(impatient),
    place.create('lost', impatient),
    impatient.commit({ then: [place.put('lost')] }),
  ]
  for (const error of await Promise.all(calls.map((call) => call.catch((reason: unknown) => reason)))) {
    expect(isConclaveError(error, 'unavailable') && error.retryable && typeof error.hint === 'string').toBe(true)
  }
  await Promise.all([cluster.restart('b'), cluster.restart('c')])
  await place.create('after', await opened())
  expect((await watching)[0]?.revision).toBeGreaterThan(revision)
  expect(await place.names()).toContain('after')
})

test('a call that waits for a cluster that hangs is aborted at once', async () => {
  const store = await opened()
  const place = new Place(store)
  await place.names()
  for (const name of cluster.names) cluster.stop(name)
  const abort = new AbortController()
  const read = store.range(place.start, place.end, {}, abort.signal)
  const write = store.commit({ then: [place.put('a')] }, abort.signal)
  await setTimeout(50)
  abort.abort(new Error('enough'))
  await Promise.all([read, write].map((call) => expect(call).rejects.toThrow('enough')))
})

test('a call that waits for a cluster that hangs is closed with its store', async () => {
  const store = await opened()
  const place = new Place(store)
  await place.names()
  for (const name of cluster.names) cluster.stop(name)
  const calls = [place.names(), place.commit(place.put('a')), store.lease(10)].map((call) =>
    call.catch((error: unknown) => isConclaveError(error) && error.code),
  )
  await setTimeout(50)
  await store.close()
  expect(await Promise.all(calls)).toEqual(['closed', 'closed', 'closed'])
})

test('the preferred member is used again once it is back', async () => {
  const proxy = await Proxy.before(cluster.endpoint('a'))
  onTestFinished(() => proxy.end())
  const { logger, back } = whenBack(proxy.address)
  const others = [cluster.endpoint('b'), cluster.endpoint('c')]
  const timeouts = { ...quick, probeMs: 100, membersMs: 0 }
  const place = new Place(await opened({ endpoints: others, prefer: proxy.address, logger, timeouts }))
  await place.create('a')
  proxy.loseEverything()
  await place.create('b')
  proxy.restore()
  await back
  let replies = 0
  proxy.onReply = () => void (replies += 1)
  expect(await place.names()).toEqual(['a', 'b'])
  expect(replies).toBeGreaterThan(0)
})

test('one address is enough: the others are learned, told, and used when it is gone', async () => {
  const { promise: told, resolve } = Promise.withResolvers<readonly string[]>()
  const store = await opened({ endpoints: [cluster.endpoint('a')], onMembers: resolve, timeouts: { membersMs: 100 } })
  const place = new Place(store)
  await place.commit(place.put('a'))
  expect(await told).toEqual(cluster.endpoints.toSorted())
  await cluster.kill('a')
  await place.create('b')
  expect(await place.names()).toEqual(['a', 'b'])
})

test('a lease outlives the member that its owner talked to', async () => {
  const outlives = async (ttlS: number): Promise<boolean> => {
    if (!cluster.runs('a')) await cluster.restart('a')
    const place = new Place(await opened({ prefer: cluster.endpoint('a') }))
    const lease = await place.store.lease(ttlS)
    const { revision } = await place.commit({ ...place.put('kept'), lease: lease.id })
    await cluster.kill('a')
    const other = await opened({ endpoints: [cluster.endpoint('b')], timeouts: patience })
    // The last one expires later than the lease would.
    for (const [name, shortS] of [
      ['first', 1],
      ['second', ttlS + 1],
    ] as const) {
      const short = await opened()
      const expiring = await short.lease(shortS)
      await short.commit({
        if: [{ kind: 'revision', key: place.key(name), modRevision: 0 }],
        then: [{ ...place.put(name), lease: expiring.id }],
      })
      await short.close()
    }
    const told = (await take(place.watch(revision + 1, undefined, other), 4)).flatMap(({ events }) => events)
    const deleted = told.filter(({ kind }) => kind === 'delete').map((event) => place.told(event))
    if (lease.lost.aborted || deleted.includes('delete kept')) return false
    expect(deleted.toSorted()).toEqual(['delete first', 'delete second'])
    expect(await place.names()).toEqual(['kept'])
    return true
  }
  expect(await holdsForSome(outlives)).toBe(true)
})

test('the owner of a lease that was revoked elsewhere is told', async () => {
  const place = new Place(await opened())
  const lease = await place.store.lease(1)
  const lost = new Promise<void>((resolve) => lease.lost.addEventListener('abort', () => resolve()))
  await cluster.revoke(lease.id)
  await lost
})

describe('a watch through a path that breaks', () => {
  let proxy: Proxy
  let place: Place
  let other: EtcdStore
  beforeEach(async () => {
    proxy = await Proxy.before(cluster.endpoint('a'))
    place = new Place(await EtcdStore.open({ endpoints: [proxy.address], timeouts: { ...patience, membersMs: 0 } }))
    other = await EtcdStore.open({ endpoints: cluster.endpoints, timeouts: patience })
  })
  afterEach(async () => {
    await place.store.close()
    await other.close()
    await proxy.end()
  })

  test('reports a compaction that it slept through', async () => {
    const { revision } = await other.commit({ then: [place.put('a', '0')] })
    const events = place.watch(revision)[Symbol.asyncIterator]()
    expect(((await events.next()).value as WatchBatch).revision).toBe(revision)
    const next = events.next().catch((error: unknown) => error)
    proxy.loseEverything()
    for (const value of ['1', '2', '3']) await other.commit({ then: [place.put('a', value)] })
    await cluster.compact(revision + 2)
    proxy.restore()
    const error = await next
    expect(error).toBeInstanceOf(CompactedError)
    const { oldest } = error as CompactedError
    expect(oldest).toBe(revision + 3)
    const [last] = await take(place.watch(oldest), 1)
    expect(last?.events.map((event) => place.told(event))).toEqual(['put a=3'])
  })

  test('neither loses nor splits nor doubles revisions that come in fragments', async () => {
    const value = new Uint8Array(11_000)
    const names = Array.from({ length: 128 }, (_, n) => String(n).padStart(3, '0'))
    const revisions: number[] = []
    for (let n = 0; n < 12; n += 1) {
      const then = names.map((name) => ({ kind: 'put', key: place.key(name), value }) as const)
      revisions.push((await other.commit({ then })).revision)
    }
    const seen: [number, number][] = []
    let bytes = 0
    proxy.onReply = (length) => {
      bytes += length
      // Somewhere in the middle of a response of several megabytes, and not only in the middle of a revision.
      if (bytes < 3_500_000) return
      bytes = 0
      proxy.cut()
    }
    for await (const batch of place.watch(revisions[0])) {
      seen.push([batch.revision, batch.events.length])
      if (batch.revision === revisions.at(-1)) break
    }
    expect(seen).toEqual(revisions.map((revision) => [revision, 128]))
    expect(proxy.cuts).toBeGreaterThan(1)
  })

  test('goes on after any number of cuts', async () => {
    const { revision } = await other.commit({ then: [place.put('start')] })
    const writing = (async () => {
      for (let n = 0; n < 200; n += 1) await other.commit({ then: [place.put(`n-${n}`)] })
    })()
    const told: string[] = []
    for await (const batch of place.watch(revision + 1)) {
      told.push(...batch.events.map((event) => place.told(event)))
      if (told.length % 20 === 1) proxy.cut()
      if (told.length >= 200) break
    }
    await writing
    expect(told).toEqual(Array.from({ length: 200 }, (_, n) => `put n-${n}=n-${n}`))
    expect(proxy.cuts).toBeGreaterThan(1)
  })
})
