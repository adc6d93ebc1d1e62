/** Starts workers (worker.ts) and reads their lines. Each is ended by its own process id. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bundled } from '../node/bundled.ts'
import type { Target } from './target.ts'
import type { Job } from './worker.ts'

export interface Worker {
  /** Every line printed so far, `ready` left out. */
  readonly lines: readonly string[]
  /** Resolves once that many lines have come. @throws when the worker ends before. */
  printed(count: number): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Kills it if it still runs; resolves when it is gone and its output has been read. */
  kill(): Promise<void>
  /** Resolves when it ended by itself. @throws unless with status 0. */
  done(): Promise<void>
}

export async function spawnWorker(target: Target, job: Job): Promise<Worker> {
  const script = await bundled(join(import.meta.dirname, 'worker.ts'))
  const child = spawn(process.execPath, [script, JSON.stringify({ target, job })], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let complaint = ''
  let ready = false
  let waiting = Promise.withResolvers<void>()
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  createInterface(child.stdout).on('line', (line) => {
    if (ready) lines.push(line)
    ready = true
    waiting.resolve()
    waiting = Promise.withResolvers<void>()
  })
  let ended = false
  const closed = once(child, 'close').then(() => {
    ended = true
    waiting.resolve()
  })
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) {
      if (ended) throw new Error(`worker ended early (${child.exitCode ?? child.signalCode}): ${complaint}`)
      await waiting.promise
    }
  }
  await until(() => ready)
  return {
    lines,
    printed: (count) => until(() => lines.length >= count),
    signal: (name) => void child.kill(name),
    kill: async () => {
      child.kill('SIGKILL')
      await closed
    },
    done: async () => {
      await closed
      if (child.exitCode !== 0) throw new Error(`worker failed (${child.exitCode ?? child.signalCode}): ${complaint}`)
    },
  }
}
