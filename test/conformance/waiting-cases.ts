/** Cases that wait for the store's own clock: they all do so at the same time, each with handles of its own. */
import { describe, test } from 'vitest'
import type { Store, WatchBatch } from '../../src/store/store.ts'
import { Place, shown, take } from './place.ts'
import { holdsForSome } from './lifetimes.ts'
import { spawnWorker, type Worker } from './spawn.ts'
import type { Context } from './suite.ts'
import type { Target } from './target.ts'

type Finish = (end: () => Promise<void>) => void

/** Leases that are not kept alive beside one that is: the last of them expires later than it would. */
const expiringBeside = (keptTtlS: number) => [
  { name: 'first', ttlS: 1 },
  { name: 'second', ttlS: keptTtlS + 1 },
]

export function waitingCases(context: Context, multiProcess: boolean): void {
  const opened = async (finish: Finish): Promise<Store> => {
    const store = await context.home.open()
    finish(() => store.close())
    return store
  }
  const hold = async (finish: Finish, key: string, ttlS: number): Promise<Worker> => {
    const worker = await spawnWorker(context.home.target as Target, { kind: 'hold', key, ttlS })
    finish(() => worker.kill())
    await worker.printed(1)
    return worker
  }
  const told = (place: Place, batches: readonly WatchBatch[]): string[] =>
    batches.flatMap((batch) => batch.events.map((event) => place.told(event)))

  describe.concurrent('with time', () => {
    test('a resumed watch neither loses nor doubles', async ({ expect, onTestFinished }) => {
      const place = new Place(await opened(onTestFinished))
      const other = await opened(onTestFinished)
      let next = (await place.revision()) + 1
      const writing = (async () => {
        for (let n = 0; n < 150; n += 1) await other.commit({ then: [place.put(`w-${n}`)] })
      })()
      const seen: WatchBatch[] = []
      while (seen.length < 150) {
        for (const batch of await take(place.watch(next), 1 + (seen.length % 7))) {
          seen.push(batch)
          next = batch.revision + 1
        }
      }
      await writing
      expect(told(place, seen)).toEqual(Array.from({ length: 150 }, (_, n) => `put w-${n}=w-${n}`))
    })

    test('a lease outlives others that expire as long as its store keeps it alive', async ({
      expect,
      onTestFinished,
    }) => {
      const outlives = async (ttlS: number): Promise<boolean> => {
        const place = new Place(await opened(onTestFinished))
        const kept = await place.store.lease(ttlS)
        expect(kept.ttlS).toBe(ttlS)
        const { revision } = await place.commit({ ...place.put('kept'), lease: kept.id })
        for (const { name, ttlS: shortS } of expiringBeside(ttlS)) {
          const other = await context.home.open()
          const lease = await other.lease(shortS)
          await other.commit({ then: [{ ...place.put(name), lease: lease.id }] })
          await other.close()
        }
        const seen = told(place, await take(place.watch(revision + 1), 4)).toSorted()
        if (kept.lost.aborted || seen.includes('delete kept')) return false
        expect(seen).toEqual(['delete first', 'delete second', 'put first=first', 'put second=second'])
        expect(await place.names()).toEqual(['kept'])
        await kept.revoke()
        return true
      }
      expect(await holdsForSome(outlives)).toBe(true)
    })

    test.runIf(multiProcess)(
      'a process whose lease ran out, since it was killed, loses its key, and others are told',
      async ({ expect, onTestFinished }) => {
        const loses = async (ttlS: number): Promise<boolean> => {
          const place = new Place(await opened(onTestFinished))
          const from = (await place.revision()) + 1
          const owner = await hold(onTestFinished, `${place.prefix}held`, ttlS)
          const held = shown((await place.store.range(place.start, place.end)).entries)
          if (held.length === 0) return false
          expect(held).toEqual(['held'])
          await owner.kill()
          expect(told(place, await take(place.watch(from), 2))).toEqual(['put held=held', 'delete held'])
          expect(await place.names()).toEqual([])
          return true
        }
        expect(await holdsForSome(loses)).toBe(true)
      },
    )

    test.runIf(multiProcess)(
      'processes keep a lease alive across its time to live',
      async ({ expect, onTestFinished }) => {
        const keeps = async (ttlS: number): Promise<boolean> => {
          const place = new Place(await opened(onTestFinished))
          const before = (await place.revision()) + 1
          const kept = await hold(onTestFinished, `${place.prefix}kept`, ttlS)
          const others = expiringBeside(ttlS).map(({ name, ttlS: shortS }) =>
            hold(onTestFinished, place.prefix + name, shortS),
          )
          await Promise.all((await Promise.all(others)).map((other) => other.kill()))
          const seen = told(place, await take(place.watch(before), 5)).filter((line) => line.startsWith('delete'))
          if (seen.includes('delete kept')) return false
          expect(seen.toSorted()).toEqual(['delete first', 'delete second'])
          expect(await place.names()).toEqual(['kept'])
          await kept.kill()
          await take(place.watch(before), 6)
          expect(await place.names()).toEqual([])
          return true
        }
        expect(await holdsForSome(keeps)).toBe(true)
      },
    )
  })
}
