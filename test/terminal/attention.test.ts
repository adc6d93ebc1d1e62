import { describe, expect, it } from 'vitest'
import { connect, type Chat } from '../../src/index.ts'
import { done } from '../cli/in-process.ts'
import { expectRestored, home, start } from './person.ts'
import type { Terminal, TerminalOptions } from './terminal.ts'
import { keys } from './terminal.ts'

const password = 'marmot-violin-pumice-84-ladder'
const [focusIn, focusOut] = ['\x1b[I', '\x1b[O']

interface Scene {
  /** Acts from a program of his own. */
  readonly bob: Chat
  /** A program of Ada's, in `other`. */
  ada(options?: Partial<TerminalOptions>): Promise<Terminal>
}

/** Ada, in `demo` and `other`, and Bob. */
async function scene(): Promise<Scene> {
  const folder = home()
  const ada = await connect({ home: folder, as: 'ada', password, signUp: true })
  await ada.create('demo')
  await ada.create('other')
  await ada.close()
  const bob = await connect({ home: folder, as: 'bob', password, signUp: true })
  return {
    bob,
    ada: async (options = {}) => {
      const env = { CONCLAVE_PASSWORD: password, ...options.env }
      const terminal = start(folder, { args: ['--as', 'ada', 'chat', 'other'], ...options, env })
      await terminal.waitForMessage('ada created this room.')
      return terminal
    },
  }
}

/** The bells that were rung, without those that end a sequence. */
function bells({ output }: Terminal): number {
  return output.replace(/\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g, '').split('\x07').length - 1
}

describe.each([80, 120])('at %i columns', (columns) => {
  it('a request to join a room that is not open is seen and heard at once, in every program', async () => {
    const { bob, ada } = await scene()
    const programs = [await ada({ columns }), await ada({ columns })]
    const asked = await bob.join('demo')
    for (const terminal of programs) {
      await terminal.waitFor(/^ bob asks to join demo · local store/m, 10_000)
      await terminal.waitFor(/demo +\+1/)
      await terminal.waitForOutput('\x1b]9;Conclave: bob asks to join demo\x1b\\')
      await terminal.waitForOutput('\x1b]2;(1) other · Conclave\x1b\\')
      expect(bells(terminal)).toBe(1)
    }
    const [first, second] = programs as [Terminal, Terminal]
    first.send(keys.alt('a'))
    await first.waitForMessage('bob asks to join')
    first.enter('!bob')
    await first.waitForMessage('ada let bob in.')
    await second.waitUntilGone('bob asks to join demo')
    await second.waitForOutput(/Conclave\x1b\\[^]*\x1b\]2;other · Conclave\x1b\\/)

    // What is said in front of nobody is unread, and told.
    first.send(focusOut)
    const room = await asked.wait()
    for (const text of ['ada: are you there?', 'at eight?']) await (await room.send(text)).sent
    await first.waitFor(/─ 2 new since \d\d:\d\d ─/)
    await first.waitForOutput('\x1b]9;Conclave: bob mentions you in demo\x1b\\')
    await second.waitFor(/demo +2!/)
    first.send(focusIn)
    await second.waitFor((screen) => !/demo +2!/.test(screen.join('\n')))
    expect(first.text()).toMatch(/─ 2 new since \d\d:\d\d ─/)
    await bob.close()
  })

  it('an invitation, and a first direct message, are pointed at and not taken up', async () => {
    const { bob, ada } = await scene()
    const terminal = await ada({ columns, env: { TERM: 'xterm-kitty' } })
    const room = await bob.create('trip', { unlisted: true })
    await room.invite('ada', { trustNew: true })
    await terminal.waitFor('invitation to trip from someone calling themselves bob', 10_000)
    await terminal.waitFor(/trip +invite/)
    await terminal.waitForOutput(
      '\x1b]99;i=conclave:p=body;invitation to trip from someone calling themselves bob\x1b\\',
    )
    const direct = await bob.dm('ada', { trustNew: true })
    await (
      await direct.send('hello')
    ).sent
    await terminal.waitForOutput('first direct message from someone calling themselves bob\x1b\\')
    expect(bells(terminal)).toBe(2)
    terminal.send(keys.alt('a'))
    await terminal.waitFor(/› +trip/)
    terminal.send(keys.alt('a'))
    await terminal.waitFor(/› +@bob/)
    terminal.send(keys.enter)
    await terminal.waitFor('Trust')
    await bob.close()
  })
})

