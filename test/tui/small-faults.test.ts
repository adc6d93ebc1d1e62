import { describe, expect, it } from 'vitest'
import { windowMax } from '../../src/tui/state/timeline.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { ada, bob, inDemo } from './in-demo.ts'

describe('what is new further down', () => {
  it('is no change of a message, and nothing of one’s own', async () => {
    const { demo, drive } = await inDemo()
    for (let n = 0; n < 40; n += 1) demo.say(n % 2 ? ada : bob, `message ${n}.`)
    await drive.type(keys.shiftUp + 'd')
    await drive.type('y')
    expect(drive.text()).toMatch(/ada · \(deleted\)/)
    expect(drive.text()).not.toContain('↓ 1 new')
    await drive.type(keys.escape + keys.pageUp)
    demo.say(bob, { type: 'react', to: String(1).padStart(32, '0'), emoji: '🎉', on: true })
    demo.say(ada, 'from another machine')
    expect(drive.text()).not.toMatch(/↓ \d new/)
    demo.say(bob, 'something new')
    expect(drive.text()).toContain('↓ 1 new')
  })
})

describe('input history', () => {
  it('begins with the newest line again after Ctrl-C', async () => {
    const { drive } = await inDemo()
    await drive.type('one\rtwo\rthree\r')
    await drive.type(keys.up + keys.up)
    expect(drive.chat.editor.text).toBe('two')
    await drive.type(keys.ctrl('c') + keys.up)
    expect(drive.chat.editor.text).toBe('three')
  })
})

describe('/react without a selected message', () => {
  it('says which message it was', async () => {
    const { demo, drive } = await inDemo()
    demo.say(bob, 'shall we?')
    demo.say(ada, 'of course')
    await drive.type('/react yes\r')
    expect(demo.log.at(-1)).toMatchObject({ type: 'react', emoji: '👍' })
    expect(drive.text()).toContain('Reaction to bob: shall we?')
  })
})

describe('the selected message', () => {
  it.each(['r', 'e', '+'])('stays marked while the line is about it: %s', async (letter) => {
    const { demo, drive } = await inDemo()
    demo.say(ada, 'mine')
    demo.say(bob, 'and then')
    await drive.type(keys.shiftUp + 'k' + letter)
    expect(drive.chat.about).toBeDefined()
    expect(drive.text()).toMatch(/›\d\d:\d\d +ada │ mine/)
    await drive.type(keys.escape)
    expect(drive.text()).not.toMatch(/›\d\d:\d\d/)
  })
})

describe('the topic', () => {
  it('keeps apart from the number of members, whatever its length', async () => {
    const { demo, drive } = await inDemo()
    for (let length = 40; length < 90; length += 1) {
      demo.topic = 't'.repeat(length)
      demo.tell({ kind: 'state' })
      expect(drive.screen()[0]).toMatch(/t…? {2,}3 members$/)
    }
  })
})

describe('a number of members that is not known', () => {
  it('is not told', async () => {
    const { demo, drive } = await inDemo()
    demo.members = []
    demo.tell({ kind: 'state' })
    expect(drive.text()).not.toContain('0 members')
    await drive.type(keys.allRooms)
    expect(drive.text()).toContain('demo')
    expect(drive.text()).not.toContain('0 members')
  })
})

describe.each([40, 60, 80])('key hints at %i columns', (columns) => {
  const whole = (drive: Drive): void => {
    for (const row of drive.screen()) expect(row).not.toMatch(/·[^·]*…$/)
  }

  it('are whole, with the way out among them', async () => {
    const { world, demo, drive } = await inDemo({ columns, rows: 20 })
    demo.say(ada, 'a message that is rather long, so that its quotation needs all the room there is')
    for (const [letter, out] of [
      ['', 'Esc done'],
      ['e', 'Esc: cancel'],
    ] as const) {
      await drive.type(keys.shiftUp + letter)
      expect(drive.text()).toContain(out)
      whole(drive)
      await drive.type(keys.escape + keys.escape)
    }
    await drive.type(keys.allRooms)
    expect(drive.text()).toContain('Esc: back')
    whole(drive)
    const login = new Drive(world, { columns, rows: 20 })
    await login.type(`zoe\r${keys.down}\r`)
    expect(login.text()).toContain('Esc: back')
    whole(login)
  })
})

describe('the place in a room', () => {
  async function two() {
    const { world, demo, drive } = await inDemo()
    world.room('other', ada)
    for (let n = 0; n < 400; n += 1) demo.say(bob, `message ${n}.`)
    return { demo, drive }
  }
  const middle = (drive: Drive): readonly string[] => drive.screen().slice(1, 21)

  it.each([2, 20])('is kept while one looks elsewhere, %i pages up', async (pages) => {
    const { demo, drive } = await two()
    for (let page = 0; page < pages; page += 1) await drive.type(keys.pageUp)
    const before = middle(drive)
    expect(before.join('\n')).toMatch(/message \d+\./)
    await drive.type(keys.alt('2'))
    expect(drive.chat.room.name).toBe('other')
    demo.say(bob, 'said meanwhile')
    await drive.type(keys.alt('1'))
    expect(middle(drive)).toEqual(before)
    expect(drive.text()).toContain('↓ 1 new')
    expect(demo.readUpTo).toBe(400)
    await drive.type(keys.altEnd)
    expect(drive.text()).toContain('said meanwhile')
    expect(demo.readUpTo).toBe(401)
  })

  it('is given up for what is new with Alt+A', async () => {
    const { demo, drive } = await two()
    await drive.type(keys.pageUp + keys.alt('2'))
    demo.say(bob, 'said meanwhile')
    await drive.type(keys.alt('a'))
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.text()).toContain('said meanwhile')
  })
})

describe('the terminal’s memory', () => {
  it('holds no more of a long history than its window, wherever one scrolls', async () => {
    const { demo, drive } = await inDemo()
    // Elsewhere, so that not each is drawn.
    await drive.type('/rooms\r')
    for (let n = 0; n < 6000; n += 1) {
      if (n % 2) demo.say(bob, { type: 'reply', to: `${n}`.padStart(32, 'f'), text: `answer ${n}.` })
      else demo.say(bob, `message ${n}.`)
    }
    await drive.type('demo\r')
    for (let press = 0; press < 50; press += 1) await drive.type(keys.altHome)
    const { entries, aside, sought } = drive.chat.timeline
    expect(entries.length).toBeLessThanOrEqual(windowMax)
    expect(aside.size).toBeLessThanOrEqual(2000)
    expect(sought.size).toBeLessThanOrEqual(2000)
  })
})
