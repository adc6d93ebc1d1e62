import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { expectRestored, home, start } from './person.ts'
import { keys, mouse, type Terminal } from './terminal.ts'

const password = 'marmot-violin-pumice-84-ladder'

function placeOf(terminal: Terminal, text: string): { row: number; column: number } {
  const screen = terminal.screen()
  const row = screen.findIndex((line) => line.includes(text))
  return { row, column: screen[row]?.indexOf(text) ?? 0 }
}

function clickOn(terminal: Terminal, text: string): void {
  const { row, column } = placeOf(terminal, text)
  terminal.send(mouse.click(row, column))
}

it('rooms and messages are clicked, links are the terminal’s, and the mouse is given back', async () => {
  const folder = home()
  const url = `https://a.example/${'way/'.repeat(20)}end`
  {
    await using chat = await connect({ home: folder, as: 'ada', password, signUp: true })
    const demo = await chat.create('demo')
    await chat.create('ops')
    await demo.send('the first of two')
    await (
      await demo.send(`see ${url}`)
    ).sent
  }
  const env = { CONCLAVE_PASSWORD: password }
  const ada = start(folder, { columns: 80, args: ['--as', 'ada', 'chat', 'demo'], env })
  await ada.waitForMessage('way/end')
  await ada.waitFor('2 ops')
  await ada.waitFor(() => ada.emulator.modes.mouseTrackingMode === 'vt200')
  await ada.waitForOutput('\x1b[?1006h')
  const begun = () => Array.from(ada.output.matchAll(/\x1b\]8;id=([0-9a-z]+);([^\x1b]*)\x1b\\/g))
  await ada.waitFor(() => ada.output.split('\x1b]8;;\x1b\\').length - 1 === begun().length)
  const begins = begun()
  expect(new Set(begins.map(([, id]) => id)).size).toBe(1)
  expect(new Set(begins.map(([, , address]) => address))).toEqual(new Set([url]))
  expect(begins.length).toBeGreaterThan(1)

  clickOn(ada, 'the first of two')
  await ada.waitFor(/›\d\d:\d\d +ada │ the first of two/)
  ada.send(keys.escape)
  await ada.waitUntilGone('j/k move')
  clickOn(ada, 'way/end')
  await ada.waitForOutput(`\x1b]52;c;${Buffer.from(url).toString('base64')}`)
  clickOn(ada, '2 ops')
  await ada.waitFor('›2 ops')
  clickOn(ada, '1 demo')
  await ada.waitForMessage('the first of two')

  // The click that brings the window to the front selects nothing: letters go to the line.
  const { row, column } = placeOf(ada, 'the first of two')
  ada.send(`\x1b[O\x1b[I${mouse.click(row, column)}`)
  ada.send('x')
  await ada.waitFor((screen) => screen.at(-1) === ' > x')
  ada.send(keys.ctrl('c'))
  await ada.waitFor((screen) => screen.at(-1) === ' >')

  // Off as soon as the home says so, and on again.
  const config = join(folder, 'config.json')
  const before = readFileSync(config, 'utf8')
  writeFileSync(config, JSON.stringify({ ...(JSON.parse(before) as object), terminal: { mouse: false } }))
  ada.send('\x1b[I')
  await ada.waitFor(() => ada.emulator.modes.mouseTrackingMode === 'none')
  writeFileSync(config, before)
  ada.send('\x1b[I')
  await ada.waitFor(() => ada.emulator.modes.mouseTrackingMode === 'vt200')

  ada.enter('/quit')
  await ada.exit()
  expectRestored(ada)
})
