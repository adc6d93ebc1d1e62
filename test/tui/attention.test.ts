import { beforeEach, describe, expect, it } from 'vitest'
import type { Effect } from '../../src/tui/state/effect.ts'
import { titleOf } from '../../src/tui/view/view.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { FakeWorld, person, type FakeRoom } from './fake.ts'

const [ada, alan, bob] = ['ada', 'alan', 'bob'].map(person) as [
  ReturnType<typeof person>,
  ReturnType<typeof person>,
  ReturnType<typeof person>,
]
const at = Date.parse('2026-11-30T10:04:00')

let world: FakeWorld
let demo: FakeRoom
let ops: FakeRoom
let drive: Drive

beforeEach(async () => {
  world = new FakeWorld(() => at)
  world.known.push({ ...ada, lastUsedAt: 1 })
  world.passwords.set('ada', 'x')
  demo = world.room('demo', ada, [alan])
  ops = world.room('ops', ada, [alan])
  for (const room of [demo, ops]) room.say(alan, 'before')
  for (const room of [demo, ops]) await room.markRead(room.seq)
  drive = await Drive.inside(world, 'ada')
  await drive.type('demo\r')
  drive.effects.length = 0
})

function focus(focused: boolean): void {
  drive.happen({ kind: 'focus', focused })
}

function effects<K extends Effect['do']>(kind: K): readonly (Effect & { do: K })[] {
  return drive.effects.filter((effect): effect is Effect & { do: K } => effect.do === kind)
}

const calls = (): readonly (string | undefined)[] => effects('call').map(({ text }) => text)

describe('news', () => {
  it.each<[string, () => void, string]>([
    ['a request to join', () => ops.knock(bob), 'bob asks to join ops'],
    ['a mention', () => ops.say(alan, 'ada?'), 'alan mentions you in ops'],
    ['a direct message', () => world.room('@alan', ada, [alan]).say(alan, 'hello'), 'direct message from alan'],
  ])('%s in a room that is not open rings and notifies, once', (_what, happen, text) => {
    happen()
    world.changed()
    world.changed()
    expect(calls()).toEqual([text])
  })

  it('of a room that is open is in front of the person', () => {
    demo.knock(bob)
    demo.say(alan, 'ada!')
    expect(calls()).toEqual([])
  })

  it('of a room that is open rings where the terminal is not in front, or scrolled back', async () => {
    focus(false)
    demo.say(alan, 'ada!')
    expect(calls()).toEqual(['alan mentions you in demo'])
    focus(true)
    await drive.settle()
    for (let n = 0; n < 40; n += 1) demo.say(alan, `more ${n}`)
    await drive.type(keys.pageUp)
    demo.say(alan, 'ada?')
    // In front of the person: a bell is enough.
    expect(calls()).toEqual(['alan mentions you in demo', undefined])
  })

  it('that is for nobody is silent', () => {
    ops.say(alan, 'hello all')
    expect(calls()).toEqual([])
    expect(drive.text()).toContain('1 unread')
  })

  it('tells no text of a message', () => {
    ops.say(alan, 'ada: the code is 1234')
    expect(JSON.stringify(drive.effects)).not.toContain('1234')
  })
})

describe('what waits', () => {
  it('is marked beside the rooms, in the status line and in the title, until it is answered', async () => {
    ops.knock(bob)
    ops.say(alan, 'ada?')
    expect(drive.text()).toMatch(/ops +1! \+1/)
    expect(drive.screen().at(-2)).toMatch(/^ bob asks to join ops · .* · 1 unread, 1 mention/)
    expect(titleOf(drive.state)).toBe('(2) demo · Conclave')
    await drive.type(keys.alt('a'))
    expect(drive.chat.room.name).toBe('ops')
    expect(drive.screen().at(-2)).toContain('1 join request: !bob')
    await drive.type('!bob\r')
    world.changed()
    expect(titleOf(drive.state)).toBe('ops · Conclave')
  })

  it('is walked through by Alt+A, a request before a mention before the rest, each request once', async () => {
    const bar = world.room('bar', ada, [alan])
    bar.say(alan, 'hello all')
    ops.say(alan, 'ada?')
    const zoo = world.room('zoo', ada)
    zoo.knock(bob)
    const walk: string[] = []
    for (let step = 0; step < 4; step += 1) {
      await drive.type(keys.alt('a'))
      walk.push(drive.chat.room.name)
    }
    expect(walk).toEqual(['zoo', 'ops', 'bar', 'bar'])
    expect(drive.text()).toContain('No unread messages in other rooms.')
    // It is still marked.
    expect(drive.text()).toMatch(/zoo +\+1/)
  })
})

