import { beforeEach, describe, expect, it } from 'vitest'
import { closeness } from '../../src/tui/state/room-list.ts'
import { view } from '../../src/tui/view/view.ts'
import { keys } from '../terminal/terminal.ts'
import type { Drive } from './drive.ts'
import { person, type FakeRoom, type FakeWorld } from './fake.ts'
import { inDemo } from './in-demo.ts'

const alan = person('alan')

let world: FakeWorld
let demo: FakeRoom
let drive: Drive

beforeEach(async () => {
  const scene = { others: [alan], rooms: ['book-club', 'infra', 'ops', '@alan'], at: Date.parse('2026-11-30T10:04:00') }
  ;({ world, demo, drive } = await inDemo(undefined, scene))
  for (let n = 0; n < 30; n += 1) demo.say(alan, `message ${n}`)
  await drive.settle()
})

/** The names in the panel, from above. */
function offered(): readonly string[] {
  const rows = drive.screen().map((row) => row.split('│').slice(1).join('│'))
  return rows.flatMap((row) => /^ [ ›] +\d+ +(\S+) /.exec(row)?.[1] ?? [])
}

describe.each([
  ['Alt+K', keys.alt('k')],
  ['Ctrl-G', keys.ctrl('g')],
])('%s', (_name, pressed) => {
  it('lists the rooms over the conversation, which stays in view', async () => {
    await drive.type(pressed)
    expect(offered().toSorted()).toEqual(['@alan', 'book-club', 'demo', 'infra', 'ops'])
    expect(drive.text()).toContain('message 29')
    expect(drive.chat.room.name).toBe('demo')
    await drive.type(pressed)
    expect(drive.state.page.kind).toBe('rooms')
    await drive.type(keys.escape)
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.chat.panel).toBeUndefined()
  })
})

describe('finding a room', () => {
  it.each([
    ['bc', 'book-club'],
    ['club', 'book-club'],
    ['alan', '@alan'],
    ['nfr', 'infra'],
    ['OPS', 'ops'],
  ])('%s leads to %s, typed in one go', async (typed, name) => {
    await drive.type(`${keys.alt('k')}${typed}\r`)
    expect(drive.chat.room.name).toBe(name)
    expect(drive.chat.panel).toBeUndefined()
    expect(drive.chat.editor.text).toBe('')
  })

  it('selects by keys, and says what waits', async () => {
    const infra = world.rooms.find(({ name }) => name === 'infra') as FakeRoom
    infra.say(alan, 'ada?')
    await drive.type(keys.alt('k'))
    expect(offered()[0]).toBe('infra')
    expect(drive.text()).toMatch(/infra +1 new, 1 mention/)
    await drive.type(keys.down)
    await drive.type(`${keys.tab}${keys.up}\r`)
    expect(drive.chat.room.name).toBe('book-club')
  })

  it('keeps the line and its text, and goes away with Escape', async () => {
    await drive.type('half a sentence')
    await drive.type(`${keys.alt('k')}op`)
    expect(drive.chat.editor.text).toBe('half a sentence')
    const { cursor } = view(drive.state)
    const row = drive.screen()[cursor?.row ?? -1]
    expect(row?.slice(0, cursor?.column)).toMatch(/│ > op$/)
    await drive.type(keys.escape)
    expect(drive.chat.panel).toBeUndefined()
    expect(drive.chat.editor.text).toBe('half a sentence')
  })

  it('enters no room where none matches', async () => {
    await drive.type(`${keys.alt('k')}zzz\r`)
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.text()).toContain('None of your rooms matches')
  })

  it('asks to join no room of others', async () => {
    const stranger = { unread: 0, mentions: 0, attention: [], members: 0, standing: 'stranger' } as const
    world.listed.push({ name: 'zoo', id: 'f'.repeat(64), ...stranger })
    world.changed()
    await drive.type(`${keys.alt('k')}zoo\r`)
    expect(drive.effects.some((effect) => effect.do === 'join')).toBe(false)
  })

  it('reads nothing that it covers', async () => {
    const before = demo.readUpTo
    await drive.type(keys.alt('k'))
    demo.say(alan, 'meanwhile')
    await drive.settle()
    expect(demo.readUpTo).toBe(before)
    await drive.type(keys.escape)
    expect(demo.readUpTo).toBe(before + 1)
  })
})

it('the closer match comes first', () => {
  const names = ['demo', 'demonstration', 'my-demo', 'academy-emo', 'd-e-m-o', 'dxxexxmxxo']
  const rank = (name: string): number => closeness(name, 'demo') ?? Infinity
  const fitting = names.filter((name) => closeness(name, 'demo') !== undefined)
  expect(fitting.toSorted((a, b) => rank(a) - rank(b))).toEqual([
    'demo',
    'demonstration',
    'my-demo',
    'd-e-m-o',
    'academy-emo',
    'dxxexxmxxo',
  ])
  expect(closeness('ops', 'demo')).toBeUndefined()
})
