/** A reply that is lost: the write happened, and the writer must neither do it twice nor take it for lost. */
import { status } from '@grpc/grpc-js'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { isConclaveError } from '../../src/base/errors.ts'
import { failureOf } from '../../src/store/etcd/failure.ts'
import { guardOf, isRepeatable } from '../../src/store/etcd/settle.ts'
import { EtcdStore } from '../../src/store/etcd/store.ts'
import type { Compare, Operation, Transaction } from '../../src/store/store.ts'
import { Place, shown, take } from '../conformance/place.ts'
import { EtcdCluster, patience } from '../etcd/cluster.ts'
import { Proxy } from '../etcd/proxy.ts'

let cluster: EtcdCluster
/** Before members a and b; c is reached directly, by somebody else. */
let proxies: Proxy[]
/** Talks to a through its proxy whenever it can, else to b through the other. */
let place: Place
/** A further store on the same way. Whatever a busy machine delays is tried again until the deadline. */
let open: (deadlineMs: number) => Promise<EtcdStore>
let other: EtcdStore
/** The revision of the key `warm`. */
let warm: number

beforeAll(async () => {
  cluster = await EtcdCluster.start(3)
})
afterAll(() => cluster.end())

beforeEach(async () => {
  proxies = [await Proxy.before(cluster.endpoint('a')), await Proxy.before(cluster.endpoint('b'))]
  const [a, b] = proxies.map((proxy) => proxy.address) as [string, string]
  // It must not learn of the way past the proxies.
  open = (deadlineMs) => {
    const timeouts = { membersMs: 0, attemptMs: 100, probeMs: 50, deadlineMs }
    return EtcdStore.open({ endpoints: [b], prefer: a, timeouts })
  }
  place = new Place(await open(60_000))
  other = await EtcdStore.open({ endpoints: [cluster.endpoint('c')], timeouts: patience })
  warm = (await place.commit(place.put('warm'))).revision
})
afterEach(async () => {
  await place.store.close()
  await other.close()
  for (const proxy of proxies) await proxy.end()
})

const proxyOf = (at: number): Proxy => proxies[at] as Proxy
const absent = (name: string): Compare => ({ kind: 'revision', key: place.key(name), modRevision: 0 })
const at = (name: string, modRevision: number): Compare => ({ kind: 'revision', key: place.key(name), modRevision })
const emptyFrom = (name: string): Compare => ({ kind: 'empty', key: place.key(name), end: place.key('c') })

/** Resolves once a read went through the first proxy and not the second: the next call takes that way too. */
async function prefersFirst(store: EtcdStore): Promise<void> {
  for (;;) {
    const before = proxyOf(1).calls
    const answered = await store.range(place.start, place.end).catch(() => undefined)
    if (answered !== undefined && proxyOf(1).calls === before) return
  }
}

/** Commits while the replies of member a are lost; `meanwhile` runs once the write is seen to have happened. */
async function commitUnheard(transaction: Transaction, meanwhile?: () => Promise<unknown>, store = place.store) {
  const from = (await place.revision()) + 1
  await prefersFirst(store as EtcdStore)
  const seen = take(place.watch(from, undefined, other), 1)
  // The retry waits behind the first proxy until the meanwhile is over.
  if (meanwhile !== undefined) proxyOf(1).loseReplies()
  proxyOf(0).loseReplies()
  const commit = store.commit(transaction)
  const outcome = commit.then(
    (result) => ({ result, code: undefined }),
    (error: unknown) => ({ result: undefined, code: isConclaveError(error) ? error.code : String(error) }),
  )
  const [batch] = await seen
  if (meanwhile !== undefined) {
    await meanwhile()
    proxyOf(1).restore()
  }
  return { ...(await outcome), happened: batch?.revision }
}

/** How often a key was written. */
async function writesOf(name: string, from: number): Promise<string[]> {
  await other.commit({ then: [place.put('~end', String(from))] })
  const writes: string[] = []
  for await (const batch of place.watch(from, undefined, other)) {
    for (const event of batch.events) {
      const told = place.told(event)
      if (told.startsWith('put ~end')) return writes
      if (told.startsWith(`put ${name}=`) || told === `delete ${name}`) writes.push(told)
    }
  }
  return writes
}

