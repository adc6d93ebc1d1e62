import { describe, expect, it } from 'vitest'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import type { FakeRoom } from './fake.ts'
import { FakeWorld, member, person } from './fake.ts'

const noon = new Date(2026, 10, 23, 12, 0).getTime()
const [ada, alan, bob] = [person('ada'), person('Alan'), person('bob')] as const

function scene(): { world: FakeWorld; demo: FakeRoom } {
  let clock = noon
  const world = new FakeWorld(() => (clock += 1000))
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', ada, [alan, bob])
  demo.topic = 'release on Friday'
  return { world, demo }
}

async function inside(size = { columns: 80, rows: 24 }) {
  const { world, demo } = scene()
  const drive = await Drive.inside(world, 'ada', size)
  await drive.type('demo\r')
  return { world, demo, drive }
}

describe('a chat', () => {
  it('shows topic, times, names and texts beside a gutter', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'How is everyone doing?')
    demo.say(ada, 'Fine.')
    expect(drive.screen()[0]).toMatch(/^ demo {3}release on Friday +3 members$/)
    expect(drive.text()).toContain('── Mon 23 November 2026 ──')
    expect(drive.text()).toMatch(/ 12:00 {4}Alan │ How is everyone doing\?\n.* 12:00 {5}ada │ Fine\./)
  })

  it.each([
    [60, 20, false, false],
    [80, 24, true, false],
    [120, 36, true, true],
  ])('folds its panels by the width: %i × %i', async (columns, rows, roomsShown, membersShown) => {
    const { demo, drive } = await inside({ columns, rows })
    demo.say(alan, 'x'.repeat(300))
    const panel = drive.screen().find((line) => line.includes('›1 demo'))
    expect(panel !== undefined).toBe(roomsShown)
    expect(drive.screen().some((line) => line.endsWith('│ ada admin'))).toBe(membersShown)
    for (const line of drive.screen()) expect(line.length).toBeLessThanOrEqual(columns)
    expect(drive.screen()).toHaveLength(rows)
    const shown = drive.text().split('x').length - 1
    expect(shown).toBe(300)
  })

  it.each([
    [59, / 12:00 Alexand…│a fairly long message, of which/],
    [60, / 12:00 Alexander │ a fairly long message, of which/],
  ])('leaves the columns to the text where there are few: %i', async (columns, row) => {
    const { demo, drive } = await inside({ columns, rows: 20 })
    demo.members.push(member(person('Alexander')))
    demo.say(person('Alexander'), 'a fairly long message, of which as much as possible is to be seen')
    expect(drive.text()).toMatch(row)
    await drive.type(keys.shiftUp)
    expect(drive.text()).toMatch(/^›12:00 Alexand/m)
    for (const line of drive.screen()) expect(line.length).toBeLessThanOrEqual(columns)
  })

  it('sends with Enter, and a line break with Alt+Enter or Ctrl+J', async () => {
    const { demo, drive } = await inside()
    await drive.type(`one${keys.altEnter}two${keys.ctrl('j')}three\r`)
    expect(demo.log.at(-1)).toMatchObject({ type: 'text', text: 'one\ntwo\nthree', own: true })
    expect(drive.chat.editor.text).toBe('')
  })

  it('keeps a paste in the line until Enter is pressed', async () => {
    const { demo, drive } = await inside()
    const before = demo.log.length
    await drive.type(keys.paste('first\r\nsecond\r\n'))
    expect(demo.log).toHaveLength(before)
    expect(drive.chat.editor.text).toBe('first\nsecond\n')
    await drive.type('\r')
    expect(demo.log.at(-1)).toMatchObject({ text: 'first\nsecond' })
  })

  it('sends a slash or an exclamation mark where it is doubled', async () => {
    const { demo, drive } = await inside()
    await drive.type('//shrug\r')
    expect(demo.log.at(-1)).toMatchObject({ text: '/shrug' })
    await drive.type('!!bob\r')
    expect(demo.log.at(-1)).toMatchObject({ text: '!bob' })
    await drive.type('!important: read this\r')
    expect(demo.log.at(-1)).toMatchObject({ text: '!important: read this' })
  })

  it('keeps what is too long to be sent', async () => {
    const { demo, drive } = await inside()
    const before = demo.log.length
    await drive.type(keys.paste('漢'.repeat(6000)))
    await drive.type('\r')
    expect(drive.text()).toContain('The message is too long: 18000 bytes.')
    expect(drive.chat.editor.text).toHaveLength(6000)
    expect(demo.log).toHaveLength(before)
  })

  it('says when a command is mistyped, and leaves the line', async () => {
    const { demo, drive } = await inside()
    const before = demo.log.length
    await drive.type('/hlep\r')
    expect(drive.text()).toContain('Did you mean /help?')
    expect(drive.chat.editor.text).toBe('/hlep')
    expect(demo.log).toHaveLength(before)
  })

  it('walks what was typed before with Up and Down', async () => {
    const { drive } = await inside()
    await drive.type('one\rtwo\rdraft')
    await drive.type(keys.up + keys.up)
    expect(drive.chat.editor.text).toBe('one')
    await drive.type(keys.down + keys.down)
    expect(drive.chat.editor.text).toBe('draft')
  })

  it('marks what is new, until one has answered', async () => {
    const { world, demo } = scene()
    demo.say(alan, 'old')
    await demo.markRead(demo.seq)
    demo.say(alan, 'new one')
    demo.say(bob, 'new two')
    const drive = await Drive.inside(world, 'ada')
    expect(drive.text()).toContain('2 new')
    await drive.type('demo\r')
    expect(drive.text().match(/─ 2 new since \d\d:\d\d ─/g)).toHaveLength(1)
    expect(drive.text()).toMatch(/old\n.*─ 2 new since \d\d:\d\d ─.*\n.*new one/)
    expect(demo.readUpTo).toBe(demo.seq)
    await drive.type('answer\r')
    expect(drive.text()).not.toContain('new since')
  })

  it('shows what waits for the store, and what could not be sent', async () => {
    const { world, demo, drive } = await inside()
    world.connection = { state: 'offline', detail: 'offline: no node answers' }
    world.changed()
    await drive.type('into the queue\r')
    expect(drive.text()).toMatch(/ada │ into the queue\n.*· \(queued\)/)
    expect(drive.text()).toContain('offline: no node answers · 1 queued')
    demo.pending = demo.pending.map((item) => ({ ...item, state: 'failed', reason: 'you were kicked' }))
    demo.tell({ kind: 'state' })
    expect(drive.text()).toContain('not sent: you were kicked')
    await drive.type('/drop\r')
    expect(drive.text()).not.toContain('into the queue')
  })

  it('makes what others write harmless', async () => {
    const { demo, drive } = await inside()
    demo.say({ name: 'Al\x1b[2Jan', fingerprint: '1' }, 'a\x1b]0;owned\x07b\u202ec')
    demo.topic = 'topic \x9b2J'
    demo.tell({ kind: 'state' })
    expect(drive.text()).toContain('a␛]0;owned␇b<U+202E>c')
    expect(drive.text()).not.toMatch(/[\x1b\x07\x9b\u202e]/)
  })

  it('shows edits, deletions and reactions in the message they are about', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'teh first')
    const id = demo.log.at(-1)?.kind === 'message' ? String(demo.seq).padStart(32, '0') : ''
    demo.say(alan, { type: 'edit', to: id, text: 'the first' })
    demo.say(bob, { type: 'react', to: id, emoji: '👍', on: true })
    demo.say(bob, { type: 'reply', to: id, text: 'agreed' })
    demo.say(bob, { type: 'edit', to: id, text: 'forged' })
    expect(drive.text()).toMatch(/│ the first\n.*· \(edited\)/)
    expect(drive.text()).toContain('👍')
    expect(drive.text()).toMatch(/bob · > Alan: the first\n.*│ agreed/)
    expect(drive.text()).toMatch(/· \(only Alan can edit it\) Alan: the first\n.*│ forged/)
  })
})

