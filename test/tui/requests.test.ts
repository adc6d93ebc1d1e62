import { beforeEach, describe, expect, it } from 'vitest'
import type { Effect } from '../../src/tui/state/effect.ts'
import { keys } from '../terminal/terminal.ts'
import type { Drive } from './drive.ts'
import { person, type FakeRoom, type FakeWorld } from './fake.ts'
import { flat, inDemo } from './in-demo.ts'

const alan = person('alan')
const late = Array.from({ length: 12 }, (_, index) => person(`late-${index + 1}`))
const [first, second, third] = late as [typeof alan, typeof alan, typeof alan, ...(typeof alan)[]]

let world: FakeWorld
let demo: FakeRoom
let drive: Drive

beforeEach(async () => {
  const scene = { others: [alan], rooms: ['ops'], at: Date.parse('2026-11-30T10:04:00') }
  ;({ world, demo, drive } = await inDemo(undefined, scene))
  drive.effects.length = 0
})

function answers(): readonly Effect[] {
  return drive.effects.filter((effect) => ['accept', 'reject', 'reject-all'].includes(effect.do))
}

const selected = (): string | undefined => drive.screen().find((row) => row.includes('│› '))

describe('requests in the conversation', () => {
  it('are a line each, as long as they are few', () => {
    for (const who of late.slice(0, 3)) demo.knock(who)
    expect(drive.text().match(/asks to join/g)).toHaveLength(3)
    expect(drive.text()).toContain('3 join requests: /requests')
  })

  it('fold into one line', () => {
    for (const who of late) demo.knock(who)
    expect(drive.text()).not.toContain('asks to join')
    expect(drive.text()).toMatch(/12 ask to join: late-1, late-2, late-3 and 9\s+│? *(│ +)?more/)
    expect(drive.text()).toContain('12 join requests: /requests')
  })

  it('fold also where the room is opened later', async () => {
    await drive.type(keys.alt('2'))
    for (const who of late) demo.knock(who)
    await drive.type(keys.alt('1'))
    expect(drive.text().match(/ask to join/g)).toHaveLength(1)
  })

  it('stay lines of their own where they come with a warning, also where the room is opened later', async () => {
    await drive.type(keys.alt('2'))
    for (const who of late.slice(0, 5)) demo.knock(who)
    demo.knock({ ...person('mallory'), known: '1111 2222 3333 4444 5555 6666' })
    demo.knock({ ...person('oscar'), elsewhere: true })
    await drive.type(keys.alt('1'))
    expect(drive.text()).toContain('5 ask to join')
    expect(drive.text()).toContain('mallory asks to join')
    expect(drive.text()).toContain('NOT the key you know')
    expect(drive.text()).toContain('oscar asks to join another copy of')
  })

  it('count those who still wait', async () => {
    for (const who of late.slice(0, 5)) demo.knock(who)
    await drive.type('!late-2\r')
    await drive.type('yes\r')
    expect(drive.text()).toContain('4 ask to join: late-1, late-3, late-4 and 1')
    for (const name of ['late-1', 'late-3', 'late-5']) await drive.type(`/reject ${name}\r`)
    expect(drive.text()).toContain('1 asks to join: late-4 ')
    await drive.type('/reject late-4\r')
    expect(drive.text()).toContain('5 asked to join: late-1, late-2, late-3 and')
    expect(drive.text()).not.toContain('/requests')
  })

  it.each(['!late-2', '/accept late-2'])('are not accepted by %s before their fingerprint was shown', async (line) => {
    const { fingerprint } = second
    for (const who of late.slice(0, 5)) demo.knock(who)
    expect(drive.text()).not.toContain(fingerprint)
    drive.effects.length = 0
    await drive.type(`${line}\r`)
    expect(drive.effects).not.toContainEqual(expect.objectContaining({ do: 'accept' }))
    expect(flat(drive)).toContain(`late-2 asks to join with this fingerprint: ${fingerprint}.`)
    await drive.type('yes\r')
    expect(drive.effects).toContainEqual({ do: 'accept', name: 'late-2', fingerprint })
  })

  it('are accepted at once by the first digits of their fingerprint', async () => {
    const { fingerprint } = second
    for (const who of late.slice(0, 5)) demo.knock(who)
    drive.effects.length = 0
    await drive.type(`!late-2 ${fingerprint.slice(0, 9)}\r`)
    expect(drive.effects).toContainEqual({ do: 'accept', name: 'late-2', fingerprint })
  })

  it('that a message stands between are not one row', () => {
    for (const who of late.slice(0, 2)) demo.knock(who)
    demo.say(alan, 'who are they?')
    for (const who of late.slice(2, 4)) demo.knock(who)
    expect(drive.text().match(/asks to join/g)).toHaveLength(4)
  })
})

it.each([0, 1, 4])(
  'a request in the place of another is asked about, after %i characters of its name',
  async (typed) => {
    const other = { ...second, name: 'late-1' }
    demo.knock(first)
    if (typed > 0) await drive.type('!late-1'.slice(0, typed))
    demo.knocks = []
    demo.knock(other)
    drive.effects.length = 0
    await drive.type(`${'!late-1'.slice(typed)}\r`)
    const accepted = { do: 'accept', name: 'late-1', fingerprint: other.fingerprint }
    if (typed === 0) return expect(drive.effects).toContainEqual(accepted)
    expect(drive.effects).not.toContainEqual(accepted)
    expect(flat(drive)).toContain(`late-1 asks to join with this fingerprint: ${other.fingerprint}.`)
  },
)

