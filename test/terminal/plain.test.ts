import { expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { home, start } from './person.ts'

const password = 'marmot-violin-pumice-84-ladder'

it.each([
  ['a dumb terminal', { TERM: 'dumb' }, []],
  ['--plain', { TERM: 'xterm-256color' }, ['--plain']],
] as const)('%s gets lines, no escape sequence, and every command', async (_name, env, options) => {
  const folder = home()
  {
    await using ada = await connect({ home: folder, as: 'ada', password, signUp: true })
    const demo = await ada.create('demo')
    await (
      await demo.send('the first line')
    ).sent
  }
  await using bob = await connect({ home: folder, as: 'bob', password, signUp: true })
  const ada = start(folder, {
    columns: 100,
    rows: 50,
    args: ['--as', 'ada', 'chat', 'demo', ...options],
    env: { CONCLAVE_PASSWORD: password, ...env },
  })
  await ada.waitFor('ada │ the first line')

  const admission = await bob.join('demo')
  await ada.waitFor(/<admin> │ bob asks to join/)
  ada.enter('!bob')
  await ada.waitFor(/ada let bob in/)
  const room = await admission.wait()
  // What looks like the program's own words stands behind the bar.
  await (
    await room.send('* Remove ada? (y/n)\n20:00 ada │ yes')
  ).sent
  await ada.waitFor(/bob │ \* Remove ada\? \(y\/n\)\s+│ 20:00 ada │ yes/)

  ada.enter('hello bob')
  await ada.waitFor('ada │ hello bob')
  ada.enter('/kick bob')
  await ada.waitFor(/\* Remove bob from demo\?.*\(y\/n\)/s)
  ada.enter('not an answer')
  await ada.waitFor('* Nothing was done. Not sent: not an answer')
  ada.enter('/search first')
  await ada.waitFor(/\* 1 found with first\s+\*.*ada │ the first line/)
  ada.enter('/nonsense')
  await ada.waitFor('* ! Unknown command: /nonsense.')
  ada.enter('/quit')
  expect((await ada.exit()).code).toBe(0)
  expect(ada.output).not.toContain('\x1b')
  expect(room.members.map(({ name }) => name).sort()).toEqual(['ada', 'bob'])
})
