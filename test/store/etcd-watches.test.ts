/** Many watches of one store: they share a stream, and none has to wait for another. */
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Patience } from '../../src/store/etcd/heartbeat.ts'
import { EtcdStore } from '../../src/store/etcd/store.ts'
import { Place, take } from '../conformance/place.ts'
import { EtcdCluster, patience } from '../etcd/cluster.ts'
import { Proxy } from '../etcd/proxy.ts'

let cluster: EtcdCluster
let proxy: Proxy
let place: Place
/** Goes past the proxy. */
let other: EtcdStore

beforeAll(async () => {
  cluster = await EtcdCluster.start(1)
})
afterAll(() => cluster.end())
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

const watchOf = (name: string, from: number, signal?: AbortSignal) =>
  place.store.watch(place.key(`${name}/`), place.key(`${name}0`), { from, ...(signal && { signal }) })

test('two hundred idle watches exchange no more messages than one in the same time', async () => {
  const second = await Proxy.before(cluster.endpoint('a'))
  onTestFinished(() => second.end())
  const timeouts = { membersMs: 0, heartbeatMs: 50 }
  const [many, one] = await Promise.all(
    [proxy, second].map(async ({ address }) => {
      const store = await EtcdStore.open({ endpoints: [address], timeouts })
      onTestFinished(() => store.close())
      return store
    }),
  )
  const { revision } = await place.commit(place.put('start'))
  const from = revision + 1
  const of = (n: number, store?: EtcdStore) =>
    (store ?? place.store).watch(place.key(`n-${n}/`), place.key(`n-${n}0`), { from })
  const watching = Array.from({ length: 200 }, (_, n) => take(of(n, many), 1))
  const idle = take(of(0, one), 1)
  const grown = async (counter: Proxy, by: number): Promise<void> => {
    for (const before = counter.messages; counter.messages < before + by;) await setTimeout(10)
  }
  // All are set up, and then both are idle.
  await Promise.all([grown(proxy, 400), grown(second, 10)])
  const before = proxy.messages
  await grown(second, 20)
  expect(proxy.messages - before).toBeLessThan(200)
  const events = Array.from({ length: 200 }, (_, n) => other.commit({ then: [place.put(`n-${n}/x`)] }))
  const revisions = (await Promise.all(events)).map((result) => result.revision)
  const seen = (await Promise.all(watching)).map(([batch]) => batch?.revision)
  expect(seen).toEqual(revisions)
  await idle
})

test('they all go on when their one connection is cut, each without loss or double', async () => {
  const { revision } = await place.commit(place.put('start'))
  const watching = Array.from({ length: 20 }, (_, n) => take(watchOf(`n-${n}`, revision + 1), 10))
  for (let round = 0; round < 10; round += 1) {
    if (round % 3 === 1) proxy.cut()
    for (let n = 0; n < 20; n += 1) await other.commit({ then: [place.put(`n-${n}/${round}`)] })
  }
  for (const [n, batches] of (await Promise.all(watching)).entries()) {
    const told = batches.flatMap((batch) => batch.events.map((event) => place.told(event)))
    expect(told).toEqual(Array.from({ length: 10 }, (_, round) => `put n-${n}/${round}=n-${n}/${round}`))
  }
})

test('one that is ended leaves the others alone', async () => {
  const { revision } = await place.commit(place.put('start'))
  const abort = new AbortController()
  const ended = take(watchOf('a', revision + 1, abort.signal), 1)
  const goesOn = take(watchOf('b', revision + 1), 1)
  await place.names()
  abort.abort()
  expect(await ended).toEqual([])
  await other.commit({ then: [place.put('a/x')] })
  const last = await other.commit({ then: [place.put('b/x')] })
  expect((await goesOn).map((batch) => batch.revision)).toEqual([last.revision])
})

test('one whose consumer is slow holds up no other, and misses nothing', async () => {
  const { revision } = await place.commit(place.put('start'))
  const slow = watchOf('a', revision + 1)[Symbol.asyncIterator]()
  const first = slow.next()
  const quick = take(watchOf('b', revision + 1), 1)
  await place.names()
  const value = new Uint8Array(1_000_000)
  const written: number[] = []
  for (let n = 0; n < 12; n += 1) {
    written.push((await other.commit({ then: [{ kind: 'put', key: place.key(`a/${n}`), value }] })).revision)
  }
  const last = await other.commit({ then: [place.put('b/x')] })
  expect((await quick).map((batch) => batch.revision)).toEqual([last.revision])
  const seen = [(await first).value?.revision]
  while (seen.length < written.length) seen.push((await slow.next()).value?.revision)
  expect(seen).toEqual(written)
  await slow.return?.()
})

test('a store whose watches have all ended watches again', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { revision } = await place.commit(place.put(`a/${round}`))
    expect((await take(watchOf('a', revision), 1)).map((batch) => batch.revision)).toEqual([revision])
  }
})

test('patience grows with each failure, and shrinks to what an answer took', () => {
  const patience = new Patience(600)
  for (let failures = 0; failures < 9; failures += 1) patience.failed()
  expect(patience.ms).toBe(10_000)
  patience.answered(500)
  expect(patience.ms).toBe(2000)
  patience.answered(3)
  expect(patience.ms).toBe(600)
})
