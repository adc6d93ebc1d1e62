import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VersionedMap } from '../../src/base/versioned-map.ts'

test('every version stays what it was, also where one goes on from an older one', () => {
  const change = fc.record({
    from: fc.nat(),
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    value: fc.option(fc.nat(9), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400, size: 'max' }), (changes) => {
      // Mostly the newest is gone on from, now and then an older one.
      const versions = [{ ours: VersionedMap.of<number>(), model: new Map<string, number>() }]
      for (const { from, key, value } of changes) {
        const at = from % 4 === 0 ? from % versions.length : versions.length - 1
        const { ours, model } = versions[at]!
        const next = new Map(model)
        if (value === undefined) next.delete(key)
        else next.set(key, value)
        versions.push({ ours: value === undefined ? ours.without(key) : ours.with(key, value), model: next })
      }
      for (const { ours, model } of versions) {
        expect([...ours]).toEqual([...model])
        expect([...ours.keys()]).toEqual([...model.keys()])
        expect([...ours.values()]).toEqual([...model.values()])
        expect(ours.size).toBe(model.size)
        for (const key of 'abcdef') expect([ours.has(key), ours.get(key)]).toEqual([model.has(key), model.get(key)])
      }
    }),
    { numRuns: 30 },
  )
})