describe('what is read', () => {
  const read = (): readonly number[] => effects('mark-read').map(({ seq }) => seq)

  it('is only what was in front of a focused screen', async () => {
    focus(false)
    demo.say(alan, 'one')
    demo.say(alan, 'two')
    await drive.settle()
    expect(read()).toEqual([])
    expect(demo.readUpTo).toBe(1)
    focus(true)
    await drive.settle()
    expect(demo.readUpTo).toBe(3)
    expect(drive.text()).toMatch(/before\n.*─ 2 new since 10:04 ─.*\n.*one/)
  })

  it('is everything that comes where the terminal says nothing of its focus', async () => {
    demo.say(alan, 'one')
    await drive.settle()
    expect(demo.readUpTo).toBe(2)
    expect(drive.text()).not.toContain('new since')
  })

  it('is not what came under a sheet', async () => {
    await drive.type('/help\r')
    demo.say(alan, 'one')
    await drive.settle()
    expect(demo.readUpTo).toBe(1)
    await drive.type(keys.escape)
    expect(demo.readUpTo).toBe(2)
  })

  it('is told apart by a line that counts on until it is seen, and then stays', async () => {
    for (let n = 0; n < 60; n += 1) demo.say(alan, `filler ${n}`)
    await drive.type(keys.pageUp)
    demo.say(alan, 'one')
    demo.say(alan, 'two')
    demo.say(alan, 'three')
    await drive.settle()
    expect(demo.readUpTo).toBe(61)
    await drive.type(keys.altEnd)
    expect(drive.text()).toMatch(/filler 59\n.*─ 3 new since 10:04 ─.*\n.*one/)
    expect(demo.readUpTo).toBe(64)
    demo.say(alan, 'four')
    expect(drive.text()).toContain('─ 3 new since 10:04 ─')
    focus(false)
    demo.say(alan, 'five')
    expect(drive.text()).toMatch(/four\n.*─ 1 new since 10:04 ─.*\n.*five/)
    expect(drive.text()).not.toContain('3 new')
  })
})

describe('/notify and /dnd', () => {
  it('say what rings', async () => {
    await drive.type('/notify\r')
    expect(drive.text()).toContain('You are notified of mentions, direct messages, requests and invitations.')
    expect(effects('save-notify')).toEqual([])
  })

  it.each<[string, string]>([
    ['/notify none', 'In demo: nothing.'],
    ['/notify all', 'In demo: every message.'],
    ['/notify all everywhere', 'You are notified of every message.'],
    ['/dnd', 'Do not disturb is on'],
    ['/dnd on', 'Do not disturb is on'],
  ])('%s', async (line, shown) => {
    await drive.type(`${line}\r`)
    expect(drive.screen().join(' ').replace(/\s+/g, ' ')).toContain(shown)
    expect(effects('save-notify')).toHaveLength(1)
  })

  it.each([
    '/notify loud',
    '/notify all here',
    '/notify default everywhere',
    '/notify all everywhere now',
    '/dnd maybe',
  ])('%s is refused', async (line) => {
    await drive.type(`${line}\r`)
    expect(drive.text()).toContain('Usage: /')
    expect(effects('save-notify')).toEqual([])
  })

  it('hold for one room, until it is as the others again', async () => {
    await drive.type(keys.alt('2'))
    await drive.type('/notify none\r')
    await drive.type(keys.alt('1'))
    ops.say(alan, 'ada?')
    expect(calls()).toEqual([])
    expect(drive.text()).toContain('1 unread, 1 mention')
    await drive.type(`${keys.alt('2')}/notify default\r${keys.alt('1')}`)
    ops.say(alan, 'ada??')
    expect(calls()).toEqual(['alan mentions you in ops'])
  })

  it('silence everything, and say so', async () => {
    await drive.type('/dnd\r')
    ops.knock(bob)
    expect(calls()).toEqual([])
    expect(drive.text()).toContain('do not disturb')
    expect(drive.text()).toContain('bob asks to join ops')
    await drive.type('/dnd\r')
    world.changed()
    // What came meanwhile is no news.
    expect(calls()).toEqual([])
  })

  it.each<[string, () => void]>([
    ['comes to the front', () => focus(true)],
    ['looks around, once a minute', () => drive.happen({ kind: 'look-around' })],
  ])('are taken over from another program when the terminal %s', async (_when, happen) => {
    await drive.notify.save({ doNotDisturb: true })
    happen()
    await drive.settle()
    ops.knock(bob)
    expect(calls()).toEqual([])
    expect(drive.text()).toContain('do not disturb')
  })

  it('are completed', async () => {
    await drive.type(`/notify men${keys.tab}`)
    expect(drive.chat.editor.text).toBe('/notify mentions ')
    await drive.type(`${keys.ctrl('u')}/dnd of${keys.tab}`)
    expect(drive.chat.editor.text).toBe('/dnd off')
  })
})

it('who types is there, whatever the terminal has said', async () => {
  focus(false)
  demo.say(alan, 'one')
  expect(demo.readUpTo).toBe(1)
  await drive.type('x')
  expect(demo.readUpTo).toBe(2)
})

it('the list of rooms says what waits in each', async () => {
  await drive.type('/rooms\r')
  ops.knock(bob)
  ops.say(alan, 'ada?')
  demo.say(alan, 'hello')
  expect(drive.text()).toMatch(/demo +1 new +2 members/)
  expect(drive.text()).toMatch(/ops +1 asks to join, 1 new, 1 mention +2 mem/)
})
