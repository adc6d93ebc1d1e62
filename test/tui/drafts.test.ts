import { describe, expect, it } from 'vitest'
import { Drive } from './drive.ts'
import { FakeWorld, person } from './fake.ts'
import { keys } from '../terminal/terminal.ts'

const ada = person('ada')
const bob = person('bob')

async function rooms() {
  const world = new FakeWorld(() => 0)
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', ada, [bob])
  const ops = world.room('ops', ada, [bob])
  const drive = await Drive.inside(world, 'ada')
  await drive.type('/join demo\r')
  return { world, demo, ops, drive }
}

async function again(world: FakeWorld, room = 'demo'): Promise<Drive> {
  const drive = await Drive.inside(world, 'ada')
  await drive.type(`/join ${room}\r`)
  return drive
}

describe('a draft', () => {
  it('is in the line again after a restart, in its room', async () => {
    const { world, drive, demo } = await rooms()
    await drive.type('see you\nat eight')
    await drive.close()
    const later = await again(world)
    expect(later.chat.editor).toMatchObject({ text: 'see you\nat eight', cursor: 16 })
    await later.type('\x1b2')
    expect([later.chat.room.name, later.chat.editor.text]).toEqual(['ops', ''])
    await later.type('\x1b1')
    expect(later.chat.editor.text).toBe('see you\nat eight')
    await later.type(' sharp\r')
    expect(demo.log.at(-1)).toMatchObject({ text: 'see you\nat eight sharp' })
    await later.close()
    expect(world.typed.drafts.size).toBe(0)
    expect((await again(world)).chat.editor.text).toBe('')
  })

  it('is gone once it is cleared', async () => {
    const { world, drive, ops } = await rooms()
    await drive.type('never mind')
    await drive.type('\x1b2')
    expect(world.typed.drafts.size).toBe(1)
    await drive.type('\x1b1')
    await drive.type(keys.ctrl('c'))
    await drive.type('\x1b2')
    expect([world.typed.drafts.size, drive.chat.room.name]).toEqual([0, ops.name])
  })

  it('of a reply or an edit comes back with its message', async () => {
    const { world, drive, demo } = await rooms()
    demo.say(bob, 'lunch?')
    await drive.type('half a line')
    await drive.type(`${keys.shiftUp}rwith pleasure`)
    await drive.close()
    const later = await again(world)
    expect(later.text()).toContain('bob: lunch?')
    await later.type('\r')
    expect(demo.log.at(-1)).toMatchObject({ type: 'reply', text: 'half a linewith pleasure' })

    await later.type('before')
    await later.type(`${keys.shiftUp}e, dear`)
    await later.close()
    const last = await again(world)
    await last.type('\r')
    expect(demo.log.at(-1)).toMatchObject({ type: 'edit', text: 'half a linewith pleasure, dear' })
    expect(last.chat.editor.text).toBe('before')
  })

  it('is not the emoji of a reaction, but what was typed before it', async () => {
    const { world, drive, demo } = await rooms()
    demo.say(bob, 'lunch?')
    await drive.type('text')
    await drive.type(`${keys.shiftUp}+:hea`)
    await drive.close()
    expect([...world.typed.drafts.values()]).toEqual([{ text: 'text' }])
  })

  it('is not sent together with what was typed before it was seen', async () => {
    const { world, drive, demo, ops } = await rooms()
    await drive.type('a draft')
    await drive.type('\x1b2')
    await drive.type('\x1b1hello\rand\r')
    expect([demo.seq, drive.chat.editor.text]).toEqual([0, 'a draft\nhello\nand'])
    await drive.type('\r')
    expect(demo.log.at(-1)).toMatchObject({ text: 'a draft\nhello\nand' })
    // From the home, not even with Enter alone: nobody has seen it.
    await drive.type('kept')
    await drive.close()
    const third = await Drive.inside(world, 'ada')
    await third.type('/join demo\r\r')
    expect([demo.log.at(-1), third.chat.editor.text]).toMatchObject([{ text: 'a draft\nhello\nand' }, 'kept'])
    await third.type('\r')
    expect(demo.log.at(-1)).toMatchObject({ text: 'kept' })
    await third.type('\x1b2')
    // Nothing of the kind where the line is empty.
    await third.type('\x1b1')
    await third.type('\x1b2hello\r')
    expect([ops.log.at(-1), third.state.brokenLine]).toMatchObject([{ text: 'hello' }, false])
  })

  it('of another program stays, and shows when the room is opened again', async () => {
    const { world, drive, demo } = await rooms()
    const other = await again(world)
    await other.type('from the other one')
    await other.close()
    // This one was shown an empty line, and leaves it so.
    await drive.type('\x1b2')
    expect(world.typed.drafts.get(demo.id)).toEqual({ text: 'from the other one' })
    await drive.type('\x1b1')
    expect(drive.chat.editor.text).toBe('from the other one')
    const third = await again(world)
    await third.type('\r')
    await third.close()
    await drive.type('\x1b2\x1b1')
    await drive.type('\x1b2')
    await drive.type('\x1b1')
    expect(drive.chat.editor.text).toBe('')
    await drive.close()
    expect(world.typed.drafts.size).toBe(0)
  })

  it('stays in the program while the home takes nothing', async () => {
    const { world, drive } = await rooms()
    world.typed.broken = true
    await drive.type('not on the disk')
    await drive.type('\x1b2')
    await drive.type('\x1b1')
    expect(drive.chat.editor.text).toBe('not on the disk')
    world.typed.broken = false
    await drive.close()
    expect([...world.typed.drafts.values()]).toEqual([{ text: 'not on the disk' }])
  })

  it('is written while one types on, and soon after one stops', async () => {
    const { world, drive, demo } = await rooms()
    await drive.type('a')
    await drive.type('b')
    await expect.poll(() => world.typed.drafts.get(demo.id)).toEqual({ text: 'ab' })
  })
})

