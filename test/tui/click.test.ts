/** The mouse: what is under the pointer is found on the screen as it was drawn, whatever its width. */
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RoomSummary } from '../../src/chat/chat.ts'
import type { Clickable } from '../../src/tui/text/clickable.ts'
import { hitAt, pointed } from '../../src/tui/view/hit.ts'
import { view } from '../../src/tui/view/view.ts'
import { keys, mouse } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { hostileText } from './hostile.ts'
import { FakeWorld, member, person, type FakeRoom } from './fake.ts'
import { ada, alan, bob, cyd, inDemo } from './in-demo.ts'

let world: FakeWorld
let demo: FakeRoom
let drive: Drive

async function begin(columns: number, rows = 30): Promise<void> {
  ;({ world, demo, drive } = await inDemo({ columns, rows }, { rooms: ['ops'] }))
  drive.effects.length = 0
}

const placeOf = (text: string | RegExp): { row: number; column: number } => drive.placeOf(text)
const click = (text: string | RegExp, right = 0): Promise<void> => drive.click(text, right)

function clickOn(on: Clickable, isSeen = true): void {
  drive.happen({ kind: 'click', on, isSeen })
}

const invited: RoomSummary = {
  ...{ name: 'club', id: 'c'.repeat(64), standing: 'invited', unread: 0, mentions: 0, attention: [], members: 0 },
  invitedBy: { ...bob, known: true },
}
const did = (what: string): number => drive.effects.filter((effect) => effect.do === what).length

describe.each([60, 80, 120])('a click in a room, at %i columns', (columns) => {
  beforeEach(() => begin(columns))

  it('on a message selects it, on any of its lines', async () => {
    demo.say(alan, 'one')
    demo.say(bob, `two ${'words '.repeat(30)}end of two`)
    demo.say(alan, 'three')
    await click('end of two', 4)
    expect(drive.text()).toMatch(/›\d\d:\d\d +bob ?│ ?two/)
    await click(/three$|three +│/)
    expect(drive.text()).toMatch(/›\d\d:\d\d +Alan ?│ ?three/)
    expect(drive.text()).toContain('j/k move')
    // Once more changes nothing, and keys act on it.
    await click('three')
    await drive.type('r')
    expect(drive.text()).toContain('reply to Alan: three')
  })

  it('right of a message selects it too, and beside all messages nothing', async () => {
    demo.say(alan, 'one')
    const { row } = placeOf('one')
    const edge = drive.screen()[row]?.lastIndexOf('│') ?? 0
    await drive.type(mouse.click(row, columns === 120 ? edge - 1 : columns - 1))
    expect(drive.text()).toMatch(/›\d\d:\d\d +Alan/)
    await drive.type(keys.escape)
    const before = drive.state
    await drive.type(mouse.click(0, 3) + mouse.click(placeOf('── Mon').row, columns >> 1) + mouse.click(29, 1))
    await drive.type(mouse.click(200, 200))
    expect({ ...drive.state, asked: 0 }).toEqual({ ...before, asked: 0 })
  })

  it('on a link copies its whole address', async () => {
    const url = `https://a.example/${'way/'.repeat(30)}end`
    demo.say(alan, `see ${url}, ok?`)
    await click('way/end', 2)
    expect(drive.effects).toEqual([expect.anything(), { do: 'copy', what: 'link', text: url }])
    expect(drive.chat.pick).toBeUndefined()
    await click('ok?')
    expect(drive.chat.pick).toBeDefined()
  })

  it('on a request shows it, and a second one accepts nobody', async () => {
    demo.knock(cyd)
    demo.knock(person('dan'))
    await click('dan asks to join')
    expect(drive.text()).toContain('2 ask to join demo')
    expect(drive.screen().find((row) => row.includes('› dan'))).toContain(person('dan').fingerprint)
    await click('› dan', 3)
    await click(/ cyd +\d{4} /, 2)
    await click(/› cyd/, 3)
    expect(did('accept')).toBe(0)
    await drive.type('a')
    expect(drive.effects.at(-1)).toMatchObject({ do: 'accept', name: 'cyd' })
  })

  it('on requests that were folded shows the first', async () => {
    for (let n = 1; n <= 5; n += 1) demo.knock(person(`late-${n}`))
    await click('5 ask to join: late-1')
    expect(drive.text()).toContain('› late-1')
  })

  it('on a request that was answered says so', async () => {
    demo.knock(cyd)
    demo.take('cyd')
    demo.tell({ kind: 'state' })
    await click('cyd asks to join')
    expect(drive.text()).toContain('That request has been answered.')
    expect(drive.chat.panel).toBeUndefined()
  })

  it('on a room of Alt+K opens it', async () => {
    await drive.type(keys.alt('k'))
    await click(/ ops +/, 1)
    expect(drive.chat.room.name).toBe('ops')
    expect(drive.chat.panel).toBeUndefined()
  })

  it('on an invitation of Alt+K selects it, and takes it up when it is clicked again', async () => {
    world.listed.push(invited)
    world.changed()
    await drive.type(`${keys.alt('k')}${keys.down}`)
    await click(/ club +from bob/, 1)
    expect(did('join')).toBe(0)
    await click(/› +club/, 3)
    expect(did('join')).toBe(1)
  })

  it('below the list of Alt+K selects a message', async () => {
    demo.say(alan, 'one')
    await drive.type(keys.alt('k'))
    await click(/│ ?one/, 2)
    expect(drive.chat.panel).toBeUndefined()
    expect(drive.text()).toMatch(/›\d\d:\d\d +Alan/)
  })

  it('on a hit of a search goes there', async () => {
    demo.say(alan, 'tea at four')
    for (let n = 0; n < 300; n += 1) demo.say(bob, `line ${n}`)
    demo.say(alan, 'more tea')
    await drive.settle()
    await drive.type('/search tea\r')
    await click('tea at four')
    expect(drive.chat.panel).toBeUndefined()
    expect(drive.text()).toMatch(/›\d\d:\d\d +Alan ?│ ?tea at four/)
    await drive.type('/search\r')
    expect(drive.chat.panel).toMatchObject({ selected: 1 })
  })

  it('on the notice that there is more below goes to the newest', async () => {
    for (let n = 0; n < 60; n += 1) demo.say(alan, `line ${n}.`)
    await drive.settle()
    await drive.type(keys.pageUp)
    expect(drive.text()).not.toContain('line 59.')
    await click('scrolled back', 3)
    expect(drive.text()).toContain('line 59.')
  })

  it('on a member shows who they are', async () => {
    await drive.type(keys.ctrl('b'))
    if (drive.state.showMembers === false) await drive.type(keys.ctrl('b'))
    const twin = { name: 'bob', fingerprint: '9999 1111 2222 3333 4444 5555' }
    demo.members = [...demo.members, member(twin)]
    demo.tell({ kind: 'state' })
    await click(/ bob 9651$/, 3)
    const shown = drive.text().replace(/\s+/g, ' ')
    expect(shown).toContain('bob is a member here. Fingerprint:')
    expect(shown.match(/Fingerprint/g)).toHaveLength(1)
  })
})

