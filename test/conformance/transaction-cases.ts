import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Compare, Transaction } from '../../src/store/store.ts'
import { shown } from './place.ts'
import type { Context } from './suite.ts'
import { count } from './worker.ts'

export function transactionCases(context: Context): void {
  const absent = (name: string): Compare => ({ kind: 'revision', key: context.place.key(name), modRevision: 0 })

  describe('a transaction', () => {
    test('of several operations is one revision', async () => {
      const { place } = context
      const before = await place.commit(place.put('gone'))
      const { ok, revision } = await place.commit(place.put('a'), place.put('b'), place.delete('gone'))
      expect(ok).toBe(true)
      expect(revision).toBe(before.revision + 1)
      const { entries, revision: now } = await place.store.range(place.start, place.end)
      expect(entries.map((entry) => entry.modRevision)).toEqual([revision, revision])
      expect(now).toBe(revision)
    })

    test('whose compare fails changes nothing and takes no revision', async () => {
      const { place } = context
      const before = await place.commit(place.put('a'))
      const { ok, revision } = await place.store.commit({ if: [absent('a')], then: [place.put('b')] })
      expect({ ok, revision }).toEqual({ ok: false, revision: before.revision })
      expect(await place.names()).toEqual(['a'])
      expect((await place.commit(place.put('c'))).revision).toBe(before.revision + 1)
    })

    test('that only reads, or deletes what is not there, takes no revision', async () => {
      const { place } = context
      const before = await place.commit(place.put('a'))
      await place.commit({ kind: 'read', key: place.key('a') })
      const deleted = await place.commit(place.delete('z'))
      expect(deleted).toEqual({ ok: true, revision: before.revision, reads: [] })
    })

    test('without any operation tells whether its compares hold', async () => {
      const { place } = context
      await place.commit(place.put('a'))
      expect((await place.store.commit({ if: [absent('b')], then: [] })).ok).toBe(true)
      expect((await place.store.commit({ if: [absent('a')], then: [] })).ok).toBe(false)
    })

    test('creates a key if it is absent, meets a conflict, and creates it again after its deletion', async () => {
      const { place } = context
      const create: Transaction = { if: [absent('a')], then: [place.put('a')] }
      expect((await place.store.commit(create)).ok).toBe(true)
      expect((await place.store.commit(create)).ok).toBe(false)
      await place.commit(place.delete('a'))
      const again = await place.store.commit(create)
      expect(again.ok).toBe(true)
      const { entries } = await place.store.range(place.start, place.end)
      expect(entries[0]).toMatchObject({ createRevision: again.revision, modRevision: again.revision })
    })

    test('deletes a range, its end outside', async () => {
      const { place } = context
      await place.commit(...['a', 'b', 'c', 'd'].map((name) => place.put(name)))
      await place.commit({ kind: 'delete', key: place.key('b'), end: place.key('d') })
      expect(await place.names()).toEqual(['a', 'd'])
    })

    test('compares revision, value and empty range, each true and false', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('b', 'value'))
      const holds = async (compare: Compare) => (await place.store.commit({ if: [compare], then: [] })).ok
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => place.key(name)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ]
      expect(await holds({ kind: 'revision', key: b, modRevision: revision })).toBe(true)
      expect(await holds({ kind: 'revision', key: b, modRevision: revision - 1 })).toBe(false)
      expect(await holds({ kind: 'revision', key: b, modRevision: 0 })).toBe(false)
      expect(await holds({ kind: 'revision', key: a, modRevision: 0 })).toBe(true)
      expect(await holds({ kind: 'revision', key: a, modRevision: revision })).toBe(false)
      expect(await holds({ kind: 'value', key: b, value: utf8('value') })).toBe(true)
      expect(await holds({ kind: 'value', key: b, value: utf8('values') })).toBe(false)
      expect(await holds({ kind: 'value', key: a, value: utf8('value') })).toBe(false)
      expect(await holds({ kind: 'value', key: a, value: new Uint8Array(0) })).toBe(false)
      expect(await holds({ kind: 'empty', key: a, end: b })).toBe(true)
      expect(await holds({ kind: 'empty', key: a, end: c })).toBe(false)
      expect(await holds({ kind: 'empty', key: b, end: c })).toBe(false)
      expect(await holds({ kind: 'empty', key: c, end: d })).toBe(true)
    })

    test('needs all its compares', async () => {
      const { place } = context
      await place.commit(place.put('a'))
      const both = await place.store.commit({ if: [absent('b'), absent('a')], then: [place.put('c')] })
      expect(both.ok).toBe(false)
    })

    test('whose compare fails does its else branch, with reads in order', async () => {
      const { place } = context
      await place.commit(place.put('a'), place.put('b'), place.put('c'))
      const { ok, reads } = await place.store.commit({
        if: [absent('a')],
        then: [place.put('d')],
        else: [
          { kind: 'read', key: place.key('b') },
          place.put('e'),
          { kind: 'read', key: place.start, end: place.end, limit: 2 },
          { kind: 'read', key: place.key('z') },
        ],
      })
      expect(ok).toBe(false)
      expect(reads.map(shown)).toEqual([['b'], ['a', 'b'], []])
      expect(await place.names()).toEqual(['a', 'b', 'c', 'e'])
    })

    test('reads what it wrote before', async () => {
      const { place } = context
      await place.commit(place.put('a', 'old'), place.put('b'))
      const { reads, revision } = await place.commit(
        { kind: 'read', key: place.key('a') },
        place.put('a', 'new'),
        place.delete('b'),
        { kind: 'read', key: place.start, end: place.end },
      )
      expect(reads.map(shown)).toEqual([['old'], ['new']])
      expect(reads[1]?.[0]?.modRevision).toBe(revision)
    })

    test('reads keys without their values', async () => {
      const { place } = context
      const { revision } = await place.commit(place.put('a'), place.put('b'))
      const { reads } = await place.commit(
        { kind: 'read', key: place.key('a'), keysOnly: true },
        { kind: 'read', key: place.start, end: place.end, limit: 1, keysOnly: true },
        { kind: 'read', key: place.key('b') },
      )
      const a = { key: place.key('a'), value: new Uint8Array(0), createRevision: revision, modRevision: revision }
      expect(reads.slice(0, 2)).toEqual([[a], [a]])
      expect(reads[2]?.[0]?.value).toEqual(new TextEncoder().encode('b'))
    })

    test('reads more than one message holds, all of one revision', async () => {
      const { place } = context
      const names = Array.from({ length: 12 }, (_, n) => String(n).padStart(3, '0'))
      for (const name of names) await place.commit(place.put(name, 'x'.repeat(1_400_000)))
      const read = place.commit(...names.map((name) => ({ kind: 'read', key: place.key(name) }) as const))
      const { reads, revision } = await read
      expect(reads.flat().map(({ key }) => place.nameOf(key))).toEqual(names)
      expect(reads.every(([entry]) => (entry?.modRevision ?? Infinity) <= revision)).toBe(true)
      await place.commit({ kind: 'delete', key: place.start, end: place.end })
    })

    test('of 128 operations happens whole', async () => {
      const { place } = context
      const names = Array.from({ length: 128 }, (_, n) => String(n).padStart(3, '0'))
      await place.store.commit({ if: names.map(absent), then: names.map((name) => place.put(name)) })
      expect(await place.names()).toEqual(names)
      const { reads } = await place.commit(...names.map((name) => ({ kind: 'read', key: place.key(name) }) as const))
      expect(reads.map(shown).flat()).toEqual(names)
    })

    test('one of several at once wins, and the others are told', async () => {
      const { place } = context
      const stores = [place.store, await context.another(), await context.another()]
      for (let round = 0; round < 20; round += 1) {
        const name = `round-${round}`
        const results = await Promise.all(
          stores.map((store, at) => store.commit({ if: [absent(name)], then: [place.put(name, String(at))] })),
        )
        expect(results.filter((result) => result.ok)).toHaveLength(1)
        const { entries } = await place.store.range(place.key(name), place.end, { limit: 1 })
        expect(results.findIndex((result) => result.ok)).toBe(Number(shown(entries)[0]))
      }
    })

    test('several handles racing a counter end exact', async () => {
      const { place } = context
      const stores = [place.store, await context.another(), await context.another()]
      await Promise.all(stores.map((store, at) => count(store, place.key('counter'), `writer-${at}`, 20)))
      const { entries } = await place.store.range(place.start, place.end)
      expect(shown(entries)[0]?.split(' ')[0]).toBe('60')
    })
  })
}