describe('the lines that were sent', () => {
  it('are walked with Up after a restart, each room its own', async () => {
    const { world, drive } = await rooms()
    await drive.type('one\r')
    await drive.type('/topic two\r')
    await drive.type('\x1b2')
    await drive.type('elsewhere\r')
    await drive.close()
    const later = await again(world)
    const seen: string[] = []
    for (let n = 0; n < 3; n += 1) {
      await later.type(keys.up)
      seen.push(later.chat.editor.text)
    }
    expect(seen).toEqual(['/topic two', 'one', 'one'])
  })

  it('that begin with a space are not kept', async () => {
    const { world, drive, demo } = await rooms()
    await drive.type(' between us\r')
    await drive.type('for all\r')
    await drive.type(keys.up + keys.up)
    expect(drive.chat.editor.text).toBe(' between us')
    await drive.close()
    expect(world.typed.lines.get(demo.id)).toEqual(['for all'])
  })

  it('hold nothing of what is typed before a room is open', async () => {
    const world = new FakeWorld(() => 0)
    const drive = new Drive(world)
    drive.perform({ do: 'find-identities' })
    await drive.settle()
    await drive.type('ada\r')
    await drive.type('\r')
    await drive.type('orbit canvas')
    await drive.close()
    expect([world.typed.drafts.size, world.typed.lines.size]).toEqual([0, 0])
  })
})

describe('Ctrl-X Ctrl-E', () => {
  const edit = keys.ctrl('x') + keys.ctrl('e')
  const edited = (roomId: string, text: string, isCut = false) =>
    ({ kind: 'edited-outside', roomId, edited: { text, isCut } }) as const

  it('asks for an editor, and takes what it leaves in place of the line; undo brings that back', async () => {
    const { drive, demo } = await rooms()
    await drive.type(`draft${edit}`)
    expect(drive.effects.at(-1)).toEqual({ do: 'edit-outside', roomId: demo.id, text: 'draft' })
    drive.happen(edited(demo.id, 'one\r\ntwo \x1b[31mred'))
    expect(drive.chat.editor.text).toBe('one\ntwo red')
    await drive.type('\x1f')
    expect(drive.chat.editor.text).toBe('draft')
    drive.happen(edited(demo.id, 'x', true))
    expect(drive.text()).toContain('That text is too long and was cut off.')
  })

  it('is nothing with another key, which does what it does', async () => {
    const { drive } = await rooms()
    await drive.type(`a${keys.ctrl('x')}b${keys.ctrl('e')}c`)
    expect(drive.chat.editor.text).toBe('abc')
    expect(drive.effects.some((effect) => effect.do === 'edit-outside')).toBe(false)
  })

  it('keeps the line where the editor failed, and finds its room', async () => {
    const { drive, demo } = await rooms()
    await drive.type('draft')
    drive.happen({ kind: 'edited-outside', roomId: demo.id, edited: { failed: 'The editor failed.', hint: 'Why.' } })
    expect(drive.chat.editor.text).toBe('draft')
    expect(drive.text()).toContain('! The editor failed.')
    await drive.type('\x1b2')
    drive.happen(edited(demo.id, 'later'))
    expect(drive.chat.editor.text).toBe('')
    await drive.type('\x1b1')
    expect(drive.chat.editor.text).toBe('later')
  })
})
