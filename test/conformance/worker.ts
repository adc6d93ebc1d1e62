/**
 * A process of its own that works on a store under test: `node worker.ts '{"target": …, "job": …}'`. Each line that
 * it prints is something that the store has acknowledged or shown.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { textOf, u64, utf8 } from '../../src/base/bytes.ts'
import { isConclaveError } from '../../src/base/errors.ts'
import type { SqliteStore } from '../../src/store/sqlite/store.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { openTarget } from './target.ts'
import type { Target } from './target.ts'

export type Job =
  /** Adds one to the counter `times` times. */
  | { readonly kind: 'count'; readonly key: string; readonly writer: string; readonly times: number }
  /**
   * Puts prefix‖0, 1, 2 … and prints each number once it is acknowledged; without end unless `times` is given. `ahead`: without
   * waiting for the disk.
   */
  | { readonly kind: 'append'; readonly prefix: string; readonly times?: number; readonly ahead?: boolean }
  /** Opens and closes the store so many times, while it has no other handle of its own. */
  | { readonly kind: 'reopen'; readonly times: number }
  /** Puts a key under a lease, prints its id, and stays. */
  | { readonly kind: 'hold'; readonly key: string; readonly ttlS: number }
  /** Prints every event of the prefix from a revision on, until `count` of them have been seen. */
  | {
      readonly kind: 'watch'
      readonly start: string
      readonly end: string
      readonly from: number
      readonly count: number
    }

export interface Assignment {
  readonly target: Target
  readonly job: Job
}

/** A counter's value names its writer: an honest writer's bytes are unique, as a record's are by its nonce. */
export async function count(store: Store, key: Uint8Array, writer: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const { entries } = await store.range(key, new Uint8Array([...key, 0]))
    const entry = entries[0]
    const next = entry === undefined ? 1 : Number(textOf(entry.value).split(' ')[0]) + 1
    const { ok } = await store.commit({
      if: [{ kind: 'revision', key, modRevision: entry?.modRevision ?? 0 }],
      then: [{ kind: 'put', key, value: utf8(`${next} ${writer} ${done}`) }],
    })
    if (ok) done += 1
  }
}

/** Resolves once the line is in the pipe, also when its reader is slow: a kill loses none that was printed. */
function print(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()))
  })
}

type Ahead = Partial<Pick<SqliteStore, 'commitAhead'>>

async function append(store: Store & Ahead, prefix: Uint8Array, times = Infinity, ahead = false): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const key = new Uint8Array([...prefix, ...u64(n)])
    const transaction: Transaction = {
      if: [{ kind: 'revision', key, modRevision: 0 }],
      then: [{ kind: 'put', key, value: u64(n) }],
    }
    await (ahead ? store.commitAhead?.(transaction) : store.commit(transaction))
    if (ahead) await turn()
    await print(String(n))
  }
}

async function run(store: Store & Ahead, { target, job }: Assignment): Promise<void> {
  switch (job.kind) {
    case 'count':
      return count(store, utf8(job.key), job.writer, job.times)
    case 'append':
      return append(store, utf8(job.prefix), job.times, job.ahead)
    case 'reopen':
      await store.close()
      for (let k = 0; k < job.times; k += 1) await (await openTarget(target)).close()
      return
    case 'hold': {
      const lease = await store.lease(job.ttlS)
      await store.commit({ then: [{ kind: 'put', key: utf8(job.key), value: utf8('held'), lease: lease.id }] })
      await print(lease.id)
      return new Promise<void>(() => setInterval(() => undefined, 60_000))
    }
    case 'watch': {
      let seen = 0
      for await (const batch of store.watch(utf8(job.start), utf8(job.end), { from: job.from })) {
        for (const event of batch.events) {
          const key = event.kind === 'put' ? event.entry.key : event.key
          await print(`${batch.revision} ${event.kind} ${Buffer.from(key).toString('hex')}`)
          seen += 1
        }
        if (seen >= job.count) return
      }
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const assignment = JSON.parse(process.argv[2] as string) as Assignment
  const store = await openTarget(assignment.target)
  await print('ready')
  try {
    await run(store, assignment)
    await store.close()
  } catch (error) {
    process.stderr.write(isConclaveError(error) ? `${error.code}: ${error.message}\n` : String(error))
    process.exit(1)
  }
}