describe('joining', () => {
  it('says who asks to join, with the fingerprint, and !name lets in', async () => {
    const { demo, drive } = await inside({ columns: 140, rows: 30 })
    const demo3 = person('Demo3')
    demo.knock(demo3)
    expect(drive.text()).toContain(`<admin> │ Demo3 asks to join (${demo3.fingerprint}) — !Demo3 to accept`)
    await drive.type('!demo3\r')
    expect(drive.effects).toContainEqual({ do: 'accept', name: 'Demo3', fingerprint: demo3.fingerprint })
    expect(drive.text()).toContain('ada let Demo3 in.')
    expect(drive.chat.editor.text).toBe('')
  })

  it('shows knocks that came before the room was opened', async () => {
    const { world, demo } = scene()
    demo.knock(person('early'))
    const drive = await Drive.inside(world, 'ada')
    await drive.type('demo\r')
    expect(drive.text()).toContain('early asks to join (')
    expect(drive.text()).toContain('1 join request: !early')
  })

  it('asks for the fingerprint where two knock under one name', async () => {
    const { demo, drive } = await inside({ columns: 120, rows: 30 })
    demo.knock({ name: 'eve', fingerprint: '1111 2222 3333 4444 5555 6666' })
    demo.knock({ name: 'eve', fingerprint: '9999 2222 3333 4444 5555 6666' })
    await drive.type('!eve\r')
    expect(drive.text()).toContain('2 people ask to join as eve')
    expect(drive.effects.some((effect) => effect.do === 'accept')).toBe(false)
    await drive.type(`${keys.ctrl('u')}!eve 7777\r`)
    expect(drive.text()).toContain('No join request from eve with that fingerprint.')
    await drive.type(`${keys.ctrl('u')}!eve 9999\r`)
    expect(drive.effects).toContainEqual({
      do: 'accept',
      name: 'eve',
      fingerprint: '9999 2222 3333 4444 5555 6666',
    })
  })

  it('says that nobody of that name asks', async () => {
    const { demo, drive } = await inside()
    demo.knock(person('Demo3'))
    await drive.type('!Dmeo3\r')
    expect(drive.text()).toContain('Did you mean !Demo3?')
    expect(drive.chat.editor.text).toBe('!Dmeo3')
  })

  it('kicks only after a yes', async () => {
    const { demo, drive } = await inside()
    await drive.type('/kick bob\r')
    expect(drive.text()).toContain('Remove bob from demo?')
    expect(drive.text()).toContain('only an admin can let')
    await drive.type('n')
    expect(demo.members).toHaveLength(3)
    await drive.type('/kick bob\r')
    await drive.type('y')
    expect(demo.members.map((member) => member.name)).toEqual(['ada', 'Alan'])
    expect(drive.text()).toContain('ada removed bob.')
  })

  it('tells the kicked one, who can still read', async () => {
    const { demo, drive } = await inside()
    demo.standing = 'kicked'
    demo.endedBy = alan
    demo.admin('kick', alan, ada)
    expect(drive.text()).toContain('removed by Alan · read-only')
    await drive.type('hello?\r')
    expect(drive.text()).toContain('nothing can be sent')
    expect(drive.chat.editor.text).toBe('hello?')
  })
})

