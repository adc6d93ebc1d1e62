import { expect, it } from 'vitest'
import type { Chat } from '../../src/chat/chat.ts'
import { connect } from '../../src/index.ts'
import { until } from '../node/processes.ts'
import { expectRestored, home, start } from './person.ts'
import { keys, type Terminal } from './terminal.ts'

const password = 'marmot-violin-pumice-84-ladder'

/** Resolves once the home holds this draft. */
async function kept(folder: string, text: string): Promise<void> {
  await using chat = await connect({ home: folder, as: 'ada', password })
  const { id } = await chat.open('demo')
  await until(async () => (await (chat as Chat).typed.read(id)).draft?.text === text)
}

it('a draft survives hang-up, a kill and a restart; sent lines are found again', async () => {
  const folder = home()
  {
    await using chat = await connect({ home: folder, as: 'ada', password, signUp: true })
    await chat.create('demo')
  }
  const inDemo = async (columns: number): Promise<Terminal> => {
    const env = { CONCLAVE_PASSWORD: password }
    const ada = start(folder, { columns, args: ['--as', 'ada', 'chat', 'demo'], env })
    await ada.waitForMessage('ada created this room.')
    return ada
  }
  const line = (terminal: Terminal): string => terminal.screen().at(-1) ?? ''

  const first = await inDemo(60)
  first.enter('the first line')
  await first.waitForMessage('ada │ the first line')
  first.send('see you at')
  await first.waitFor('> see you at')
  first.kill('SIGHUP')
  expect((await first.exit()).code).toBe(129)
  expectRestored(first)

  const second = await inDemo(80)
  expect(line(second)).toBe(' > see you at')
  second.send(' eight')
  await second.waitFor('> see you at eight')
  await kept(folder, 'see you at eight')
  second.kill('SIGKILL')
  await second.exit()

  // Another program of the same home shows it too, sends it, and then it is gone for both.
  const third = await inDemo(120)
  expect(line(third)).toBe(' > see you at eight')
  third.send(keys.enter)
  await third.waitForMessage('ada │ see you at eight')
  third.kill('SIGHUP')
  await third.exit()
  const last = await inDemo(200)
  expect(line(last)).toBe(' >')
  last.send(keys.up)
  await last.waitFor((screen) => screen.at(-1) === ' > see you at eight')
  last.send(keys.up)
  await last.waitFor((screen) => screen.at(-1) === ' > the first line')
})
