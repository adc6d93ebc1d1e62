import { expect, test } from 'vitest'
import { password, program } from '../cli/program.ts'
import { Terminal } from '../terminal/terminal.ts'
import { cluster, Machine, room } from './machines.ts'
import { expectAll, sendUntil } from './sending.ts'

/** Nodes at first; so many of them may die. */
const size = 5
const spare = (size - 1) / 2

/** A person who keeps talking in one process; resolves once the message is in the store. */
function talker(machine: Machine): (text: string) => Promise<void> {
  const running = machine.start('send', 'demo', '-')
  return async (text) => {
    running.child.stdin.write(`${text}\n`)
    await running.next()
  }
}

test('one node after the other is killed, and the chat goes on as long as a majority lives; one more joins', async () => {
  const machines = await cluster(size)
  await room('demo', machines)
  const [ada, ...others] = machines as [Machine, ...Machine[]]
  await using screen = Terminal.start({
    program,
    args: ['chat', 'demo'],
    columns: 120,
    env: {
      CONCLAVE_HOME: ada.home,
      CONCLAVE_PASSWORD: password,
      NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
    },
  })
  await screen.waitFor(`${size}/${size} nodes, can lose ${spare}`)
  const talkers = machines.map(talker)
  const acknowledged: string[] = []
  const say = async (at: number, text: string): Promise<void> => {
    await talkers[at]?.(text)
    acknowledged.push(text)
  }
  const allSay = (text: string): Promise<unknown> => Promise.all(machines.map((_, at) => say(at, `${text} ${at}`)))
  await allSay('hello')

  const victims = others.slice(0, spare)
  for (const [at, victim] of victims.entries()) {
    await victim.killNode()
    await say(at + 1, 'my node is gone')
    const left = spare - at - 1
    await screen.waitFor(`${size - at - 1}/${size} nodes, can lose ${left === 0 ? 'none' : left} more`)
    await allSay(`${at + 1} fewer`)
  }

  const [first, last] = [others[0] as Machine, others[spare] as Machine]
  await last.killNode()
  const survivor = others[spare + 1] ?? ada
  const [refused, queued, read] = await Promise.all([
    last.runInVain('send', 'demo', 'never sent'),
    survivor.runInVain('send', 'demo', 'sent later', '--queue'),
    first.runInVain('read', 'demo'),
    screen.waitFor(`${spare}/${size} nodes: start 1 more. You can read; what you send waits`),
  ])
  expect({ code: refused.code, error: refused.error.error, out: refused.stdout }).toEqual({
    code: 5,
    error: 'unavailable',
    out: '',
  })
  expect(refused.error.hint).toContain('--queue')
  expect({ code: queued.code, queued: queued.first }).toMatchObject({ code: 0, queued: { queued: true } })
  expect(read.code).toBe(5)
  expect(read.lines.filter(({ type }) => type === 'text').map(({ text }) => text)).toEqual(
    expect.arrayContaining(acknowledged),
  )

  await first.startNode()
  await allSay('back again')
  await survivor.done('send', 'demo', 'and this')
  await screen.waitFor(`${spare + 1}/${size} nodes, can lose none more`)
  await screen.waitFor('and this')

  const [seen, ...alike] = await Promise.all(machines.map((machine) => machine.messages('demo')))
  for (const other of alike) expect(other).toEqual(seen)
  const texts = seen?.map(({ text }) => text) ?? []
  expect(texts.toSorted()).toEqual([...acknowledged, 'sent later', 'and this'].toSorted())
  expect(seen?.map(({ seq }) => seq)).toEqual(texts.map((_, at) => at + 1))

  await Promise.all(others.slice(1, spare + 1).map((machine) => machine.startNode()))
  await screen.waitFor(`${size}/${size} nodes, can lose ${spare}`)
  const newcomer = await Machine.at(size, `node${size + 1}`)
  const joined = newcomer.join(await ada.invite())
  const pace = { lines: 1, everyMs: 100 }
  const meanwhile = machines.map((machine, at) => sendUntil(machine, `meanwhile ${at},`, pace, joined))
  await joined
  const sent = (await Promise.all(meanwhile.map(({ seqs }) => seqs))).flat().length
  // All the while, and not just before: a join takes some time.
  expect(sent).toBeGreaterThan(4 * machines.length)
  await screen.waitFor(`${size + 1}/${size + 1} nodes, can lose ${spare}`)
  await expectAll(machines, meanwhile, texts.length)
})