describe('a write whose reply is lost', () => {
  test.each<[string, () => Compare[]]>([
    ['absent', () => [absent('a')]],
    ['in an empty range', () => [emptyFrom('a')]],
    ['absent, beside other compares', () => [at('warm', warm), absent('a')]],
  ])('is done once and succeeds, guarded by a key that is %s', async (_, compares) => {
    const { result, happened } = await commitUnheard({ if: compares(), then: [place.put('a'), place.put('b')] })
    expect(proxyOf(0).lost.replies).toBeGreaterThan(0)
    expect(result).toEqual({ ok: true, revision: happened, reads: [] })
    expect(await writesOf('a', warm)).toEqual(['put a=a'])
  })

  test('is done once and succeeds, guarded by the revision of a key', async () => {
    const { revision } = await place.commit(place.put('a', 'old'))
    const { result, happened } = await commitUnheard({
      if: [at('a', revision)],
      then: [place.put('a', 'new'), place.delete('warm'), place.put('b')],
    })
    expect(result).toEqual({ ok: true, revision: happened, reads: [] })
    expect(await writesOf('a', revision)).toEqual(['put a=old', 'put a=new'])
  })

  test('succeeds also when somebody else has overwritten it before it is asked for', async () => {
    const { revision } = await place.commit(place.put('a', '1 mine'))
    const overwrite = async () => {
      for (const value of ['3 theirs', '4 theirs', '5 theirs']) await other.commit({ then: [place.put('a', value)] })
    }
    const { result, happened } = await commitUnheard(
      { if: [at('a', revision)], then: [place.put('a', '2 mine')] },
      overwrite,
    )
    expect(result).toEqual({ ok: true, revision: happened, reads: [] })
    expect(await writesOf('a', revision)).toEqual(
      ['1 mine', '2 mine', '3 theirs', '4 theirs', '5 theirs'].map((value) => `put a=${value}`),
    )
  })

  test('succeeds also when only its other key has been overwritten', async () => {
    const overwrite = () => other.commit({ then: [place.put('b', 'theirs')] })
    const transaction = { if: [absent('a')], then: [place.put('a'), place.put('b')] }
    const { result, happened } = await commitUnheard(transaction, overwrite)
    expect(result).toEqual({ ok: true, revision: happened, reads: [] })
  })

  test('that never arrived is done by the retry', async () => {
    await proxyOf(0).end()
    const result = await place.store.commit({ if: [absent('a')], then: [place.put('a')] })
    expect(result.ok).toBe(true)
    expect(await writesOf('a', warm)).toEqual(['put a=a'])
    proxies[0] = await Proxy.before(cluster.endpoint('a'))
  })

  test.each<[string, () => Transaction]>([
    ['is not compared', () => ({ then: [place.put('a')] })],
    ['compares another key', () => ({ if: [at('warm', warm)], then: [place.put('a')] })],
    ['deletes', () => ({ if: [at('warm', warm)], then: [place.delete('warm')] })],
  ])('is unknown and not repeated when it %s', async (_, transaction) => {
    const impatient = await open(500)
    onTestFinished(() => impatient.close())
    const { code } = await commitUnheard(transaction(), undefined, impatient)
    expect(code).toBe('unavailable')
    const writes = [...(await writesOf('a', warm)), ...(await writesOf('warm', warm + 1))]
    expect(writes).toHaveLength(1)
  })

  test('is unknown when its key has been deleted meanwhile and something else keeps it from being repeated', async () => {
    const undo = () => other.commit({ then: [place.delete('a'), place.put('warm', 'changed')] })
    const { code } = await commitUnheard({ if: [absent('a'), at('warm', warm)], then: [place.put('a')] }, undo)
    expect(code).toBe('unavailable')
    expect(await writesOf('a', warm)).toEqual(['put a=a', 'delete a'])
  })
})

