import { describe, expect, it } from 'vitest'
import type { MessageItem } from '../../src/chat/item.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import type { FakeRoom } from './fake.ts'
import { FakeWorld, person } from './fake.ts'

const noon = new Date(2026, 10, 23, 12, 0).getTime()
const [ada, alan, bob] = [person('ada'), person('Alan'), person('bob')] as const

async function inside(as: 'ada' | 'bob' = 'ada', size = { columns: 80, rows: 24 }) {
  let clock = noon
  const world = new FakeWorld(() => (clock += 1000))
  world.passwords.set('ada', 'x').set('bob', 'x')
  const demo = world.room('demo', ada, [alan, bob])
  if (as === 'bob') {
    // The fake room is one person's.
    demo.members = demo.members.map((one) => ({ ...one, role: one.name === 'Alan' ? 'admin' : 'member' }))
  }
  const drive = await Drive.inside(world, as, size)
  await drive.type('demo\r')
  return { world, demo, drive }
}

const idOf = (seq: number): string => String(seq).padStart(32, '0')

function lastOf(room: FakeRoom): MessageItem {
  const item = room.log.findLast((one) => one.kind === 'message')
  if (item?.kind !== 'message') throw new Error('no message')
  return item
}

function marked(drive: Drive): string {
  return drive.screen().find((line) => /(^|│)›\d\d:\d\d/.test(line)) ?? ''
}

describe('picking a message', () => {
  it('begins with the newest on the screen, moves with arrows or j and k, and ends with Escape', async () => {
    const { demo, drive } = await inside()
    for (const text of ['one', 'two', 'three']) demo.say(alan, text)
    await drive.type(keys.shiftUp)
    expect(marked(drive)).toContain('three')
    expect(drive.text()).toContain('j/k move · r reply · d delete · + react · y copy · Esc done')
    await drive.type(keys.up)
    expect(marked(drive)).toContain('two')
    await drive.type('kk')
    expect(marked(drive)).toContain('one')
    await drive.type(`j${keys.down}`)
    expect(marked(drive)).toContain('three')
    await drive.type(keys.escape)
    expect(marked(drive)).toBe('')
    expect(drive.state.page.kind).toBe('chat')
    expect(drive.chat.timeline.anchor).toBeUndefined()
  })

  it('passes over admin lines and over what shows in other messages, and takes no letters for the line', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'one')
    demo.admin('topic', ada, undefined, 'a topic')
    demo.say(bob, { type: 'react', to: idOf(1), emoji: '👍', on: true })
    await drive.type(keys.alt('m'))
    expect(marked(drive)).toContain('one')
    await drive.type('xyz')
    expect(drive.chat.editor.text).toBe('')
    await drive.type(keys.alt('m'))
    expect(marked(drive)).toBe('')
  })

  it('scrolls along, fetches what is further up, and stands still while others write', async () => {
    const { demo, drive } = await inside()
    for (let n = 1; n <= 250; n += 1) demo.say(alan, `message ${n}.`)
    await drive.type(keys.escape)
    await drive.type('\r')
    await drive.type(keys.shiftUp)
    for (let step = 0; step < 400 && !marked(drive).includes('message 1.'); step += 1) {
      await drive.type('k')
      const before = marked(drive)
      expect(before).not.toBe('')
      if (step % 50 === 0) demo.say(alan, 'meanwhile')
      expect(marked(drive)).toBe(before)
    }
    expect(marked(drive)).toContain('message 1.')
    await drive.type(keys.escape)
    expect(drive.text()).toContain('meanwhile')
  })

  it('is not there where nothing was said', async () => {
    const { drive } = await inside()
    await drive.type(keys.shiftUp)
    expect(drive.text()).toContain('No message to select.')
  })
})

