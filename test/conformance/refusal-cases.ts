import { describe, expect, test } from 'vitest'
import { isConclaveError } from '../../src/base/errors.ts'
import { storeFramingBytes, storeKeyBytesMax, storeOperationsMax, storeRequestBytesMax } from '../../src/base/limits.ts'
import type { Compare, Operation } from '../../src/store/store.ts'
import type { Context } from './suite.ts'

export function refusalCases(context: Context): void {
  const codeOf = async (call: Promise<unknown>): Promise<string> => {
    try {
      await call
      return 'nothing'
    } catch (error) {
      return isConclaveError(error) ? error.code : `not a ConclaveError: ${String(error)}`
    }
  }
  const refused = async (call: Promise<unknown>): Promise<void> => expect(await codeOf(call)).toBe('usage')
  const firstOf = (watch: AsyncIterable<unknown>) => watch[Symbol.asyncIterator]().next()
  const none = new Uint8Array(0)

  describe('what is refused', () => {
    test('an empty key, everywhere', async () => {
      const { place } = context
      await refused(place.store.range(none, place.end))
      await refused(place.store.range(place.start, none))
      await refused(place.commit({ kind: 'put', key: none, value: none }))
      await refused(place.commit({ kind: 'delete', key: none }))
      await refused(place.commit({ kind: 'read', key: none }))
      await refused(place.store.commit({ if: [{ kind: 'revision', key: none, modRevision: 0 }], then: [] }))
      await refused(firstOf(place.store.watch(none, place.end)))
    })

    test('an empty or backward range, everywhere', async () => {
      const { place } = context
      const [a, b] = [place.key('a'), place.key('b')]
      for (const [key, end] of [
        [a, a],
        [b, a],
        [a, Uint8Array.of(0)],
      ] as const) {
        await refused(place.store.range(key, end))
        await refused(place.commit({ kind: 'delete', key, end }))
        await refused(place.commit({ kind: 'read', key, end }))
        await refused(place.store.commit({ if: [{ kind: 'empty', key, end }], then: [] }))
        await refused(firstOf(place.store.watch(key, end)))
      }
    })

    test('the same key written twice, by puts, deletes or ranges, in either branch', async () => {
      const { place } = context
      const wide: Operation = { kind: 'delete', key: place.key('a'), end: place.key('c') }
      for (const twice of [
        [place.put('a', '1'), place.put('b'), place.put('a', '2')],
        [place.put('a'), place.delete('a')],
        [place.delete('a'), place.put('a')],
        [place.delete('a'), place.delete('a')],
        [place.put('b'), wide],
        [wide, place.put('b')],
        [place.delete('b'), wide],
        [wide, wide],
      ]) {
        await refused(place.commit(...twice))
        await refused(place.store.commit({ then: [], else: twice }))
      }
      expect(await place.names()).toEqual([])
      // The two branches exclude each other, and a range's end is outside of it.
      await place.store.commit({ then: [wide, place.put('c')], else: [place.put('c')] })
      expect(await place.names()).toEqual(['c'])
    })

    test('129 operations or compares', async () => {
      const { place } = context
      const names = Array.from({ length: storeOperationsMax + 1 }, (_, n) => String(n))
      const puts = names.map((name) => place.put(name))
      const compares = names.map((name): Compare => ({ kind: 'revision', key: place.key(name), modRevision: 0 }))
      await refused(place.commit(...puts))
      await refused(place.store.commit({ then: [], else: puts }))
      await refused(place.store.commit({ if: compares, then: [] }))
      expect(await place.names()).toEqual([])
    })

    test('a request over 1.5 MiB, while one of just that size is kept', async () => {
      const { place } = context
      const key = place.key('a')
      const fits = storeRequestBytesMax - 2 * storeFramingBytes - key.length
      await refused(place.commit({ kind: 'put', key, value: new Uint8Array(fits + 1) }))
      const half = new Uint8Array(Math.ceil(fits / 2) + 100)
      await refused(place.commit({ kind: 'put', key, value: half }, { kind: 'put', key: place.key('b'), value: half }))
      expect(await place.names()).toEqual([])
      const value = new Uint8Array(fits).fill(7)
      await place.commit({ kind: 'put', key, value })
      const { entries } = await place.store.range(place.start, place.end)
      expect(Buffer.compare(entries[0]?.value ?? none, value)).toBe(0)
    })

    test('a request of just 1.5 MiB in as many parts as may be is kept', async () => {
      const { place } = context
      const names = Array.from({ length: storeOperationsMax }, (_, n) => String(n).padStart(3, '0'))
      const parts = 1 + 2 * storeOperationsMax
      const keyBytes = 2 * storeOperationsMax * place.key('000').length
      const each = Math.floor((storeRequestBytesMax - parts * storeFramingBytes - keyBytes) / storeOperationsMax)
      const { ok } = await place.store.commit({
        if: names.map((name) => ({ kind: 'revision', key: place.key(name), modRevision: 0 })),
        then: names.map((name) => ({ kind: 'put', key: place.key(name), value: new Uint8Array(each) })),
      })
      expect(ok).toBe(true)
    })

    test('a key longer than its bound', async () => {
      const { place } = context
      const longest = new Uint8Array(storeKeyBytesMax).fill(0x78)
      longest.set(place.start)
      await place.commit({ kind: 'put', key: longest, value: none })
      const longer = new Uint8Array([...longest, 0])
      await refused(place.commit({ kind: 'put', key: longer, value: none }))
      await refused(place.store.range(longer, place.end))
    })

    test('limits, revisions and times to live that make no sense', async () => {
      const { place } = context
      for (const limit of [0, -1, 1.5, NaN]) await refused(place.store.range(place.start, place.end, { limit }))
      for (const from of [0, -1, 0.5]) await refused(firstOf(place.watch(from)))
      for (const ttlS of [0, -1, 1.5, 3601]) await refused(place.store.lease(ttlS))
      const key = place.key('a')
      await refused(place.store.commit({ if: [{ kind: 'revision', key, modRevision: -1 }], then: [] }))
    })

    test('a put under a lease that does not exist, and then nothing of its transaction happens', async () => {
      const { place } = context
      const lease = await place.store.lease(60)
      await lease.revoke()
      const call = place.commit(place.put('a'), { ...place.put('b'), lease: lease.id })
      expect(await codeOf(call)).toBe('closed')
      expect(await place.names()).toEqual([])
    })

    test('a call whose signal is aborted rejects with the reason and writes nothing', async () => {
      const { place } = context
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await expect(place.store.range(place.start, place.end, {}, signal)).rejects.toBe(reason)
      await expect(place.store.commit({ then: [place.put('a')] }, signal)).rejects.toBe(reason)
      await expect(place.store.lease(60, signal)).rejects.toBe(reason)
      expect(await place.names()).toEqual([])
    })

    test('everything after close, which may be called twice', async () => {
      const { place } = context
      const store = await context.another()
      await store.close()
      await store.close()
      expect(await codeOf(store.range(place.start, place.end))).toBe('closed')
      expect(await codeOf(store.commit({ then: [place.put('a')] }))).toBe('closed')
      expect(await codeOf(store.lease(60))).toBe('closed')
      expect(await codeOf(firstOf(place.watch(undefined, undefined, store)))).toBe('closed')
      expect(await place.names()).toEqual([])
    })
  })
}
