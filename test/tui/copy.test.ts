import { describe, expect, it } from 'vitest'
import { Signals } from '../../src/tui/terminal/signals.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { FakeWorld, person } from './fake.ts'

const bob = person('bob')

async function withMessage(text: string) {
  const world = new FakeWorld(() => 0)
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', person('ada'), [bob])
  const drive = await Drive.inside(world, 'ada')
  await drive.type('/join demo\r')
  demo.say(bob, text)
  await drive.type(keys.shiftUp)
  const copies = (): readonly unknown[] => drive.effects.filter((effect) => effect.do === 'copy')
  return { drive, demo, copies }
}

describe('copying the selected message', () => {
  it.each([
    ['y', 'see https://a.example/x?y=1#z.', { what: 'message', text: 'see https://a.example/x?y=1#z.' }],
    ['Y', 'see https://a.example/x?y=1#z.', { what: 'link', text: 'https://a.example/x?y=1#z' }],
    ['Y', '(http://a.example/b) and https://c.example', { what: 'link', text: 'http://a.example/b' }],
    ['Y', 'no link: ftp://a.example, xhttps://b.example', undefined],
  ])('%s on %j', async (key, text, expected) => {
    const { drive, copies } = await withMessage(text)
    expect(drive.text()).toContain('y copy')
    await drive.type(key)
    expect(copies()).toEqual(expected === undefined ? [] : [{ do: 'copy', ...expected }])
    if (expected === undefined) expect(drive.text()).toContain('There is no link to copy here.')
  })

  it('takes the text as it was edited, and nothing of a deleted message', async () => {
    const { drive, demo, copies } = await withMessage('frist')
    const to = demo.log.at(-1)
    const id = to?.kind === 'message' ? to.id : ''
    demo.say(bob, { type: 'edit', to: id, text: 'first' })
    await drive.type('y')
    expect(copies()).toEqual([{ do: 'copy', what: 'message', text: 'first' }])
    demo.say(bob, { type: 'delete', to: id })
    await drive.type('y')
    expect(copies().length).toBe(1)
    expect(drive.text()).toContain('There is no text to copy here.')
  })

  it('says what was done, or that the terminal has no clipboard', async () => {
    const { drive } = await withMessage('text')
    drive.happen({ kind: 'copied', what: 'message', isTold: true })
    expect(drive.text()).toContain('Copied the message.')
    drive.happen({ kind: 'copied', what: 'message', isTold: false })
    expect(drive.text()).toContain("This terminal can't copy.")
  })
})

describe('the sequence', () => {
  const text = 'two 👋🏽\n\x1b]52;c;x\x07'
  const plain = `\x1b]52;c;${Buffer.from(text).toString('base64')}\x1b\\`

  it('holds nothing but base64', () => {
    expect(new Signals({ TERM: 'xterm-256color' }).copy(text)).toBe(plain)
    expect(plain).toMatch(/^\x1b\]52;c;[A-Za-z0-9+/=]*\x1b\\$/)
  })

  it('goes through tmux, and to tmux itself', () => {
    const doubled = plain.replaceAll('\x1b', '\x1b\x1b')
    expect(new Signals({ TERM: 'tmux-256color', TMUX: '/tmp/t,1,0' }).copy(text)).toBe(
      `${plain}\x1bPtmux;${doubled}\x1b\\`,
    )
  })

  it('goes through screen in pieces that it takes', () => {
    const output = new Signals({ TERM: 'screen', STY: '1.pts' }).copy('x'.repeat(16_384))
    const parts = Array.from(output.matchAll(/\x1bP([^\x1b]*(?:\x1b\][^\x1b]*)?)\x1b\\/g), ([, part]) => part ?? '')
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(250)
    expect(parts.join('')).toBe(`\x1b]52;c;${Buffer.from('x'.repeat(16_384)).toString('base64')}\x07`)
  })

  it.each(['linux', 'dumb', 'vt100'])('is not sent to %s, which would show it', (TERM) => {
    expect(new Signals({ TERM }).copy(text)).toBe('')
  })
})
