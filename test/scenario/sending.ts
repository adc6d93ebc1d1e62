/** People who send many lines at the same time, and whether all of them are there in the end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Line } from '../cli/in-process.ts'
import type { Machine } from './machines.ts'

export interface Sending {
  readonly texts: readonly string[]
  /** The numbers so far, in the order of the texts. */
  readonly acknowledged: readonly number[]
  /** All of them, once the texts are complete; rejects when one was not acknowledged. */
  readonly seqs: Promise<readonly number[]>
}

/** So many lines every `everyMs`, whether or not the ones before were acknowledged. */
interface Pace {
  readonly lines: number
  readonly everyMs: number
}

/** One person's lines without end, until everything that was to happen meanwhile has happened. */
export function sendUntil(machine: Machine, word: string, pace: Pace, until: Promise<unknown>): Sending {
  const texts: string[] = []
  const acknowledged: number[] = []
  const running = machine.start('send', 'demo', '-')
  const write = async (): Promise<void> => {
    let over = false
    const end = (): boolean => (over = true)
    until.then(end, end)
    while (!over) {
      const more = Array.from({ length: pace.lines }, (_, k) => `${word} ${texts.length + k}`)
      texts.push(...more)
      running.child.stdin.write(more.map((text) => `${text}\n`).join(''))
      await sleep(pace.everyMs)
    }
    running.child.stdin.end()
  }
  const read = async (): Promise<void> => {
    for (;;) acknowledged.push((await running.next()).seq)
  }
  const send = async (): Promise<readonly number[]> => {
    // Reading ends with an error when there is nothing more to read.
    await Promise.allSettled([write(), read()])
    const { code, stderr } = await running.end()
    if (code !== 0) throw new Error(`${word}: exit ${code}: ${stderr}`)
    return acknowledged
  }
  return { texts, acknowledged, seqs: send() }
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