describe.each([80, 120])('a click beside the messages, at %i columns', (columns) => {
  beforeEach(() => begin(columns))

  it('on a room opens it, and comes back', async () => {
    await drive.type('half a sentence')
    await click('2 ops', 2)
    expect(drive.chat.room.name).toBe('ops')
    await click('1 demo', 10)
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.chat.editor.text).toBe('half a sentence')
  })

  it('on requests shows them, also those of another room', async () => {
    const ops = world.rooms.find(({ name }) => name === 'ops') as FakeRoom
    demo.knock(cyd)
    ops.knock(person('dan'))
    await drive.settle()
    await click('cyd → demo')
    expect(drive.text()).toContain('1 asks to join demo')
    await click('dan → ops')
    expect(drive.chat.room.name).toBe('ops')
    expect(drive.text()).toContain('› dan')
    expect(did('accept')).toBe(0)
    await drive.settle()
    await click(/demo {2}1 asks to join/)
    expect(drive.chat.room.name).toBe('demo')
  })

  it('on an invitation shows it in the list of rooms, and takes it up when it is clicked there', async () => {
    world.listed.push(invited)
    world.changed()
    await click('club')
    expect(drive.state.page.kind).toBe('rooms')
    expect(drive.text()).toMatch(/› +club +from bob/)
    expect(did('join')).toBe(0)
    await click('club')
    expect(did('join')).toBe(1)
  })
})

describe('a click on a list', () => {
  it('selects a room, and opens it when it is clicked again', async () => {
    await begin(80)
    await drive.type(keys.allRooms)
    await click(/ops/)
    expect(drive.state.page).toMatchObject({ kind: 'rooms', selected: 1 })
    await click(/ops/)
    expect(drive.chat.room.name).toBe('ops')
  })

  it('opens the room and not the command that is in the line', async () => {
    await begin(80)
    await drive.type(`${keys.allRooms}/quit`)
    await click(/demo/)
    expect(drive.chat.room.name).toBe('demo')
  })

  it('takes up nothing that the person can not have seen', async () => {
    await begin(80)
    world.listed.push(invited)
    world.changed()
    await drive.type(keys.allRooms)
    const row = { kind: 'row', list: 'rooms', key: invited.id } as const
    clickOn(row, false)
    clickOn(row, false)
    expect(drive.text()).toMatch(/› +club/)
    expect(did('join')).toBe(0)
    clickOn({ ...row, key: demo.id }, false)
    clickOn({ ...row, key: demo.id }, false)
    await drive.settle()
    expect(drive.chat.room.name).toBe('demo')
  })

  it('chooses who one is', async () => {
    world = new FakeWorld()
    world.known.push({ ...ada, lastUsedAt: 2 }, { ...bob, lastUsedAt: 1 })
    drive = new Drive(world)
    drive.perform({ do: 'find-identities' })
    await drive.settle()
    await click('bob')
    expect(drive.text()).toMatch(/› +bob/)
    await click('bob')
    expect(drive.text()).toContain('Hello bob.')
    await drive.type(keys.escape)
    await drive.type('zoe\r')
    await click('Log in as zoe')
    await click('Log in as zoe')
    expect(drive.text()).toContain('Log in as zoe on this machine')
  })
})

