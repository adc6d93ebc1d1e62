import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { asked, conclave, expectRestored, home, signUp, start } from './person.ts'
import { keys } from './terminal.ts'

const tryOut = fileURLToPath(new URL('../tui/try-out.ts', import.meta.url))
const password = 'marmot-violin-pumice-84-ladder'

describe('a first evening', () => {
  it('signs up, makes a room, talks, goes back and quits, and leaves the terminal as it was', async () => {
    const folder = home()
    const first = start(folder)
    const passphrase = await signUp(first, 'ada')
    first.enter('demo')
    await first.waitFor('ada created this room.')
    first.enter('Hello to myself')
    await first.waitForMessage('ada │ Hello to myself')
    first.send(keys.allRooms)
    await first.waitFor(/Your rooms\n.*demo/)
    first.send(keys.ctrl('c'))
    await first.waitFor('Quit Conclave?')
    first.send('y')
    expect(await first.exit()).toEqual({ code: 0, signal: 0 })
    expectRestored(first)
    expect(first.text()).not.toContain('demo')

    const again = start(folder, { args: ['--as', 'ada', 'chat', 'demo'] })
    await again.waitFor('passphrase >')
    again.enter('not the passphrase')
    await again.waitFor(/[Ww]rong pass/)
    again.enter(passphrase)
    await again.waitForMessage('ada │ Hello to myself')
    expect(again.output).not.toContain(passphrase)
    again.enter('/quit')
    expect(await again.exit()).toEqual({ code: 0, signal: 0 })
    expectRestored(again)
  })

  it('takes a password that one chose, and shows the recovery code once', async () => {
    const terminal = start(home())
    await terminal.waitFor('name >')
    terminal.enter('ada')
    await terminal.waitFor('Sign up as ada')
    terminal.send(keys.enter)
    await terminal.waitFor('this is your passphrase')
    terminal.enter('hunter2')
    await terminal.waitFor('too weak')
    terminal.enter(password)
    await terminal.waitFor('repeat passphrase >')
    terminal.enter(password)
    const shown = await terminal.waitFor('recovery code:')
    const code = /[0-9A-Z]{4}(?:-[0-9A-Z]{4}){7}/.exec(shown.join('\n'))?.[0] ?? ''
    // A doubled Enter doesn't burn it.
    terminal.send(keys.enter + keys.enter)
    await terminal.waitFor(/group (\d) >/)
    terminal.send(keys.escape)
    await terminal.waitFor(code)
    terminal.send(keys.enter)
    terminal.enter(await asked(terminal, /group (\d) >/, code))
    await terminal.waitFor('Enter: open')
    expect(terminal.output).not.toContain(password)
    terminal.enter('/quit')
    expect((await terminal.exit()).code).toBe(0)
  })

  it.each([
    [60, 20],
    [80, 24],
    [120, 36],
  ])('fits %i × %i, and whatever the window becomes', async (columns, rows) => {
    const terminal = start(home(), { columns, rows })
    await signUp(terminal, 'ada')
    terminal.enter('demo')
    await terminal.waitFor('ada created this room.')
    const text = 'word '.repeat(20).trim()
    terminal.enter(text)
    await terminal.waitForMessage(text)
    for (const [width, height] of [
      [40, 12],
      [132, 40],
      [columns, rows],
    ] as const) {
      terminal.resize(width, height)
      await terminal.waitFor(
        (screen) => screen.length === height && /^ demo/.test(screen[0] ?? '') && / >$/.test(screen.at(-1) ?? ''),
      )
      await terminal.waitForMessage(text)
    }
  })
})

describe('the terminal is given back', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('after %s', async (signal, code) => {
    const terminal = start(home())
    await terminal.waitFor('name >')
    expect(terminal.alternate).toBe(true)
    terminal.kill(signal)
    expect((await terminal.exit()).code).toBe(code)
    expectRestored(terminal)
  })

  it('after a defect, and then says what went wrong', async () => {
    const node = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
    const terminal = start(home(), { program: node, args: [tryOut, 'at-once', 'crash'] })
    await terminal.waitFor('release on Friday')
    terminal.enter('crash')
    expect((await terminal.exit()).code).toBe(1)
    expectRestored(terminal)
    expect(terminal.text()).toContain('a defect')
  })

  it('also where errors go to a file', async () => {
    const folder = home()
    const terminal = start(folder, { program: 'sh', args: ['-c', `exec '${conclave}' 2>'${folder}/errors'`] })
    await terminal.waitFor('name >')
    terminal.send(keys.escape)
    await terminal.waitFor('Quit Conclave?')
    terminal.send('y')
    expect((await terminal.exit()).code).toBe(0)
    expectRestored(terminal)
    expect(readFileSync(`${folder}/errors`, 'utf8')).toBe('')
  })

  it('while the program is in the background', async () => {
    const terminal = start(home(), { program: 'bash', args: ['--norc', '--noprofile', '--noediting', '-i'] })
    terminal.enter(`PS1='shell> '; '${conclave}'`)
    await terminal.waitFor('name >')
    terminal.send('ad')
    await terminal.waitFor('name > ad')
    terminal.send(keys.ctrl('z'))
    await terminal.waitFor(/Stopped[^]*shell>/)
    expectRestored(terminal)
    terminal.enter('fg')
    await terminal.waitFor('name > ad')
    expect(terminal.alternate).toBe(true)
    terminal.send(keys.ctrl('c'))
    await terminal.waitFor('Quit Conclave?')
    terminal.send(keys.ctrl('c'))
    await terminal.waitFor((screen) => !terminal.alternate && screen.join('\n').trimEnd().endsWith('shell>'))
    expectRestored(terminal)
  })
})

describe('a terminal without colours', () => {
  it('gets none', async () => {
    const terminal = start(home(), { env: { NO_COLOR: '1' } })
    await signUp(terminal, 'ada')
    terminal.enter('demo')
    await terminal.waitFor('ada created this room.')
    terminal.enter('in black and white')
    await terminal.waitForMessage('ada │ in black and white')
    expect(terminal.output).not.toMatch(/\x1b\[[0-9;]*(?:;|\[)(?:3[0-8]|9[0-7])[;m]/)
  })
})

describe("others' text", () => {
  it('never moves the cursor, sets a title or clears the screen', async () => {
    const folder = home()
    const terminal = start(folder, { columns: 100 })
    const passphrase = await signUp(terminal, 'ada')
    let title = ''
    terminal.emulator.onTitleChange((changed) => (title = changed))
    terminal.enter('demo')
    await terminal.waitFor('ada created this room.')
    const evil = 'evil \x1b[2J\x1b]0;owned\x07\x1b[1;1Hmoved\x9b5mblink \u202eright to left'
    // By the command line, which sends what it is given.
    const sender = start(folder, {
      args: ['--as', 'ada', 'send', 'demo', evil],
      env: { CONCLAVE_PASSWORD: passphrase },
    })
    expect((await sender.exit()).code).toBe(0)
    await terminal.waitForMessage('evil ␛[2J␛]0;owned␇␛[1;1Hmoved<U+009B>5mblink <U+202E>right to left')
    expect(title).toBe('demo · Conclave')
    expect(terminal.screen()[0]).toMatch(/^ demo/)
    terminal.send('next')
    await terminal.waitFor('> next')
    expect(terminal.cursor).toEqual({ row: 23, column: 7 })
  })
})
