import { describe, expect, test } from 'vitest'
import type { WatchBatch } from '../../src/store/store.ts'
import { take } from './place.ts'
import type { Context } from './suite.ts'

export function leaseCases(context: Context): void {
  const told = (batches: readonly WatchBatch[]): string[][] =>
    batches.map((batch) => batch.events.map((event) => context.place.told(event)))

  describe('a lease', () => {
    test('deletes its keys in one revision when it is revoked', async () => {
      const { place } = context
      const lease = await place.store.lease(60)
      const { revision } = await place.commit(
        { ...place.put('b'), lease: lease.id },
        { ...place.put('a'), lease: lease.id },
        place.put('free'),
      )
      await lease.revoke()
      expect(await place.names()).toEqual(['free'])
      expect(await place.revision()).toBe(revision + 1)
      expect(told(await take(place.watch(revision + 1), 2))).toEqual([['delete a', 'delete b']])
    })

    test('lets go of a key that is written again without it, or deleted', async () => {
      const { place } = context
      const lease = await place.store.lease(60)
      const put = (name: string) => ({ ...place.put(name), lease: lease.id })
      await place.commit(put('a'), put('b'), put('c'))
      await place.commit(place.put('a'), place.delete('b'))
      await place.commit(place.put('b'))
      await lease.revoke()
      expect(await place.names()).toEqual(['a', 'b'])
    })

    test('takes over a key from another lease', async () => {
      const { place } = context
      const [one, two] = [await place.store.lease(60), await place.store.lease(60)]
      await place.commit({ ...place.put('a'), lease: one.id })
      await place.commit({ ...place.put('a'), lease: two.id })
      await one.revoke()
      expect(await place.names()).toEqual(['a'])
      await two.revoke()
      expect(await place.names()).toEqual([])
    })

    test('may be revoked twice, and holds no key', async () => {
      const { place } = context
      const before = await place.commit(place.put('a'))
      const lease = await place.store.lease(60)
      await lease.revoke()
      await lease.revoke()
      expect(await place.revision()).toBe(before.revision)
    })
  })
}