describe('/requests', () => {
  it.each([60, 80, 120])('lists all with their fingerprints, %i columns wide', async (columns) => {
    drive.happen({ kind: 'resize', size: { columns, rows: 24 } })
    for (const who of late) demo.knock(who)
    await drive.type('/requests\r')
    const text = drive.text()
    expect(text).toContain('12 ask to join demo')
    for (const { name, fingerprint } of late) expect(text).toMatch(new RegExp(`${name} +${fingerprint}`))
    expect(text).toContain('a: accept · d: decline · D: decline all · Esc: close')
  })

  it('says that there are none', async () => {
    await drive.type('/requests\r')
    expect(drive.text()).toContain('Nobody is asking to join demo.')
    expect(drive.chat.panel).toBeUndefined()
  })

  it('accepts and declines the selected one, and goes on to the next', async () => {
    for (const who of late) demo.knock(who)
    await drive.type('/requests\r')
    expect(selected()).toContain('late-1 ')
    await drive.type('a')
    expect(answers()).toEqual([{ do: 'accept', ...first }])
    expect(selected()).toContain('late-2 ')
    await drive.type('j')
    await drive.type('d')
    expect(answers().at(-1)).toEqual({ do: 'reject', ...third })
    expect(selected()).toContain('late-4 ')
    expect(drive.text()).toContain('10 ask to join demo')
    await drive.type(keys.escape)
    expect(drive.chat.panel).toBeUndefined()
    expect(drive.chat.room.name).toBe('demo')
  })

  it('is over with the last of them, and what came meanwhile is read', async () => {
    demo.knock(first)
    await drive.type('/requests\r')
    demo.say(alan, 'let them in')
    await drive.settle()
    expect(demo.readUpTo).toBe(0)
    await drive.type('a')
    expect(drive.chat.panel).toBeUndefined()
    expect(demo.readUpTo).toBe(1)
  })

  it('warns of a key that is not the known one, and takes no letter for a yes', async () => {
    demo.knock({ ...first, known: '1111 2222 3333 4444 5555 6666' })
    await drive.type('/requests\r')
    expect(drive.text()).toContain('WARNING: this is NOT the key you know')
    await drive.type('a')
    await drive.type('y')
    await drive.type('\r')
    expect(answers()).toEqual([])
    await drive.type(keys.escape)
    expect(demo.knocks).toHaveLength(1)
  })

  it('takes no key that was typed before it was drawn', async () => {
    demo.knock(first)
    await drive.type('/requests\ra')
    expect(answers()).toEqual([])
    expect(drive.chat.editor.text).toBe('a')
  })

  it('answers nobody in place of one who is gone by then', async () => {
    for (const who of late.slice(0, 3)) demo.knock(who)
    await drive.type('/requests\r')
    drive.draw()
    demo.take('late-1')
    demo.tell({ kind: 'state' })
    // Nothing was drawn since.
    drive.happen({ kind: 'text', text: 'a' })
    await drive.settle()
    expect(answers()).toEqual([])
    await drive.type('a')
    expect(answers()).toEqual([{ do: 'accept', ...second }])
  })

  it('keeps its selection where others come and go', async () => {
    for (const who of late.slice(0, 3)) demo.knock(who)
    await drive.type('/requests\r')
    await drive.type('j')
    demo.take('late-1')
    demo.knock(person('newest'))
    drive.happen({ kind: 'text', text: 'a' })
    await drive.settle()
    expect(answers()).toEqual([{ do: 'accept', ...second }])
  })

  it('declines all after a question, and none who came while it was read', async () => {
    for (const who of late) demo.knock(who)
    await drive.type('/requests\r')
    await drive.type('D')
    expect(drive.text()).toContain('Decline all 12 requests to join demo?')
    demo.knock(person('newest'))
    await drive.type('y')
    expect(answers()).toEqual([{ do: 'reject-all', people: late }])
    expect(demo.knocks.map(({ name }) => name)).toEqual(['newest'])
    expect(drive.text()).toContain('Declined 12 requests.')
  })

  it('declines nobody on a no, and leaves out who was answered meanwhile', async () => {
    for (const who of late.slice(0, 3)) demo.knock(who)
    await drive.type('/requests\r')
    await drive.type('D')
    await drive.type('n')
    expect(demo.knocks).toHaveLength(3)
    await drive.type('D')
    demo.take('late-2')
    await drive.type('y')
    expect(demo.knocks).toEqual([])
    expect(drive.text()).toContain('Declined 2 requests.')
  })

  it('gives way to what is typed for the line', async () => {
    demo.knock(first)
    await drive.type('/requests\r')
    await drive.type('all right')
    expect(answers()).toEqual([])
    expect(drive.chat.panel).toBeUndefined()
    expect(drive.chat.editor.text).toBe('all right')
  })

  it('leads to the requests of other rooms', async () => {
    const ops = world.rooms.find(({ name }) => name === 'ops') as FakeRoom
    ops.knock(first)
    await drive.type('/requests\r')
    expect(drive.text()).toContain('In other rooms')
    expect(drive.text()).toContain('ops  1 asks to join')
    await drive.type('a')
    expect(answers()).toEqual([])
    await drive.type('\r')
    expect(drive.chat.room.name).toBe('ops')
  })
})
