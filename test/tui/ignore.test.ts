import { beforeEach, describe, expect, it } from 'vitest'
import { keys } from '../terminal/terminal.ts'
import type { Drive } from './drive.ts'
import { member, person, type FakeRoom, type FakeWorld } from './fake.ts'
import { alan, bob, cyd, flat, inDemo } from './in-demo.ts'

let world: FakeWorld
let demo: FakeRoom
let ops: FakeRoom
let drive: Drive

beforeEach(async () => {
  ;({ world, demo, drive } = await inDemo({ columns: 100, rows: 30 }, { rooms: ['ops'] }))
  ops = world.rooms.find(({ name }) => name === 'ops') as FakeRoom
  demo.say(bob, 'spam one')
  demo.say(alan, 'hello there')
  demo.say(bob, 'spam two')
  await drive.settle()
})

const calls = (): number => drive.effects.filter((effect) => effect.do === 'call').length

/** The conversation, without what is beside it and below it. */
function conversation(): string {
  return drive.screen().slice(2, -3).join('\n')
}

describe('/ignore', () => {
  it('marks them in the lists of members', async () => {
    await drive.type('/ignore bob\r')
    expect(drive.screen().map((row) => row.split('│').at(-1)?.trim())).toContain('bob ⊘')
    await drive.type('/members\r')
    expect(drive.text()).toMatch(new RegExp(`bob +member +${bob.fingerprint} {2}ignored`))
  })

  it('hides what a key has said and says, and shows it again', async () => {
    await drive.type('/ignore bob\r')
    expect(drive.text()).toContain(`bob (${bob.fingerprint}) is ignored.`)
    demo.say(bob, 'spam three')
    await drive.settle()
    expect(conversation()).not.toContain('spam')
    expect(conversation()).toContain('hello there')
    expect(drive.keptPreferences.ignored).toEqual({ [bob.fingerprint]: 'bob' })
    await drive.type('/unignore bob\r')
    expect(conversation().match(/spam (?:one|two|three)/g)).toHaveLength(3)
    expect(drive.keptPreferences.ignored).toEqual({})
  })

  it('lists whom it hides', async () => {
    await drive.type('/ignore\r')
    expect(drive.text()).toContain("You aren't ignoring anyone.")
    await drive.type(`${keys.escape}/ignore bob\r/ignore\r`)
    expect(drive.text()).toContain(` bob  ${bob.fingerprint}`)
    await drive.type(`${keys.escape}/unignore b${keys.tab}`)
    expect(drive.chat.editor.text).toBe('/unignore bob')
  })

  it('replies to hidden messages do not repeat them', async () => {
    demo.say(bob, 'spam four')
    demo.say(alan, { type: 'reply', to: String(demo.seq).padStart(32, '0'), text: 'please stop' })
    await drive.settle()
    await drive.type('/ignore bob\r')
    expect(flat(drive)).toContain('> an ignored message')
    expect(conversation()).not.toContain('spam')
  })

  it('is of a key, and a name that two share is asked about', async () => {
    const twin = { ...person('bob2'), name: 'bob' }
    demo.members = [...demo.members, member(twin)]
    world.changed()
    demo.say(twin, 'I am another one')
    await drive.settle()
    await drive.type('/ignore bob\r')
    expect(flat(drive)).toContain('2 people are called bob')
    await drive.type(`${keys.ctrl('u')}/ignore bob ${bob.fingerprint}\r`)
    expect(conversation()).not.toContain('spam')
    expect(conversation()).toContain('I am another one')
  })

  it('never hides this person, and no room event', async () => {
    await drive.type('/ignore ada\r')
    expect(drive.text()).toContain("You can't ignore yourself.")
    await drive.type(`${keys.ctrl('u')}/ignore nobody-here\r`)
    expect(drive.text()).toContain('demo has no member called nobody-here.')
  })

  it('hides requests to join, and answers none of them', async () => {
    demo.knock(cyd)
    await drive.settle()
    expect(drive.text()).toContain('cyd asks to join')
    await drive.type('/ignore cyd\r')
    await drive.settle()
    expect(conversation()).not.toContain('cyd asks to join')
    expect(drive.text()).not.toContain('join request')
    await drive.type('/unignore cyd\r')
    expect(drive.text()).toContain('cyd asks to join')
    expect(drive.text()).toContain('1 join request: !cyd')
  })

  it('announces and counts nothing of theirs, in any room', async () => {
    await drive.type('/ignore bob\r')
    ops.say(bob, 'ada! spam')
    ops.knock({ ...bob })
    await drive.settle()
    expect(calls()).toBe(0)
    expect(drive.text()).not.toContain('unread')
    expect(drive.state.rooms.find(({ name }) => name === 'ops')).toMatchObject({
      unread: 0,
      mentions: 0,
      attention: [],
    })
    ops.say(alan, 'ada, tea?')
    ops.say(bob, 'ada! more spam')
    await drive.settle()
    expect(calls()).toBe(1)
    expect(drive.text()).toContain('1 unread, 1 mention')
    await drive.type('/unignore bob\r')
    expect(drive.text()).toContain('3 unread, 3 mentions')
  })

  it('is taken over from another program', async () => {
    drive.keptPreferences = { ...drive.keptPreferences, ignored: { [bob.fingerprint]: 'bob' } }
    drive.happen({ kind: 'focus', focused: true })
    await drive.settle()
    expect(conversation()).not.toContain('spam')
    expect(conversation()).toContain('hello there')
  })

  it('counts nothing further down while scrolled back', async () => {
    for (let n = 0; n < 40; n += 1) demo.say(alan, `line ${n}`)
    await drive.settle()
    await drive.type(`/ignore bob\r${keys.pageUp}`)
    demo.say(bob, 'spam')
    await drive.settle()
    expect(drive.text()).not.toContain('1 new')
    demo.say(alan, 'real')
    await drive.settle()
    expect(drive.text()).toContain('↓ 1 new')
  })
})

describe('/mute', () => {
  beforeEach(async () => {
    await drive.type('/join ops\r/mute\r/join demo\r')
    drive.effects.length = 0
  })

  it('leaves a room where it stands, marked, and out of the sum', async () => {
    ops.say(alan, 'hello all')
    await drive.settle()
    expect(drive.text()).toMatch(/ 2 ops ⊘ +1 /)
    expect(drive.text()).not.toContain('Unread')
    expect(drive.text()).not.toContain('1 unread')
    await drive.type(keys.alt('a'))
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.text()).toContain('No unread messages in other rooms.')
  })

  it('marks what is for this person, without a sound', async () => {
    ops.say(alan, 'hello all')
    ops.say(alan, 'ada, tea?')
    await drive.settle()
    expect(calls()).toBe(0)
    expect(drive.text()).toContain('Unread')
    expect(drive.text()).toContain('1 unread, 1 mention')
    await drive.type(keys.alt('a'))
    expect(drive.chat.room.name).toBe('ops')
  })

  it('is /notify none in this room, and a second time undoes it', async () => {
    expect(drive.kept.rooms).toEqual({ [ops.id]: 'none' })
    await drive.type('/join ops\r/mute\r')
    expect(drive.text()).toContain('ops is not muted.')
    expect(drive.kept.rooms).toEqual({})
    await drive.type('/mute on\r/mute on\r')
    expect(drive.text()).toContain('ops is muted')
    await drive.type('/mute off\r')
    expect(drive.kept.rooms).toEqual({})
  })
})
