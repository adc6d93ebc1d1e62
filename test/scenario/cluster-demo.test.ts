import { expect, test } from 'vitest'
import { password, program } from '../cli/program.ts'
import { Terminal } from '../terminal/terminal.ts'
import { cluster, Machine, room } from './machines.ts'
import { expectAll, sendUntil } from './sending.ts'

/** A person who goes on talking in one process; resolves with the message's number once it is acknowledged. */
function talker(machine: Machine): (text: string) => Promise<number> {
  const running = machine.start('send', 'demo', '-')
  return async (text) => {
    running.child.stdin.write(`${text}\n`)
    return (await running.next()).seq
  }
}

test('five machines: one node after the other is killed, and the chat goes on as long as a majority lives; a sixth joins', async () => {
  const machines = await cluster(5)
  await room('demo', machines)
  const [ada, bob, cleo, dan, eve] = machines as [Machine, Machine, Machine, Machine, Machine]
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
  await screen.waitFor('5/5 nodes, can lose 2')
  const talkers = machines.map(talker)
  const acknowledged: string[] = []
  const say = async (at: number, text: string): Promise<void> => {
    await talkers[at]?.(text)
    acknowledged.push(text)
  }
  const allSay = (text: string): Promise<unknown> => Promise.all(machines.map((_, at) => say(at, `${text} ${at}`)))
  await allSay('hello')

  await bob.killNode()
  await say(1, 'my node is gone')
  await screen.waitFor('4/5 nodes, can lose 1 more')
  await allSay('one node less')

  await cleo.killNode()
  await say(2, 'mine too')
  await screen.waitFor('3/5 nodes, can lose none more')
  await allSay('two nodes less')

  await dan.killNode()
  await screen.waitFor('2/5 nodes: start 1 more. You can read; what you send waits')
  const [refused, queued, read] = await Promise.all([
    dan.run('send', 'demo', 'never sent'),
    eve.run('send', 'demo', 'sent later', '--queue'),
    bob.run('read', 'demo'),
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

  await bob.startNode()
  await allSay('back again')
  await eve.done('send', 'demo', 'and this')
  await screen.waitFor('3/5 nodes, can lose none more')
  await screen.waitFor('and this')

  const [first, ...others] = await Promise.all(machines.map((machine) => machine.messages('demo')))
  for (const other of others) expect(other).toEqual(first)
  const texts = first?.map(({ text }) => text) ?? []
  expect(texts.toSorted()).toEqual([...acknowledged, 'sent later', 'and this'].toSorted())
  expect(first?.map(({ seq }) => seq)).toEqual(texts.map((_, at) => at + 1))

  await Promise.all([cleo, dan].map((machine) => machine.startNode()))
  await screen.waitFor('5/5 nodes, can lose 2')
  const sixth = await Machine.at(5, 'node6')
  const joined = sixth.join(await ada.invite())
  // Together forty a second.
  const pace = { lines: 1, everyMs: 100 }
  const meanwhile = [ada, bob, dan, eve].map((machine, at) => sendUntil(machine, `meanwhile ${at},`, pace, joined))
  await joined
  const sent = (await Promise.all(meanwhile.map(({ seqs }) => seqs))).flat().length
  // All the while, and not just before: a join takes some seconds.
  expect(sent).toBeGreaterThan(4 * 4)
  await screen.waitFor('6/6 nodes, can lose 2')
  await expectAll(machines, meanwhile, texts.length)
})
