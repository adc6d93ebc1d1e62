import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../src/base/bytes.ts'
import { CompactedError } from '../../src/store/compacted.ts'
import { changesMax, Watchers, type Journal, type JournalPage } from '../../src/store/watchers.ts'
import type { WatchBatch } from '../../src/store/store.ts'

const key = (n: number) => Uint8Array.of(n)

/** One key a revision, in memory; counts what is asked of it. */
class Log implements Journal {
  readonly #keys: number[] = []
  compacted = 0
  reads = 0
  readTurns = 1

  put(n: number): void {
    this.#keys.push(n)
  }

  async revision(): Promise<number> {
    return this.#keys.length
  }

  async read(after: number, start: Uint8Array, end: Uint8Array): Promise<JournalPage> {
    this.reads += 1
    if (after < this.compacted) throw new CompactedError(this.compacted + 1)
    // As another process's write may: after what is read was fixed, before the reader has it.
    const [through, pageMax] = [this.#keys.length, 4]
    const last = Math.min(after + pageMax, through)
    await turns(this.readTurns)
    const batches: WatchBatch[] = []
    for (let revision = after + 1; revision <= last; revision += 1) {
      const one = key(this.#keys[revision - 1] as number)
      if (compareBytes(start, one) > 0 || compareBytes(one, end) >= 0) continue
      batches.push({ revision, events: [{ kind: 'delete', key: one, modRevision: revision }] })
    }
    return { batches, through: last, more: last < through }
  }

  async changes(after: number) {
    if (after < this.compacted) return undefined
    const keys = this.#keys.slice(after).map(key)
    const through = this.#keys.length
    await setImmediate()
    return keys.length > changesMax ? undefined : { keys, through }
  }
}

function taking(watchers: Watchers, start: number, end: number, from?: number, pause = 0) {
  const [ending, seen] = [new AbortController(), [] as number[]]
  const over = (async () => {
    for await (const { revision } of watchers.watch(key(start), key(end), from, ending.signal)) {
      seen.push(revision)
      for (let k = 0; k < pause; k += 1) await setImmediate()
    }
  })()
  return { seen, over, end: () => (ending.abort(), over) }
}

async function turns(count = 20): Promise<void> {
  for (let k = 0; k < count; k += 1) await setImmediate()
}

describe('watches of one journal', () => {
  test('are read for what concerns them alone', async () => {
    const log = new Log()
    const watchers = new Watchers(log)
    const others = Array.from({ length: 100 }, () => taking(watchers, 10, 20))
    const one = taking(watchers, 0, 10)
    await turns()
    // The first ring has each look for itself.
    watchers.ring()
    await turns()
    const before = log.reads
    for (let k = 0; k < 50; k += 1) {
      log.put(5)
      watchers.ring()
      await turns()
    }
    expect(one.seen).toEqual(Array.from({ length: 50 }, (_, k) => k + 1))
    expect(log.reads - before).toBe(50)
    for (const other of [one, ...others]) await other.end()
  })

  test('that sleep do not fall behind a compaction of what does not concern them', async () => {
    const log = new Log()
    const watchers = new Watchers(log)
    const [one, other] = [taking(watchers, 0, 10), taking(watchers, 10, 20)]
    await turns()
    for (let k = 0; k < 50; k += 1) {
      log.put(5)
      watchers.ring()
      await turns()
    }
    log.compacted = 50
    log.put(15)
    watchers.ring()
    await turns()
    expect(other.seen).toEqual([51])
    for (const each of [one, other]) await each.end()
  })

  test('see each change of their keys once and in order, whoever reads slowly and whenever they begin', async () => {
    const act = fc.oneof(
      { weight: 6, arbitrary: fc.record({ put: fc.integer({ min: 0, max: 29 }), ring: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 5 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ watch: fc.integer({ min: 0, max: 2 }), pause: fc.integer({ min: 0, max: 6 }) }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), async (acts, readTurns) => {
        const log = new Log()
        log.readTurns = readTurns
        const watchers = new Watchers(log)
        const keys: number[] = []
        const all = []
        for (const one of acts) {
          if ('put' in one) {
            keys.push(one.put)
            log.put(one.put)
            if (one.ring) watchers.ring()
          } else if ('turns' in one) await turns(one.turns)
          else {
            const from = keys.length + 1
            const start = one.watch * 10
            all.push({ start, from, taken: taking(watchers, start, start + 10, from, one.pause) })
          }
        }
        watchers.ring()
        await turns(600)
        // None of them has fallen behind.
        log.compacted = keys.length
        for (const n of [5, 15, 25]) {
          keys.push(n)
          log.put(n)
        }
        watchers.ring()
        await turns(100)
        for (const { start, from, taken } of all) {
          const due = keys.flatMap((n, at) => (at + 1 >= from && n >= start && n < start + 10 ? [at + 1] : []))
          expect(taken.seen).toEqual(due)
          await taken.end()
        }
      }),
      { numRuns: 60 },
    )
  })
})
