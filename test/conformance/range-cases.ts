import { describe, expect, test } from 'vitest'
import { prefixEnd } from '../../src/base/bytes.ts'
import type { RangeResult } from '../../src/store/store.ts'
import { shown } from './place.ts'
import type { Context } from './suite.ts'

export function rangeCases(context: Context): void {
  describe('range', () => {
    test('keys come in byte order, not in the order of text or of writing', async () => {
      const { place } = context
      const tails = [[0x00], [0x00, 0x00], [0x01], [0x7f], [0x80], [0xc3, 0xa4], [0xff], [0xff, 0x00], [0xff, 0xff]]
      const keys = tails.map((tail) => Uint8Array.from([...place.start, ...tail]))
      for (const key of keys.toReversed()) await place.commit({ kind: 'put', key, value: key })
      const { entries, more } = await place.store.range(place.start, place.end)
      expect(entries.map((entry) => entry.key)).toEqual(keys)
      expect(entries.map((entry) => entry.value)).toEqual(keys)
      expect(more).toBe(false)
    })

    test('the start is inside and the end outside', async () => {
      const { place } = context
      await place.commit(place.put('a'), place.put('b'), place.put('c'))
      const { entries } = await place.store.range(place.key('a'), place.key('c'))
      expect(shown(entries)).toEqual(['a', 'b'])
    })

    test('a prefix ends before its successor, also when it ends in 0xff', async () => {
      const { place } = context
      const prefix = Uint8Array.from([...place.start, 0x61, 0xff])
      const inside = Uint8Array.from([...prefix, 0xff, 0xff])
      await place.commit(
        { kind: 'put', key: prefix, value: prefix },
        { kind: 'put', key: inside, value: inside },
        place.put('b'),
      )
      const { entries } = await place.store.range(prefix, prefixEnd(prefix))
      expect(entries.map((entry) => entry.key)).toEqual([prefix, inside])
    })

    test('limit and reverse choose from the right end, and more tells of what is left', async () => {
      const { place } = context
      await place.commit(...['a', 'b', 'c', 'd'].map((name) => place.put(name)))
      const read = async (limit: number, reverse: boolean) => {
        const { entries, more } = await place.store.range(place.start, place.end, { limit, reverse })
        return [shown(entries).join(''), more]
      }
      expect(await read(3, false)).toEqual(['abc', true])
      expect(await read(4, false)).toEqual(['abcd', false])
      expect(await read(5, false)).toEqual(['abcd', false])
      expect(await read(1, true)).toEqual(['d', true])
      expect(await read(3, true)).toEqual(['dcb', true])
      expect(await read(4, true)).toEqual(['dcba', false])
    })

    test('a range larger than any page comes whole and once', async () => {
      const { place } = context
      const names = Array.from({ length: 1200 }, (_, n) => String(n).padStart(6, '0'))
      for (let at = 0; at < names.length; at += 100) {
        await place.commit(...names.slice(at, at + 100).map((name) => place.put(name)))
      }
      const forward = await place.store.range(place.start, place.end)
      expect(shown(forward.entries)).toEqual(names)
      expect(forward.more).toBe(false)
      const backward = await place.store.range(place.start, place.end, { reverse: true, limit: 1100 })
      expect(shown(backward.entries)).toEqual(names.toReversed().slice(0, 1100))
      expect(backward.more).toBe(true)
    })

    test('keysOnly leaves the values empty and the revisions in place', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('a'))
      const { entries } = await place.store.range(place.start, place.end, { keysOnly: true })
      expect(entries).toEqual([
        { key: place.key('a'), value: new Uint8Array(0), createRevision: revision, modRevision: revision },
      ])
    })

    test('ends after so many bytes of values, and more tells of what is left', async () => {
      const { place } = context
      const names = Array.from({ length: 300 }, (_, n) => String(n).padStart(6, '0'))
      const value = 'x'.repeat(1000)
      for (let at = 0; at < names.length; at += 100) {
        await place.commit(...names.slice(at, at + 100).map((name) => place.put(name, value)))
      }
      const read = (start: Uint8Array, bytesMax: number, reverse = false) =>
        place.store.range(start, place.end, { bytesMax, reverse })
      const first = await read(place.start, 2500)
      expect(first.more).toBe(true)
      // One page of the cluster's at most.
      expect(first.entries.length).toBeGreaterThanOrEqual(3)
      expect(first.entries.length).toBeLessThanOrEqual(256)
      const last = first.entries.at(-1)?.key as Uint8Array
      const rest = await read(Uint8Array.from([...last, 0]), 1_000_000)
      expect(rest.more).toBe(false)
      const namesOf = ({ entries }: RangeResult) => entries.map(({ key }) => place.nameOf(key))
      expect([...namesOf(first), ...namesOf(rest)]).toEqual(names)
      const backward = await read(place.start, 1, true)
      expect(namesOf(backward)).toEqual(names.toReversed().slice(0, backward.entries.length))
      expect(backward.more).toBe(true)
      const exact = await read(place.start, 300_000)
      expect([exact.entries.length, exact.more]).toEqual([300, false])
    })

    test('an entry tells when its key was created and last written', async () => {
      const { place } = context
      const first = await place.commit(place.put('a', 'one'))
      const second = await place.commit(place.put('a', 'two'))
      const { entries } = await place.store.range(place.start, place.end)
      expect(entries[0]).toMatchObject({ createRevision: first.revision, modRevision: second.revision })
    })

    test('values may be empty, and any bytes', async () => {
      const { place } = context
      const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
      await place.commit({ kind: 'put', key: place.key('a'), value: bytes }, place.put('b', ''))
      const { entries } = await place.store.range(place.start, place.end)
      expect(entries.map((entry) => entry.value)).toEqual([bytes, new Uint8Array(0)])
    })

    test('bytes handed in or out are not changed afterwards', async () => {
      const { place } = context
      const value = Buffer.from('before')
      await place.commit({ kind: 'put', key: place.key('a'), value })
      const { entries } = await place.store.range(place.start, place.end)
      value.write('after!')
      await place.commit(place.put('a', 'again'))
      expect(shown(entries)).toEqual(['before'])
    })

    test('what one handle has committed the other reads at once', async () => {
      const { place } = context
      const other = await context.another()
      for (const name of ['a', 'b', 'c']) {
        await place.commit(place.put(name))
        expect((await place.names(other)).at(-1)).toBe(name)
      }
    })
  })
}