test('a write that was lost on its way, and then lost a race, is told so', async () => {
  const { revision } = await place.commit(place.put('a', 'old'))
  await prefersFirst(place.store as EtcdStore)
  proxyOf(0).loseEverything()
  proxyOf(1).loseReplies()
  const commit = place.store.commit({
    if: [at('a', revision)],
    then: [place.put('a', 'mine')],
    else: [{ kind: 'read', key: place.key('a') }],
  })
  while (proxyOf(0).lost.requests === 0) await setImmediate()
  await other.commit({ then: [place.put('a', 'theirs')] })
  proxyOf(1).restore()
  const { ok, reads } = await commit
  expect([ok, reads.map(shown)]).toEqual([false, [['theirs']]])
  expect(await writesOf('a', revision)).toEqual(['put a=old', 'put a=theirs'])
})

test('reads are repeated until they are heard', async () => {
  await place.commit(place.put('a'))
  proxyOf(0).loseReplies()
  const { entries } = await place.store.range(place.key('a'), place.end)
  expect(shown(entries)[0]).toBe('a')
  proxyOf(0).restore()
})

test('a lease whose grant or revocation was not heard is granted and revoked once', async () => {
  proxyOf(0).loseReplies()
  const lease = await place.store.lease(60)
  proxyOf(0).restore()
  await place.commit({ ...place.put('a'), lease: lease.id })
  proxyOf(0).loseReplies()
  await lease.revoke()
  expect(await place.names(other)).not.toContain('a')
})

describe('which transactions may be repeated', () => {
  const put = (name: string): Operation => ({ kind: 'put', key: utf8(name), value: utf8('v') })
  const read: Operation = { kind: 'read', key: utf8('r') }
  const remove: Operation = { kind: 'delete', key: utf8('d') }
  const revision = (name: string, modRevision: number): Compare => ({ kind: 'revision', key: utf8(name), modRevision })
  const empty: Compare = { kind: 'empty', key: utf8('k'), end: utf8('m') }
  test.each<[string, boolean, Transaction]>([
    ['only reads', true, { then: [read], else: [read] }],
    ['puts what must be absent', true, { if: [revision('k', 0)], then: [put('k'), remove] }],
    ['puts what must stand at a revision', true, { if: [revision('k', 7)], then: [put('k')], else: [read] }],
    ['puts into an empty range', true, { if: [empty], then: [put('l')] }],
    ['puts at the end of an empty range', false, { if: [empty], then: [put('m')] }],
    ['puts before an empty range', false, { if: [empty], then: [put('j')] }],
    ['has no compare', false, { then: [put('k')] }],
    ['compares only another key', false, { if: [revision('x', 0)], then: [put('k')] }],
    ['only deletes', false, { if: [revision('d', 7)], then: [remove] }],
    ['compares only values', false, { if: [{ kind: 'value', key: utf8('k'), value: utf8('v') }], then: [put('k')] }],
    ['reads beside its writes', false, { if: [revision('k', 0)], then: [put('k'), read] }],
    ['writes otherwise', false, { if: [revision('k', 0)], then: [put('k')], else: [put('k')] }],
  ])('one that %s: %s', (_, repeatable, transaction) => {
    expect(isRepeatable(transaction)).toBe(repeatable)
  })

  test('the guard is the put key with the revision that it must have had', () => {
    expect(guardOf({ if: [revision('x', 1), revision('k', 7)], then: [put('k')] })).toEqual({
      key: utf8('k'),
      modRevision: 7,
    })
    expect(guardOf({ if: [empty], then: [put('x'), put('l')] })).toEqual({ key: utf8('l'), modRevision: 0 })
  })
})

test('a request that a member refuses unread, as one that is ending does, may be made elsewhere', () => {
  const refused = Object.assign(new Error('refused'), { code: status.UNAVAILABLE, details: 'Stream refused by server' })
  expect(failureOf(refused, true)).toMatchObject({ unsent: true })
  expect(failureOf(Object.assign(refused, { details: 'Connection dropped' }), true)).toMatchObject({ unsent: false })
})
