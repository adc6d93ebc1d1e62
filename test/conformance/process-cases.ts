import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fromU64 } from '../../src/base/bytes.ts'
import type { StoreCapabilities } from '../../src/store/store.ts'
import { shown, take } from './place.ts'
import { spawnWorker } from './spawn.ts'
import type { Worker } from './spawn.ts'
import type { Context } from './suite.ts'
import type { Target } from './target.ts'
import type { Job } from './worker.ts'

export function processCases(context: Context, capabilities: StoreCapabilities): void {
  const start = async (job: Job): Promise<Worker> => {
    const worker = await spawnWorker(context.home.target as Target, job)
    onTestFinished(() => worker.kill())
    return worker
  }
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

  describe('several processes', () => {
    test('racing a counter end exact', async () => {
      const { place } = context
      const job = { kind: 'count', key: place.prefix, times: 60 } as const
      const workers = await Promise.all(['one', 'two', 'three'].map((writer) => start({ ...job, writer })))
      await Promise.all(workers.map((worker) => worker.done()))
      const { entries } = await place.store.range(place.start, place.end)
      expect(shown(entries)[0]?.split(' ')[0]).toBe('180')
    })

    test('writing and watching see one sequence, also one that comes late', async () => {
      const { place } = context
      const from = (await place.revision()) + 1
      const watch: Job = { kind: 'watch', start: place.prefix, end: text(place.end), from, count: 300 }
      const watchers = [await start(watch), await start(watch)]
      const writers = await Promise.all(
        ['a', 'b', 'c'].map((name) => start({ kind: 'append', prefix: place.prefix + name, times: 100 })),
      )
      const own = take(place.watch(from), 300)
      await Promise.all(writers.map((writer) => writer.done()))
      watchers.push(await start(watch))
      await Promise.all(watchers.map((watcher) => watcher.done()))
      const sequence = (await own).flatMap((batch) =>
        batch.events.map((event) => {
          const key = event.kind === 'put' ? event.entry.key : event.key
          return `${batch.revision} ${event.kind} ${Buffer.from(key).toString('hex')}`
        }),
      )
      expect(sequence).toHaveLength(300)
      expect(new Set(sequence)).toHaveLength(300)
      for (const watcher of watchers) expect(watcher.lines).toEqual(sequence)
    })

    test('leave the event loop of this one turning while they write', async () => {
      const { place } = context
      const workers = await Promise.all(
        ['a', 'b', 'c'].map((name) => start({ kind: 'append', prefix: place.prefix + name })),
      )
      await Promise.all(workers.map((worker) => worker.printed(1)))
      const before = workers.map((worker) => worker.lines.length)
      let turns = 0
      let counting = true
      const loop = (async () => {
        for (; counting; turns += 1) await setImmediate()
      })()
      const allWent = (): boolean => workers.every((worker, at) => worker.lines.length > (before[at] as number))
      let commits = 0
      for (; commits < 30 || !allWent(); commits += 1) await place.commit(place.put(`own-${commits}`))
      counting = false
      await loop
      await Promise.all(workers.map((worker) => worker.kill()))
      expect(turns).toBeGreaterThanOrEqual(commits)
    })

    test.runIf(capabilities.durable)('killed while they write lose nothing that was acknowledged', async () => {
      const { place } = context
      const outcomes = ['a', 'b', 'c', 'd'].map(async (name) => {
        const worker = await start({ kind: 'append', prefix: place.prefix + name })
        await worker.printed(25)
        await worker.kill()
        const acknowledged = worker.lines.length
        const store = await context.another()
        const { entries } = await store.range(place.key(name), place.key(`${name}~`))
        // At most the one write that was under way when it died may stand there unacknowledged.
        expect(entries.length - acknowledged).toBeOneOf([0, 1])
        expect(entries.map((entry) => fromU64(entry.value))).toEqual(entries.map((_, at) => at))
      })
      await Promise.all(outcomes)
    })
  })
}