it('a request is seen on another machine of the same person, which has a home of its own', async () => {
  const [folder, other] = [home(), home()]
  const store = `sqlite:${folder}/shared.db`
  const { passphrase } = (await done(['signup', 'ada'], { home: folder, store, password: null })).first
  const adas = { store, as: 'ada', password: String(passphrase) }
  await done(['create', 'demo'], { ...adas, home: folder })
  await done(['create', 'other'], { ...adas, home: folder })
  await done(['login', 'ada'], { ...adas, home: other })
  const terminal = start(other, {
    args: ['--store', store, '--as', 'ada', 'chat', 'other'],
    env: { CONCLAVE_PASSWORD: adas.password },
  })
  await terminal.waitForMessage('ada created this room.')
  const bob = await connect({ home: folder, store, as: 'bob', password, signUp: true })
  await bob.join('demo')
  await terminal.waitFor('bob asks to join demo')
  await terminal.waitForOutput('\x1b]9;Conclave: bob asks to join demo\x1b\\')
  await bob.close()
})

it('do not disturb lasts beyond the program, and silences without hiding anything, at 60 columns too', async () => {
  const { bob, ada } = await scene()
  const first = await ada({ columns: 60 })
  first.enter('/dnd')
  await first.waitFor('Do not disturb is on')
  first.enter('/quit')
  await first.exit()
  const again = await ada({ columns: 60 })
  await again.waitFor('do not disturb')
  await bob.join('demo')
  await again.waitFor(/^ bob asks to join demo · local store · do not disturb/m)
  await again.waitForOutput('\x1b]2;(1) other · Conclave\x1b\\')
  expect(bells(again)).toBe(0)
  expect(again.output).not.toContain('\x1b]9;')
  await bob.close()
})

describe('the terminal', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['foot', { TERM: 'foot' }, '\x1b]777;notify;Conclave;bob asks to join demo\x1b\\'],
    ['tmux', { TMUX: '/tmp/none' }, '\x1bPtmux;\x1b\x1b]9;Conclave: bob asks to join demo\x1b\x1b\\\x1b\\'],
    ['iTerm2', { TERM_PROGRAM: 'iTerm.app' }, '\x1b]9;Conclave: bob asks to join demo\x1b\\'],
  ])('is called in the way of %s', async (_name, env, wanted) => {
    const { bob, ada } = await scene()
    const terminal = await ada({ env })
    await bob.join('demo')
    await terminal.waitForOutput(wanted)
    await bob.close()
  })

  it('gets no notification while it is in front, and a bell', async () => {
    const { bob, ada } = await scene()
    const terminal = await ada()
    terminal.send(focusIn)
    terminal.send('x')
    await terminal.waitFor('> x')
    await bob.join('demo')
    await terminal.waitFor('bob asks to join demo')
    await terminal.waitForOutput('\x07')
    expect(terminal.output).not.toContain('\x1b]9;')
    await bob.close()
  })

  it('gets its title and its reports back at the end', async () => {
    const { bob, ada } = await scene()
    await bob.close()
    const terminal = await ada()
    await terminal.waitFor(() => terminal.emulator.modes.sendFocusMode)
    await terminal.waitForOutput(/\x1b\[22;0t[^]*\x1b\]2;/)
    terminal.enter('/quit')
    await terminal.exit()
    expectRestored(terminal)
  })
})
