import { expect, test } from 'vitest'
import { password, program } from '../cli/program.ts'
import { Terminal } from '../terminal/terminal.ts'
import { Machine } from './machines.ts'

test('the embedded store moves into a cluster whole, and whoever is still on the old one is told and can’t write', async () => {
  const machine = await Machine.at(0, 'node1')
  await machine.done('signup', 'ada')
  await machine.done('create', 'demo')
  await machine.input('one\ntwo\nthree\n', 'send', 'demo', '-')
  const read = (await machine.done('read', 'demo')).lines
  await using screen = Terminal.start({
    program,
    args: ['chat', 'demo'],
    columns: 120,
    env: {
      CONCLAVE_HOME: machine.home,
      CONCLAVE_PASSWORD: password,
      NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
    },
  })
  await screen.waitForMessage('three')
  const sender = machine.start('send', 'demo', '-')
  sender.child.stdin.write('before the move\n')
  await sender.next()
  const before = (await machine.done('verify', 'demo')).first
  expect(before).toMatchObject({ ok: true, messages: 4, damage: [], voids: [] })

  await machine.found('--from-local')
  await screen.waitFor('This store has moved')
  await screen.waitFor(machine.endpoint)
  screen.enter('typed into the old one')
  sender.child.stdin.write('after the move\n')
  const { code, error } = await sender.end()
  expect({ code, error: error.error }).toEqual({ code: 4, error: 'closed' })
  expect(error.hint).toContain(machine.endpoint)
  await screen.waitFor(/not sent/)

  expect((await machine.done('verify', 'demo')).first).toEqual(before)
  expect((await machine.done('read', 'demo')).lines.slice(0, read.length)).toEqual(read)
  expect((await machine.messages('demo')).map(({ text }) => text)).toEqual(['one', 'two', 'three', 'before the move'])
  const old = await machine.run('--store', `sqlite:${machine.home}/store.db`, 'read', 'demo')
  expect({ code: old.code, error: old.error.error }).toEqual({ code: 4, error: 'closed' })
})
