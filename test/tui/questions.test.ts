import { describe, expect, it } from 'vitest'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { FakeWorld } from './fake.ts'
import { ada, alan, bob, cyd, flat, inDemo } from './in-demo.ts'

const did = (drive: Drive, act: string): boolean => drive.effects.some((effect) => effect.do === act)

describe('keys typed before a question was drawn', () => {
  it('go to the line: a new key is not trusted, and the text is there', async () => {
    const { world, drive } = await inDemo()
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
        const { world, demo, drive } = await inDemo()
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
    const { drive } = await inDemo()
    await drive.type('/kick bob\ryes\rsee you\r')
    expect(drive.chat.editor.text).toBe('yes\nsee you')
    expect(did(drive, 'send')).toBe(false)
    expect(did(drive, 'kick')).toBe(false)
  })

  it('do not answer a warning', async () => {
    const { world, drive } = await inDemo()
    world.otherKeys.set('bob', '1111 2222 3333 4444 5555 6666')
    await drive.type('/dm bob\rseen\r')
    expect(drive.text()).toContain('WARNING')
    expect(drive.chat.editor.text).toBe('seen')
  })

  it('do not withdraw a request to join: they are the draft for the room', async () => {
    const { world, drive } = await inDemo()
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
    const { world, demo, drive } = await inDemo()
    world.newKeys.clear()
    await drive.type('/join nowhere\ra secret for nowhere\r')
    expect(drive.text()).toContain('There is no room nowhere')
    expect(demo.log.some((item) => item.kind === 'message')).toBe(false)
    expect(drive.chat.editor.text).toBe('a secret for nowhere')
  })

  it('are sent where the operation did what it should', async () => {
    const { drive, demo } = await inDemo()
    await drive.type('/topic Friday\rthat is settled\r')
    expect(demo.topic).toBe('Friday')
    expect(demo.log.at(-1)).toMatchObject({ kind: 'message', text: 'that is settled' })
  })
})

