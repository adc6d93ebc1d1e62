/** A range where anyone can write: entries, reads and deletions are counted, by a clock of the test's own. */
import { expect, onTestFinished, test } from 'vitest'
import { concat, u64, utf8 } from '../../../src/base/bytes.ts'
import { Allowance, minuteMs } from '../../../src/base/allowance.ts'
import { untrustedDeletedPerMinute, untrustedReadMax, untrustedTakenPerMinute } from '../../../src/base/limits.ts'
import { newestFirst, UntrustedRange } from '../../../src/chat/people/untrusted-range.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { FaultyStore } from '../faulty-store.ts'

/** Time passes when the test says so. */
class HandClock {
  #now = 1_000_000
  readonly #sleeping: { readonly until: number; readonly wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sleeping.push({ until: this.#now + ms, wake: resolve })
    return promise
  }

  pass(ms: number): void {
    this.#now += ms
    for (const { until, wake } of this.#sleeping) if (until <= this.#now) wake()
  }
}

const prefix = utf8('outside/')
const keyOf = (n: number) => concat(prefix, u64(n))

function scene(keptMax: number) {
  const [clock, raw] = [new HandClock(), new MemoryStore()]
  const store = new FaultyStore(raw)
  const judged: number[] = []
  const range = new UntrustedRange<number>({
    store,
    clock,
    range: { start: prefix, end: utf8('outside0') },
    valueBytesMax: 100,
    deletes: true,
    judge: async ({ value }) => {
      judged.push(value[0] ?? 0)
      return value[0] === 0xff ? undefined : value[0]
    },
    choose: (unread) => unread.toSorted(newestFirst),
    select: (held) => held.toSorted(newestFirst).slice(0, keptMax),
  })
  const write = async (from: number, count: number, value = Uint8Array.of(1)) => {
    for (let n = from; n < from + count; n += 1) {
      await raw.commit({ then: [{ kind: 'put', key: keyOf(n), value }] })
    }
  }
  const lying = async () => (await store.range(prefix, utf8('outside0'), { keysOnly: true })).entries.length
  return { clock, store, range, judged, write, lying }
}

test('an allowance is renewed each minute, does not add up, and survives a clock that is set back', () => {
  const clock = new HandClock()
  const allowance = new Allowance(clock, 3)
  expect([allowance.take(2), allowance.take(2), allowance.take()]).toEqual([2, 1, 0])
  clock.pass(5 * minuteMs)
  expect([allowance.take(9), allowance.take()]).toEqual([3, 0])
  clock.pass(-3600_000)
  expect(allowance.take()).toBe(1)
})

test('a look judges a bounded number, each once, and deletes a bounded number a minute', async () => {
  const { clock, range, judged, write, lying } = scene(10)
  const count = untrustedDeletedPerMinute + 300
  await write(0, count, Uint8Array.of(0xff))
  await range.look()
  expect(judged).toHaveLength(untrustedReadMax)
  while (judged.length < count) await range.look()
  await range.look()
  expect(judged).toHaveLength(count)
  expect(await lying()).toBe(count - untrustedDeletedPerMinute)
  clock.pass(minuteMs)
  await range.look()
  expect(await lying()).toBe(0)
  expect(judged).toHaveLength(count)
})

test('an entry that was replaced before it was deleted stays, and is judged again', async () => {
  const { store, range, write, lying } = scene(10)
  await write(0, 1, Uint8Array.of(0xff))
  store.hold()
  const looked = range.look()
  await expect.poll(() => store.waiting).toBe(1)
  await write(0, 1, Uint8Array.of(7))
  store.step()
  await looked
  expect(await lying()).toBe(1)
  await range.look()
  expect(range.held.map(({ item }) => item)).toEqual([7])
})

test('what a watch brings beyond the minute’s allowance is taken up by a look a minute later', async () => {
  const { clock, range, judged, write } = scene(2000)
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  let changes = 0
  void range.follow(ending.signal, () => (changes += 1))
  await expect.poll(() => changes).toBe(1)
  const count = untrustedTakenPerMinute + 50
  await write(0, count)
  await expect.poll(() => judged.length).toBe(untrustedTakenPerMinute)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(judged).toHaveLength(untrustedTakenPerMinute)
  clock.pass(minuteMs)
  await expect.poll(() => range.held.length).toBe(count)
  expect(judged).toHaveLength(count)
})
