/** People who send many lines, each in a process of his own, and whether all of them are there in the end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Line } from '../cli/program.ts'
import type { Machine } from './machines.ts'

export interface Sending {
  readonly texts: readonly string[]
  /** In the order of the texts, which are complete then; rejects when one was not acknowledged. */
  readonly seqs: Promise<readonly number[]>
}

/** So many lines every `everyMs`, whether or not the ones before were acknowledged. */
interface Pace {
  readonly lines: number
  readonly everyMs: number
}

/** `count` lines of one person's, the last of them when all that was to happen meanwhile has happened. */
export function send(machine: Machine, word: string, count: number, pace: Pace, until: Promise<unknown>): Sending {
  return feed(machine, word, async (write) => {
    for (let sent = 0; sent < count; sent += pace.lines) {
      if (sent + pace.lines >= count) await until
      write(pace.lines)
      await sleep(pace.everyMs)
    }
  })
}

/** Lines without end, until all that was to happen meanwhile has happened. */
export function sendUntil(machine: Machine, word: string, pace: Pace, until: Promise<unknown>): Sending {
  return feed(machine, word, async (write) => {
    let over = false
    const end = (): boolean => (over = true)
    until.then(end, end)
    while (!over) {
      write(pace.lines)
      await sleep(pace.everyMs)
    }
  })
}

/** A sender of his own, each line acknowledged or an error. */
function feed(machine: Machine, word: string, act: (write: (lines: number) => void) => Promise<void>): Sending {
  const texts: string[] = []
  const running = machine.start('send', 'demo', '-')
  const write = (lines: number): void => {
    const more = Array.from({ length: lines }, (_, k) => `${word} ${texts.length + k}`)
    texts.push(...more)
    running.child.stdin.write(more.map((text) => `${text}\n`).join(''))
  }
  const run = async (): Promise<readonly number[]> => {
    await act(write)
    running.child.stdin.end()
    const { code, stderr, lines } = await running.end()
    if (code !== 0) throw new Error(`${word}: exit ${code}: ${stderr}`)
    return lines.map(({ seq }) => seq)
  }
  return { texts, seqs: run() }
}

/** Each text stands once, at the number that its sender was told, behind `before` others; everybody sees the same. */
export async function expectAll(machines: readonly Machine[], sendings: readonly Sending[], before = 0): Promise<void> {
  const [first = [], ...others] = await Promise.all(machines.map((machine) => machine.messages('demo')))
  for (const other of others) expect(other).toEqual(first)
  const bySeq = new Map<number, Line>(first.map((line) => [line.seq, line]))
  expect(bySeq.size).toBe(first.length)
  for (const { texts, seqs } of sendings) {
    const numbers = await seqs
    expect(numbers).toHaveLength(texts.length)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(numbers.map((seq) => bySeq.get(seq)?.text)).toEqual(texts)
  }
  expect(first.length).toBe(sendings.reduce((sum, { texts }) => sum + texts.length, before))
}