describe('a question', () => {
  it('about a key takes the whole word', async () => {
    const { world, drive } = await inDemo()
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
    const { world, demo, drive } = await inDemo()
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
    const { world, drive } = await inDemo()
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

describe('/dm, /msg and /query', () => {
  it.each(['dm', 'msg', 'query'])('/%s sends the text to the person', async (word) => {
    const { world, demo, drive } = await inDemo()
    await drive.type(`/${word} bob see you at eight\r`)
    expect(drive.chat.room.name).toBe('@bob')
    expect(drive.text()).toContain('ada │ see you at eight')
    expect(demo.log.some((item) => item.kind === 'message')).toBe(false)
    expect(world.rooms.find(({ name }) => name === '@bob')?.seq).toBe(1)
  })

  it('send nothing before a new key is trusted, and keep the text where it is not', async () => {
    const { world, drive } = await inDemo()
    world.newKeys.add('cyd')
    await drive.type('/dm cyd 42 it is\r')
    expect(did(drive, 'send')).toBe(false)
    await drive.type('no\r')
    expect(drive.chat.editor.text).toBe('/dm cyd 42 it is')
    await drive.type('\r')
    await drive.type('yes\r')
    expect(drive.chat.room.name).toBe('@cyd')
    expect(drive.text()).toContain('ada │ 42 it is')
  })

  it('give the text back where it could not be sent', async () => {
    const { world, drive } = await inDemo()
    world.otherKeys.set('bob', '1111 2222 3333 4444 5555 6666')
    await drive.type('/dm bob the secret\r')
    expect(drive.text()).toContain('WARNING')
    await drive.type('seen\r')
    expect(drive.chat.editor.text).toBe('/dm bob the secret')
    expect(did(drive, 'send')).toBe(false)
  })

  it('take a whole fingerprint for one, and no part of it', async () => {
    const { drive } = await inDemo()
    await drive.type(`/dm bob ${bob.fingerprint}\r`)
    expect(drive.effects).toContainEqual({ do: 'dm', name: 'bob', fingerprint: bob.fingerprint })
    await drive.type('/invite cyd at eight\r')
    expect(drive.text()).toContain('A fingerprint has 24 digits.')
    expect(did(drive, 'invite')).toBe(false)
  })
})

describe('/topic', () => {
  it('shows the topic, and clears it after a question', async () => {
    const { demo, drive } = await inDemo()
    await drive.type('/topic\r')
    expect(drive.text()).toContain('demo has no topic.')
    await drive.type('/topic release on Friday\r')
    await drive.type('/topic\r')
    expect(drive.text()).toContain('The topic of demo: release on Friday')
    expect(demo.topic).toBe('release on Friday')
    await drive.type('/topic -claer\r')
    expect(drive.text()).toContain('Usage: /topic')
    await drive.type(keys.ctrl('u') + '/topic -clear\r')
    expect(drive.text()).toContain('Clear the topic of demo, "release on Friday"?')
    await drive.type('n')
    expect(demo.topic).toBe('release on Friday')
    await drive.type('/topic -clear\r')
    await drive.type('y')
    expect(demo.topic).toBe('')
  })
})

describe('Escape', () => {
  it('steps back through what is open, and stays in the room', async () => {
    const { demo, drive } = await inDemo()
    demo.say(bob, 'hello')
    await drive.type(`${keys.shiftUp}r/m\t`)
    expect([drive.chat.about === undefined, drive.chat.completion === undefined]).toEqual([false, false])
    for (let press = 0; press < 5; press += 1) await drive.type(keys.escape)
    expect([drive.chat.about, drive.chat.completion, drive.chat.pick, drive.state.sheet]).toEqual(
      Array(4).fill(undefined),
    )
    expect(drive.text()).toContain('Alt+K: rooms')
    await drive.type(keys.ctrl('u') + '/help\r')
    await drive.type(keys.escape + keys.escape)
    expect(drive.state.sheet).toBeUndefined()
    expect(drive.chat.room.name).toBe('demo')
    expect(did(drive, 'close-room')).toBe(false)
  })

  it('goes from the list of rooms back to the room it was opened from', async () => {
    const { drive } = await inDemo()
    await drive.type('a draft' + keys.allRooms + 'xyz')
    expect(drive.text()).toContain('Esc: back')
    await drive.type(keys.escape)
    expect(drive.state.page.kind).toBe('rooms')
    await drive.type(keys.escape)
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.chat.editor.text).toBe('a draft')
    await drive.type(keys.ctrl('u') + '/leave\r')
    await drive.type('y')
    await drive.type(keys.escape)
    expect(drive.text()).toContain('Quit Conclave?')
  })
})

describe('a filter and Enter', () => {
  it('open what matches before anything is created, which comes last and says so', async () => {
    const { world, drive } = await inDemo()
    world.room('release-planning', ada)
    await drive.type(keys.allRooms + 'plan')
    expect(drive.text()).toMatch(/› +release-planning[^]*Create room plan/)
    await drive.type('\r')
    expect(drive.chat.room.name).toBe('release-planning')
  })

  it('create after a question where a slip is likely, and at once in an empty list', async () => {
    const { world, drive } = await inDemo()
    await drive.type(keys.allRooms + 'dmeo\ry')
    expect(drive.text()).toContain('Create a new room called dmeo?')
    await drive.type('n')
    expect(world.rooms.map(({ name }) => name)).toEqual(['demo'])
    await drive.type(keys.escape + keys.allRooms + 'infra\r')
    await drive.type('y')
    expect(drive.chat.room.name).toBe('infra')
    const empty = new FakeWorld()
    empty.passwords.set('ada', 'x')
    const first = await Drive.inside(empty, 'ada')
    await first.type('demo\r')
    expect(first.chat.room.name).toBe('demo')
  })

  it('do not create a second room of a name that the list did not have yet', async () => {
    const world = new FakeWorld()
    world.passwords.set('ada', 'x')
    const drive = await Drive.inside(world, 'ada')
    world.listed.push({ ...world.room('guests', alan).summary(), standing: 'stranger' })
    world.rooms.pop()
    await drive.type('Guests\r')
    expect(drive.text()).toContain('There is a room called Guests already.')
    expect(world.rooms).toEqual([])
    await drive.type('\r')
    expect(drive.text()).toContain("You've asked to join guests.")
  })
})

describe('a command of another program', () => {
  it.each(['nick', 'hick', 'ban', 'vick', 'feave'])('/%s suggests nothing that cannot be taken back', async (word) => {
    const { drive } = await inDemo()
    await drive.type(`/${word} eve\r`)
    expect(flat(drive)).not.toContain('Did you mean')
  })

  it('with a slip in it is found', async () => {
    const { drive } = await inDemo()
    await drive.type('/kcik eve\r')
    expect(flat(drive)).toContain('Did you mean /kick?')
    await drive.type(keys.ctrl('u') + '/nick eve\r')
    expect(flat(drive)).toContain("Names can't be changed.")
  })
})

describe('a fingerprint that does not match', () => {
  const wrong = '1111 2222 3333 4444 5555 6666'

  it('is an alarm', async () => {
    const { drive } = await inDemo()
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