describe('a click', () => {
  beforeEach(() => begin(120))

  it('answers no question, and no warning', async () => {
    demo.say(alan, 'one')
    const targets = [placeOf('one'), placeOf('2 ops')]
    const clicks = targets.map(({ row, column }) => mouse.click(row, column)).join('')
    await drive.type('/leave\r')
    const asked = drive.state.confirm
    expect(asked).toBeDefined()
    await drive.type(clicks + clicks)
    expect(drive.state.confirm).toBe(asked)
    await drive.type('n')
    demo.changedKeys = [{ ...alan, known: '1111' }]
    demo.tell({ kind: 'state' })
    expect(drive.state.alarm).toBeDefined()
    await drive.type(clicks)
    expect(drive.state.alarm).toBeDefined()
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.chat.pick).toBeUndefined()
    expect(did('leave')).toBe(0)
  })

  it('takes no key for a request that it selected before that was drawn', async () => {
    demo.knock(cyd)
    demo.knock(person('dan'))
    await drive.type('/requests\r')
    const { row, column } = placeOf(/ dan +\d{4} /)
    await drive.type(`${mouse.click(row, column + 2)}a`)
    expect(did('accept')).toBe(0)
    expect(drive.text()).toContain('› dan')
    expect(drive.chat.editor.text).toBe('a')
  })

  it('is nothing where the mouse is off', async () => {
    demo.say(alan, 'one')
    drive.happen({ kind: 'preferences', preferences: { ...drive.state.preferences, mouse: false } })
    await click('2 ops')
    await click('one')
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.chat.pick).toBeUndefined()
    await drive.type('/help\r')
    for (let page = 0; page < 5; page += 1) {
      expect(drive.text()).not.toContain('Shift+drag')
      await drive.type(keys.pageDown)
    }
  })

  it('hits what stands beside a text, whatever the text', async () => {
    const runs = fc.array(hostileText, { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(runs, async (texts) => {
        await begin(120)
        for (const text of texts) demo.say(alan, text)
        await drive.settle()
        const frame = view(drive.state)
        const rooms = [2, 3].map((row) => hitAt(frame, row, 14))
        expect(rooms).toEqual([demo.id, world.rooms[1]?.id].map((roomId) => ({ kind: 'room', roomId })))
        const members = [2, 3, 4].map((row) => hitAt(frame, row, 119))
        expect(members).toEqual([ada, alan, bob].map((one) => ({ kind: 'member', ...one })))
        for (let row = 2; row < 28; row += 1) {
          const key = [40, 60, 80, 105].map((column) => hitAt(frame, row, column)).find((on) => on?.kind === 'entry')
          const last = hitAt(frame, row, 106)
          if (last?.kind !== 'link') expect(last).toEqual(key)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('means what was drawn, and not what has moved there since', () => {
    demo.say(alan, 'one')
    const { row, column } = placeOf('one')
    const drawn = { frame: view(drive.state), at: 1000 }
    for (let n = 0; n < 40; n += 1) demo.say(bob, `line ${n}`)
    const later = { frame: view(drive.state), at: 2000 }
    const press = { kind: 'mouse', act: 'press', row, column } as const
    const on = hitAt(drawn.frame, row, column)
    expect(on).toMatchObject({ kind: 'entry' })
    expect(pointed(press, [drawn], 1900)).toEqual({ kind: 'click', on, isSeen: true })
    expect(pointed(press, [drawn, later], 2100)).toEqual({
      kind: 'click',
      on: hitAt(later.frame, row, column),
      isSeen: false,
    })
    expect(pointed(press, [drawn, later], 2300)).toMatchObject({ isSeen: true })
    expect(pointed(press, [], 2300)).toBeUndefined()
  })

  it('while a room is being opened: another room is opened after it, and nothing else happens', async () => {
    demo.say(alan, 'one')
    const [ops, one] = [placeOf('2 ops'), placeOf('one')]
    const first = placeOf('1 demo')
    await drive.type([ops, one, first].map(({ row, column }) => mouse.click(row, column)).join(''))
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.chat.pick).toBeUndefined()
    expect(did('open')).toBe(2)
  })

  it('of a person who is there: what comes is read', async () => {
    drive.happen({ kind: 'focus', focused: false })
    demo.say(alan, 'one')
    expect(did('mark-read')).toBe(0)
    await click('2 ops')
    expect(drive.state.focused).toBe(true)
  })
})