describe('replying', () => {
  it('says to what, sends with Enter, and shows the quote', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'How is everyone?')
    await drive.type(`${keys.shiftUp}rFine.`)
    expect(drive.text()).toContain('reply to Alan: How is everyone?')
    expect(drive.chat.editor.text).toBe('Fine.')
    await drive.type('\r')
    expect(lastOf(demo)).toMatchObject({ type: 'reply', to: idOf(1), text: 'Fine.' })
    expect(drive.text()).toMatch(/ada · > Alan: How is everyone\?\n.*│ Fine\./)
    expect(drive.text()).not.toContain('reply to')
  })

  it('is given up with Escape before anything else; what was typed stays', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'How is everyone?')
    await drive.type(`${keys.shiftUp}rFine.${keys.escape}`)
    expect(drive.text()).not.toContain('reply to')
    expect(drive.chat.editor.text).toBe('Fine.')
    await drive.type('\r')
    expect(lastOf(demo)).toMatchObject({ type: 'text', text: 'Fine.' })
    await drive.type(keys.escape)
    expect(drive.state.page.kind).toBe('chat')
  })

  it('waits in its room while one looks elsewhere', async () => {
    const { world, demo, drive } = await inside()
    world.room('ops', ada)
    world.changed()
    demo.say(alan, 'How is everyone?')
    await drive.type(`${keys.shiftUp}rFine.${keys.alt('2')}`)
    expect(drive.text()).not.toContain('reply to')
    await drive.type(`elsewhere\r${keys.alt('1')}\r`)
    expect(lastOf(demo)).toMatchObject({ type: 'reply', text: 'Fine.' })
  })

  it('by a command means the picked message, else the newest of somebody else', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'one')
    demo.say(bob, 'two')
    demo.say(ada, 'mine')
    await drive.type('/reply yes\r')
    expect(lastOf(demo)).toMatchObject({ type: 'reply', to: idOf(2), text: 'yes' })
    await drive.type(`${keys.shiftUp}kkk/reply no\r`)
    expect(lastOf(demo)).toMatchObject({ type: 'reply', to: idOf(1), text: 'no' })
    expect(marked(drive)).toBe('')
    await drive.type('/reply\r')
    expect(drive.text()).toContain('reply to bob: two')
  })
})

describe('editing', () => {
  it('brings the text into the line, and back what stood there', async () => {
    const { demo, drive } = await inside()
    demo.say(ada, 'teh first')
    await drive.type(`a draft${keys.shiftUp}e`)
    expect(drive.chat.editor.text).toBe('teh first')
    expect(drive.text()).toContain('edit teh first')
    await drive.type(`${keys.ctrl('u')}the first\r`)
    expect(lastOf(demo)).toMatchObject({ type: 'edit', to: idOf(1), text: 'the first' })
    expect(drive.text()).toMatch(/│ the first\n.*· \(edited\)/)
    expect(drive.chat.editor.text).toBe('a draft')
    await drive.type(`${keys.shiftUp}e${keys.escape}`)
    expect(drive.chat.editor.text).toBe('a draft')
  })

  it('edits what was edited, and sends nothing where nothing changed or nothing is left', async () => {
    const { demo, drive } = await inside()
    demo.say(ada, '/shrug')
    await drive.type('/edit\r')
    expect(drive.chat.editor.text).toBe('//shrug')
    const before = demo.log.length
    await drive.type('\r')
    expect(drive.text()).toContain('Nothing changed.')
    await drive.type(`/edit\r${keys.ctrl('u')}\r`)
    expect(drive.text()).toContain('An edit needs text.')
    expect(demo.log).toHaveLength(before)
    await drive.type('!wow\r')
    expect(demo.log).toHaveLength(before)
    await drive.type(`${keys.ctrl('u')}!!wow\r`)
    expect(lastOf(demo)).toMatchObject({ type: 'edit', text: '!wow' })
    await drive.type('/edit third\r')
    expect(lastOf(demo)).toMatchObject({ type: 'edit', to: idOf(1), text: 'third' })
    expect(drive.text()).toMatch(/│ third\n.*· \(edited\)/)
  })

  it('keeps to one’s own messages, and says so', async () => {
    const { demo, drive } = await inside()
    demo.say(ada, 'mine')
    demo.say(alan, 'his')
    await drive.type(`${keys.shiftUp}e`)
    expect(drive.text()).toContain('Only Alan can edit that message.')
    await drive.type(`${keys.escape}/edit\r`)
    expect(drive.chat.editor.text).toBe('mine')
    await drive.type(`${keys.escape}/edit`)
    demo.standing = 'kicked'
    demo.tell({ kind: 'state' })
    await drive.type('\r')
    expect(drive.text()).toContain('nothing can be sent')
    expect(drive.chat.editor.text).toBe('/edit')
  })
})

