import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { CompactedError } from '../../src/store/compacted.ts'
import type { Store, WatchBatch } from '../../src/store/store.ts'
import { take } from './place.ts'
import type { Context } from './suite.ts'

export function watchCases(context: Context): void {
  const told = (batches: readonly WatchBatch[]): string[] =>
    batches.flatMap((batch) => batch.events.map((event) => context.place.told(event)))
  const fill = async (store: Store, writer: string, times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) await store.commit({ then: [context.place.put(`${writer}-${n}`)] })
  }

  describe('watch', () => {
    test('a range and then a watch from its revision + 1 miss nothing and double nothing', async () => {
      const { place } = context
      const other = await context.another()
      const writing = fill(other, 'w', 200)
      let known: string[] = []
      let revision = 0
      while (known.length < 20) {
        const result = await place.store.range(place.start, place.end)
        known = result.entries.map((entry) => place.nameOf(entry.key))
        revision = result.revision
      }
      const watched = await take(place.watch(revision + 1), 200 - known.length)
      await writing
      const followed = watched.flatMap((batch) => batch.events.map((event) => place.told(event)))
      const expected = Array.from({ length: 200 }, (_, n) => `w-${n}`)
      expect(known.toSorted()).toEqual(expected.slice(0, known.length).toSorted())
      expect(followed).toEqual(expected.slice(known.length).map((name) => `put ${name}=${name}`))
    })

    test('without a revision it reports from now on: what is committed after the next answered range', async () => {
      const { place } = context
      const other = await context.another()
      for (let round = 0; round < 10; round += 1) {
        await other.commit({ then: [place.put(`before-${round}`)] })
        const events = place.watch()[Symbol.asyncIterator]()
        const first = events.next()
        await place.names()
        await other.commit({ then: [place.put(`after-${round}`)] })
        const { value } = await first
        expect(told([value as WatchBatch])).toEqual([`put after-${round}=after-${round}`])
        await events.return?.()
      }
    })

    test('a transaction is one batch: its events in the range, in key order', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('c'), place.put('z'))
      const outside = { kind: 'put', key: Uint8Array.from([...place.end, 1]), value: Uint8Array.of(1) } as const
      await place.commit(place.put('b', '2'), outside, place.delete('c'), place.put('a'))
      await place.commit({ kind: 'delete', key: outside.key })
      await place.commit({ kind: 'delete', key: place.start, end: place.end })
      const batches = await take(place.watch(revision + 1), 6)
      expect(batches.map((batch) => [batch.revision - revision, told([batch])])).toEqual([
        [1, ['put a=a', 'put b=2', 'delete c']],
        [3, ['delete a', 'delete b', 'delete z']],
      ])
      const events = batches.flatMap((batch) => batch.events)
      expect(
        events.map((event) => (event.kind === 'put' ? event.entry.modRevision : event.modRevision) - revision),
      ).toEqual([1, 1, 1, 3, 3, 3])
    })

    test('an event carries the value of its revision, however often the key was written since', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('a', '0'))
      for (const value of ['1', '2', '3']) await place.commit(place.put('a', value))
      await place.commit(place.delete('a'))
      await place.commit(place.put('a', '4'))
      const batches = await take(place.watch(revision), 6)
      expect(told(batches)).toEqual(['put a=0', 'put a=1', 'put a=2', 'put a=3', 'delete a', 'put a=4'])
      const created = batches.map(({ events: [event] }) => (event?.kind === 'put' ? event.entry.createRevision : 0))
      expect(created.map((at) => at && at - revision)).toEqual([0, 0, 0, 0, 0, 5])
      expect(batches.map((batch) => batch.revision - revision)).toEqual([0, 1, 2, 3, 4, 5])
    })

    test('a long history comes whole and in order', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('start'))
      for (let n = 0; n < 30; n += 1) {
        await Promise.all(Array.from({ length: 20 }, (_, at) => place.commit(place.put(`k-${at}`, String(n)))))
      }
      const batches = await take(place.watch(revision + 1), 600)
      expect(batches.map((batch) => batch.revision)).toEqual(Array.from({ length: 600 }, (_, n) => revision + 1 + n))
      const last = new Map<string, number>()
      for (const line of told(batches)) {
        const [, name, value] = /^put (.*)=(\d+)$/.exec(line) as unknown as [string, string, string]
        expect(Number(value)).toBe((last.get(name) ?? -1) + 1)
        last.set(name, Number(value))
      }
    })

    test('a large batch of events is not split', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('start'))
      const value = new Uint8Array(11_000).fill(1)
      const names = Array.from({ length: 128 }, (_, n) => String(n).padStart(3, '0'))
      for (let round = 0; round < 4; round += 1) {
        await place.commit(...names.map((name) => ({ kind: 'put', key: place.key(name), value }) as const))
      }
      const batches = await take(place.watch(revision + 1), 4 * 128)
      expect(batches.map((batch) => [batch.revision - revision, batch.events.length])).toEqual([
        [1, 128],
        [2, 128],
        [3, 128],
        [4, 128],
      ])
      const keys = batches[3]?.events.map((event) => event.kind === 'put' && place.nameOf(event.entry.key))
      expect(keys).toEqual(names)
    })

    test('a compacted revision is reported, with the oldest that is kept', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('a', '1'))
      await place.commit(place.put('a', '2'))
      await place.commit(place.delete('a'))
      await place.commit(place.put('b'))
      await context.home.compact(place.store, revision + 2)
      const compacted = await take(place.watch(revision), 1).catch((error: unknown) => error)
      expect(compacted).toBeInstanceOf(CompactedError)
      expect((compacted as CompactedError).oldest).toBe(revision + 3)
      expect(told(await take(place.watch(revision + 3), 1))).toEqual(['put b=b'])
      expect(await place.names()).toEqual(['b'])
    })

    test('a future revision is waited for', async () => {
      const { place } = context
      const watching = take(place.watch((await place.revision()) + 3), 1)
      await place.names()
      for (const name of ['a', 'b', 'c', 'd']) await place.commit(place.put(name))
      expect(told(await watching)).toEqual(['put c=c'])
    })

    test('three writers and three watchers see one sequence', async () => {
      const { place } = context
      const stores = [place.store, await context.another(), await context.another()]
      const from = (await place.revision()) + 1
      const watching = stores.map((store) => take(place.watch(from, undefined, store), 150))
      await Promise.all(stores.map((store, at) => fill(store, `w${at}`, 50)))
      const sequences = await Promise.all(watching)
      expect(sequences[1]).toEqual(sequences[0])
      expect(sequences[2]).toEqual(sequences[0])
      const lines = told(sequences[0] as WatchBatch[])
      expect(lines).toHaveLength(150)
      for (const at of [0, 1, 2]) {
        const own = lines.filter((line) => line.startsWith(`put w${at}-`))
        expect(own).toEqual(Array.from({ length: 50 }, (_, n) => `put w${at}-${n}=w${at}-${n}`))
      }
    })

    test('abort of its signal ends it quietly, before, while and after it waits', async () => {
      const { place } = context
      expect(await take(place.watch(undefined, AbortSignal.abort()), 1)).toEqual([])
      const abort = new AbortController()
      const watching = take(place.watch(undefined, abort.signal), 1)
      await place.names()
      abort.abort()
      expect(await watching).toEqual([])
    })

    test('returning its iterator ends it although next() still waits', async () => {
      const { place } = context
      const events = place.watch()[Symbol.asyncIterator]()
      const next = events.next()
      await place.names()
      await events.return?.()
      expect((await next).done).toBe(true)
    })

    test('close ends the watches quietly', async () => {
      const { place } = context
      const store = await context.another()
      const quiet = take(place.watch(undefined, undefined, store), 1)
      const busy = take(place.watch(await place.revision(), undefined, store), Infinity)
      await place.names(store)
      await place.commit({ kind: 'delete', key: place.key('none') })
      await setImmediate()
      await store.close()
      expect(await quiet).toEqual([])
      expect(await busy).toEqual([])
    })

    test('one iterable may be watched twice, each from the same revision', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('a'))
      await place.commit(place.put('b'))
      const watch = place.watch(revision)
      expect(told(await take(watch, 2))).toEqual(['put a=a', 'put b=b'])
      expect(told(await take(watch, 2))).toEqual(['put a=a', 'put b=b'])
    })
  })
}
