import { describe, expect, it } from 'vitest'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { FakeWorld, person } from './fake.ts'

const [ada, alan, bob, cyd] = [person('ada'), person('Alan'), person('bob'), person('cyd')] as const

async function inside(size = { columns: 80, rows: 24 }) {
  let clock = new Date(2026, 10, 23, 12, 0).getTime()
  const world = new FakeWorld(() => (clock += 1000))
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', ada, [alan, bob])
  const drive = await Drive.inside(world, 'ada', size)
  await drive.type('demo\r')
  return { world, demo, drive }
}

const flat = (drive: Drive): string =>
  drive
    .text()
    .replace(/\s*\n[ │]*/g, ' ')
    .replace(/ +/g, ' ')
const did = (drive: Drive, act: string): boolean => drive.effects.some((effect) => effect.do === act)

describe('keys typed before a question was drawn', () => {
  it('go to the line: a new key is not trusted, and the text is there', async () => {
    const { world, drive } = await inside()
    world.newKeys.add('cyd')
    await drive.type('/invite cyd\ryes, at eight')
    expect(flat(drive)).toContain('First contact with cyd.')
    expect(drive.screen().at(-1)).toBe(' > yes, at eight')
    expect(drive.effects.filter(({ do: act }) => act === 'invite')).toHaveLength(1)
    await drive.type('no\r')
    expect(drive.state.confirm).toBeUndefined()
    expect(drive.chat.editor.text).toBe('yes, at eight')
  })

  it.each(['yes\r', 'y\r', '\r', 'yes\ryes\r', keys.paste('yes') + '\r', keys.escape])(
    'answer no question: %j',
    async (typed) => {
      for (const command of ['/invite cyd', '/verify bob', '/kick bob', '/delete', '/leave', '/rotate', '/rekey']) {
        const { world, demo, drive } = await inside()
        world.newKeys.add('cyd')
        demo.say(ada, 'mine')
        const before = demo.log.length
        await drive.type(`${command}\r${typed}`)
        expect([command, drive.state.confirm === undefined]).toEqual([command, false])
        expect(demo.log).toHaveLength(before)
        expect(did(drive, 'confirm-key')).toBe(false)
      }
    },
  )

  it('are kept in lines of their own, and none is sent', async () => {
    const { drive } = await inside()
    await drive.type('/kick bob\ryes\rsee you\r')
    expect(drive.chat.editor.text).toBe('yes\nsee you')
    expect(did(drive, 'send')).toBe(false)
    expect(did(drive, 'kick')).toBe(false)
  })

  it('do not answer a warning', async () => {
    const { world, drive } = await inside()
    world.otherKeys.set('bob', '1111 2222 3333 4444 5555 6666')
    await drive.type('/dm bob\rseen\r')
    expect(drive.text()).toContain('WARNING')
    expect(drive.chat.editor.text).toBe('seen')
  })

  it('do not withdraw a request to join: they are the draft for the room', async () => {
    const { world, drive } = await inside()
    world.listed.push({ ...world.room('guests', alan).summary(), standing: 'stranger' })
    world.rooms.splice(
      world.rooms.findIndex(({ name }) => name === 'guests'),
      1,
    )
    await drive.type('/join guests\rwhen?')
    expect(drive.text()).toContain("You've asked to join guests.")
    expect(did(drive, 'withdraw')).toBe(false)
    world.admissions.get('guests')?.accept()
    await drive.settle()
    expect(drive.chat.editor.text).toBe('when?')
  })

  it('are not sent to the room where one still is when another one does not open', async () => {
    const { world, demo, drive } = await inside()
    world.newKeys.clear()
    await drive.type('/join nowhere\ra secret for nowhere\r')
    expect(drive.text()).toContain('there is no room nowhere')
    expect(demo.log.some((item) => item.kind === 'message')).toBe(false)
    expect(drive.chat.editor.text).toBe('a secret for nowhere')
  })

  it('are sent where the operation did what it should', async () => {
    const { drive, demo } = await inside()
    await drive.type('/topic Friday\rthat is settled\r')
    expect(demo.topic).toBe('Friday')
    expect(demo.log.at(-1)).toMatchObject({ kind: 'message', text: 'that is settled' })
  })
})

describe('a question', () => {
  it('about a key takes the whole word', async () => {
    const { world, drive } = await inside()
    world.newKeys.add('cyd')
    await drive.type('/invite cyd\r')
    for (const attempt of ['y\r', '\r', 'ye\r', 'yess\r']) {
      await drive.type(attempt)
      expect(drive.text()).toContain('type "yes" >')
    }
    expect(drive.effects.filter(({ do: act }) => act === 'invite')).toHaveLength(1)
    await drive.type('Yes\r')
    expect(drive.effects).toContainEqual({ do: 'invite', name: 'cyd', fingerprint: cyd.fingerprint })
  })

  it('loses no text that was no answer', async () => {
    const { world, demo, drive } = await inside()
    world.newKeys.add('cyd')
    // Typed while it came: the first letters went to the line, the rest to the question.
    await drive.type('/invite cyd\rye')
    await drive.type('s, at eight\r')
    expect(drive.state.confirm).toBeUndefined()
    expect(drive.chat.editor.text).toBe('yes, at eight')
    await drive.type(keys.ctrl('u') + '/kick bob\r')
    await drive.type('yes, at eight')
    expect(drive.state.confirm).toBeUndefined()
    expect(drive.chat.editor.text).toBe('yes, at eight')
    expect(did(drive, 'kick')).toBe(false)
    await drive.type(keys.ctrl('u') + '/kick bob\r')
    await drive.type(keys.paste('yes\nplease'))
    expect(drive.chat.editor.text).toBe('yes\nplease')
    expect(demo.members).toHaveLength(3)
  })

  it('is asked before a request to join is withdrawn', async () => {
    const { world, drive } = await inside()
    world.listed.push({ ...world.room('guests', alan).summary(), standing: 'stranger' })
    world.rooms.splice(
      world.rooms.findIndex(({ name }) => name === 'guests'),
      1,
    )
    await drive.type('/join guests\r')
    await drive.type('w')
    expect(drive.text()).toContain('Withdraw your request to join guests?')
    await drive.type('n')
    expect(drive.state.page.kind).toBe('waiting')
    await drive.type('w')
    await drive.type('y')
    expect(drive.text()).toContain('Request to join guests withdrawn.')
    expect(drive.state.page.kind).toBe('rooms')
  })
})

describe('a fingerprint that does not match', () => {
  const wrong = '1111 2222 3333 4444 5555 6666'

  it('is an alarm', async () => {
    const { drive } = await inside()
    await drive.type(`/invite cyd ${wrong}\r`)
    expect(drive.text()).toContain("WARNING: cyd's key does NOT have the fingerprint you gave")
    expect(drive.text()).toContain(`you gave  ${wrong}`)
    expect(drive.text()).toContain(`this is   ${cyd.fingerprint}`)
    expect(flat(drive)).toContain('cyd was not invited. Someone may be impersonating cyd.')
    await drive.type('yes\r')
    expect(drive.text()).toContain('WARNING')
    await drive.type('seen\r')
    expect(drive.text()).not.toContain('WARNING')
    expect(drive.chat.room.invitations).toEqual([])
    await drive.type(`/invite cyd ${cyd.fingerprint}\r`)
    expect(drive.text()).toContain('ada invited cyd.')
  })
})
