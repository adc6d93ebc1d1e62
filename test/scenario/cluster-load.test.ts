import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Line } from '../cli/program.ts'
import { cluster, Machine, room } from './machines.ts'

interface Sending {
  readonly texts: readonly string[]
  /** In the order of the texts; rejects when one was not acknowledged. */
  readonly seqs: Promise<readonly number[]>
}

interface Pace {
  readonly lines: number
  readonly everyMs: number
  readonly until: Promise<unknown>
}

/** Feeds a sender of its own with so many lines every `everyMs`, each acknowledged or an error. */
function send(machine: Machine, word: string, count: number, { lines, everyMs, until }: Pace): Sending {
  const texts = Array.from({ length: count }, (_, k) => `${word} ${k}`)
  const running = machine.start('send', 'demo', '-')
  const feed = async (): Promise<void> => {
    for (let from = 0; from < count; from += lines) {
      // The last line comes when all that was to happen meanwhile has happened.
      if (from + lines >= count) await until
      running.child.stdin.write(`${texts.slice(from, from + lines).join('\n')}\n`)
      await sleep(everyMs)
    }
    running.child.stdin.end()
  }
  const read = async (): Promise<readonly number[]> => {
    const seqs: number[] = []
    while (seqs.length < count) seqs.push((await running.next()).seq)
    const { code, stderr } = await running.end()
    if (code !== 0) throw new Error(`${word}: exit ${code}: ${stderr}`)
    return seqs
  }
  return { texts, seqs: Promise.all([read(), feed()]).then(([seqs]) => seqs) }
}

/** The leader's machine, once there is one that runs. */
async function leader(machines: readonly Machine[]): Promise<Machine> {
  for (;;) {
    for (const machine of machines) {
      const { leader: name } = await machine.status().catch(() => ({ leader: undefined }))
      const found = machines.find((one) => one.name === name)
      if (found !== undefined) return found
    }
  }
}

/** Each text stands once, at the number that its sender was told, and everybody sees the same. */
async function expectAll(machines: readonly Machine[], sendings: readonly Sending[]): Promise<void> {
  const [first = [], ...others] = await Promise.all(machines.map((machine) => machine.messages('demo')))
  for (const other of others) expect(other).toEqual(first)
  const bySeq = new Map<number, Line>(first.map((line) => [line.seq, line]))
  expect(bySeq.size).toBe(first.length)
  for (const { texts, seqs } of sendings) {
    const numbers = await seqs
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(numbers.map((seq) => bySeq.get(seq)?.text)).toEqual(texts)
  }
  expect(first.length).toBe(sendings.reduce((sum, { texts }) => sum + texts.length, 0))
}

test('four people send at once while two leaders are killed and a machine joins: nothing is lost, in one order', async () => {
  const nodes = await cluster(3)
  const [first] = nodes as [Machine, ...Machine[]]
  const guest = await Machine.at(3, 'guest')
  await guest.connect(await first.invite('--client', 'dan'))
  const machines = [...nodes, guest]
  await room('demo', machines)

  const words = ['ash', 'birch', 'cedar', 'date']
  const deaths = Promise.withResolvers<void>()
  const under = machines.map((machine, at) =>
    send(machine, words[at] as string, 500, { lines: 20, everyMs: 400, until: deaths.promise }),
  )
  const over = Promise.all(under.map(({ seqs }) => seqs))
  over.catch(() => {})
  for (let n = 0; n < 2; n += 1) {
    await sleep(1000)
    const victim = await leader(nodes)
    await victim.killNode()
    await sleep(1000)
    await victim.startNode()
  }
  deaths.resolve()
  await over
  await expectAll(machines, under)

  const newcomer = await Machine.at(4, 'node4')
  const invitation = await first.invite()
  const joined = Promise.withResolvers<void>()
  const meanwhile = machines.map((machine, at) =>
    send(machine, `${words[at]}, later`, 120, { lines: 2, everyMs: 100, until: joined.promise }),
  )
  await newcomer.join(invitation)
  joined.resolve()
  await Promise.all(meanwhile.map(({ seqs }) => seqs))
  await expectAll(machines, [...under, ...meanwhile])
}, 150_000)