describe('completion', () => {
  it('completes commands, knockers and names, and goes round', async () => {
    const { demo, drive } = await inside()
    demo.knock(person('Demo3'))
    await drive.type('/whoi\t')
    expect(drive.chat.editor.text).toBe('/whois ')
    await drive.type('b\t')
    expect(drive.chat.editor.text).toBe('/whois bob')
    await drive.type(`${keys.ctrl('u')}!\t`)
    expect(drive.chat.editor.text).toBe('!Demo3 ')
    await drive.type(`${keys.ctrl('u')}al\t`)
    expect(drive.chat.editor.text).toBe('Alan: ')
    await drive.type(`${keys.ctrl('u')}/re\t`)
    expect(drive.text()).toContain('/reject')
    await drive.type(`${keys.ctrl('u')}/\t\t`)
    expect(drive.chat.editor.text).toBe('/rooms ')
    await drive.type(keys.backTab)
    expect(drive.chat.editor.text).toBe('/help ')
    expect(drive.text()).toMatch(/\/help {2}\/rooms/)
  })
})

describe('going from room to room', () => {
  it('says why a room could not be made or entered', async () => {
    const { drive } = await inside()
    await drive.type('/create demo\r')
    expect(drive.text()).toContain('! there is a room demo')
    expect(drive.state.busy).toBeUndefined()
    await drive.type('/join nowhere\r')
    expect(drive.text()).toContain('! There is no room nowhere')
  })

  it('goes back with Escape: completion, room list, question', async () => {
    const { drive } = await inside()
    await drive.type(`/\t${keys.escape}`)
    expect(drive.state.page.kind).toBe('chat')
    await drive.type(keys.escape)
    expect(drive.state.page.kind).toBe('chat')
    await drive.type(keys.allRooms)
    expect(drive.state.page.kind).toBe('rooms')
    await drive.type(keys.escape)
    expect(drive.state.page.kind).toBe('chat')
    await drive.type(keys.ctrl('u') + keys.ctrl('c'))
    expect(drive.text()).toContain('Quit Conclave?')
    await drive.type('y')
    expect(drive.quit).toBe(true)
  })

  it('keeps what was typed in each room', async () => {
    const { world, drive } = await inside()
    world.room('ops', ada)
    world.changed()
    await drive.type('a draft')
    await drive.type(keys.alt('2'))
    expect(drive.chat.room.name).toBe('ops')
    expect(drive.chat.editor.text).toBe('')
    await drive.type(keys.ctrl('p'))
    expect(drive.chat.editor.text).toBe('a draft')
  })

  it('jumps to what is unread, mentions first', async () => {
    const { world, drive } = await inside()
    const [bar, foo] = [world.room('bar', ada), world.room('foo', ada)]
    bar.say(alan, 'text')
    foo.say(alan, 'ada!')
    foo.mentions = 1
    world.changed()
    expect(drive.text()).toContain('2 unread, 1 mention')
    await drive.type(keys.alt('a'))
    expect(drive.chat.room.name).toBe('foo')
    await drive.type(keys.alt('a'))
    expect(drive.chat.room.name).toBe('bar')
    await drive.type(keys.alt('a'))
    expect(drive.text()).toContain('No unread messages in other rooms.')
  })

  it('hears nothing more of a room that it left', async () => {
    const { demo, drive } = await inside()
    await drive.type(keys.allRooms)
    demo.say(alan, 'unheard')
    expect(drive.state.page.kind).toBe('rooms')
    expect(drive.text()).toContain('1 new')
  })

  it('waits to be let in, and goes straight in', async () => {
    const { world } = scene()
    const guests = world.room('guests', alan)
    world.rooms.splice(world.rooms.indexOf(guests), 1)
    world.listed.push({ ...guests.summary(), standing: 'stranger' })
    const drive = await Drive.inside(world, 'ada')
    drive.state = { ...drive.state, busy: undefined }
    // Not `type`: waiting for the answer would never end.
    drive.happen({ kind: 'text', text: 'guests' })
    drive.happen({ kind: 'key', name: 'enter', ctrl: false, alt: false, shift: false })
    await new Promise((resolve) => setImmediate(resolve))
    expect(drive.text()).toContain("You've asked to join guests")
    expect(drive.text()).toContain(ada.fingerprint)
    world.admissions.get('guests')?.accept()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await drive.settle()
    expect(drive.chat.room.name).toBe('guests')
  })
})