describe('deleting', () => {
  it('asks first, and leaves a mark', async () => {
    const { demo, drive } = await inside()
    demo.say(ada, 'a slip')
    demo.say(ada, 'no slip')
    await drive.type(`${keys.shiftUp}kd`)
    expect(drive.text()).toContain('Delete "ada: a slip" for everyone?')
    await drive.type('n')
    expect(lastOf(demo).type).toBe('text')
    await drive.type('d')
    await drive.type('y')
    expect(lastOf(demo)).toMatchObject({ type: 'delete', to: idOf(1) })
    expect(drive.text()).toMatch(/ada · \(deleted\)/)
    expect(drive.text()).not.toContain('a slip')
    await drive.type('d')
    expect(drive.text()).toContain('That message was deleted.')
    await drive.type(`${keys.escape}/delete\r`)
    await drive.type('y')
    expect(lastOf(demo)).toMatchObject({ type: 'delete', to: idOf(2) })
  })

  it('lets an admin delete what others wrote, and nobody else', async () => {
    const asAdmin = await inside('ada')
    asAdmin.demo.say(bob, 'spam')
    await asAdmin.drive.type(`${keys.shiftUp}d`)
    await asAdmin.drive.type('y')
    expect(asAdmin.drive.text()).toMatch(/bob · \(deleted\)/)
    const asMember = await inside('bob')
    asMember.demo.say(alan, 'no spam')
    await asMember.drive.type(`${keys.shiftUp}d`)
    expect(asMember.drive.text()).toContain('Only Alan or an admin can delete that message.')
    expect(lastOf(asMember.demo).type).toBe('text')
  })

  it('stays deleted when its message comes back into the window', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'a secret')
    for (let n = 0; n < 900; n += 1) demo.say(bob, `message ${n}.`)
    demo.say(alan, { type: 'delete', to: idOf(1) })
    for (let page = 0; page < 120 && !drive.text().includes('the beginning of demo'); page += 1) {
      await drive.type(keys.pageUp)
    }
    expect(drive.text()).toContain('Alan · (deleted)')
    expect(drive.text()).not.toContain('a secret')
  })
})

describe('reacting', () => {
  it('takes an emoji, offers some with Tab, and takes it back when it is given again', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'Friday it is')
    demo.say(bob, { type: 'react', to: idOf(1), emoji: '👍', on: true })
    await drive.type(`a draft${keys.shiftUp}+`)
    expect(drive.text()).toContain('react to Alan: Friday it is')
    await drive.type('\t')
    expect(drive.chat.editor.text).toBe('👍')
    await drive.type('\t')
    expect(drive.chat.editor.text).toBe('❤️')
    await drive.type(`${keys.backTab}\r`)
    expect(lastOf(demo)).toMatchObject({ type: 'react', to: idOf(1), emoji: '👍', on: true })
    expect(drive.text()).toContain('👍 2*')
    expect(drive.chat.editor.text).toBe('a draft')
    await drive.type(`${keys.ctrl('u')}/react +1\r`)
    expect(lastOf(demo)).toMatchObject({ emoji: '👍', on: false })
    expect(drive.text()).toMatch(/· 👍\n/)
  })

  it('takes one emoji and no words', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'Friday it is')
    await drive.type('/react great idea\r')
    expect(drive.text()).toContain('A reaction is a single emoji.')
    await drive.type(`${keys.ctrl('u')}/react par\t\r`)
    expect(lastOf(demo)).toMatchObject({ type: 'react', emoji: '🎉', on: true })
  })
})

describe('what refers to an earlier message', () => {
  it('shows the message once it was looked up', async () => {
    const { demo, drive } = await inside()
    demo.say(alan, 'long ago')
    for (let n = 0; n < 300; n += 1) demo.say(bob, `message ${n}.`)
    demo.say(bob, { type: 'edit', to: idOf(1), text: 'forged' })
    demo.say(ada, { type: 'reply', to: idOf(1), text: 'I remember' })
    demo.say(bob, { type: 'react', to: idOf(2), emoji: '🎉', on: true })
    await drive.type(keys.allRooms)
    await drive.type('\r')
    expect(drive.chat.timeline.entries).toHaveLength(100)
    expect(drive.text()).toMatch(/> Alan: long ago\n.*│ I remember/)
    expect(drive.text()).toContain('· (🎉) bob: message 0.')
    expect(drive.text()).toMatch(/· \(only Alan can edit it\) Alan: long ago\n.*│ forged/)
  })
})

describe('what is not sent yet', () => {
  it('shows already, and says that it waits', async () => {
    const { world, demo, drive } = await inside()
    demo.say(ada, 'teh first')
    demo.say(alan, 'the second')
    world.connection = { state: 'offline', detail: 'offline: no node answers' }
    world.changed()
    await drive.type('/edit the first\r')
    expect(drive.text()).toMatch(/│ the first\n.*· \(edited\) \(queued\)/)
    await drive.type('/reply yes\r')
    expect(drive.text()).toMatch(/> Alan: the second\n.*│ yes\n.*· \(queued\)/)
    await drive.type('/react yes\r')
    expect(drive.text()).toMatch(/│ the second\n.*· \(queued\)\n.*· 👍\*/)
    demo.pending = demo.pending.map((item) => ({ ...item, state: 'failed', reason: 'you were kicked' }))
    demo.tell({ kind: 'state' })
    expect(drive.text()).toMatch(/· \(edits\) ada: teh first\n.*│ the first/)
    expect(drive.text()).toContain('not sent: you were kicked')
    expect(drive.text()).toContain('teh first\n')
  })
})
