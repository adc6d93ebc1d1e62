import { describe, expect, it } from 'vitest'
import { keys } from '../terminal/terminal.ts'
import { member } from './fake.ts'
import { ada, alan, bob, cyd, flat, inDemo } from './in-demo.ts'

describe('a room’s rules and keys', () => {
  it('are told, changed and completed by /policy', async () => {
    const { demo, drive } = await inDemo()
    await drive.type('/policy\r')
    expect(drive.text()).toContain('Any member can let people in; the room is listed.')
    await drive.type('/policy ad\tunl\t\r')
    expect(drive.effects).toContainEqual({ do: 'policy', policy: { acceptBy: 'admins', listed: false } })
    expect(flat(drive)).toContain('ada changed the rules: only admins can let people in; the room is unlisted.')
    await drive.type('/policy everybody\r')
    expect(drive.text()).toContain('Usage: /policy')
    expect(drive.chat.editor.text).toBe('/policy everybody')
    expect(demo.policy.acceptBy).toBe('admins')
  })

  it('are chosen at a room’s creation, and in a direct message say how often keys change', async () => {
    const { world, drive } = await inDemo()
    await drive.type('/create other unlisted 7d\r')
    expect(drive.effects).toContainEqual({ do: 'create', name: 'other', options: { unlisted: true, rotateDays: 7 } })
    await drive.type('/create third 0d\r')
    expect(drive.text()).toContain('Usage: /create ROOM')
    await drive.type(keys.ctrl('u'))
    world.newKeys.add('cyd')
    await drive.type('/dm cyd\r')
    await drive.type('yes\r')
    await drive.type('/policy\r')
    expect(flat(drive)).toContain('The keys of this direct message are replaced every 30 days.')
    await drive.type('/policy never\r')
    expect(drive.effects).toContainEqual({ do: 'policy', policy: { rotateDays: 0 } })
    await drive.type('/policy admins 7d\r')
    expect(flat(drive)).toContain('A direct message is for two: nobody is let in, removed or made an admin.')
    expect(drive.effects).not.toContainEqual({ do: 'policy', policy: { acceptBy: 'admins', rotateDays: 7 } })
  })

  it('are the admins’ affair', async () => {
    const { demo, drive } = await inDemo()
    demo.members = demo.members.map((one) => ({ ...one, role: one.name === 'Alan' ? 'admin' : 'member' }))
    demo.tell({ kind: 'state' })
    for (const command of ['/rotate', '/policy admins', '/kick bob', '/promote bob']) {
      await drive.type(`${command}\r`)
      expect(drive.text()).toContain('Only an admin of demo can do that.')
      expect(drive.text()).toContain('Admins: Alan.')
      await drive.type(keys.ctrl('u'))
    }
    expect(drive.state.confirm).toBeUndefined()
  })

  it('change with /rotate and /rekey after a question that says what they do', async () => {
    const { drive } = await inDemo()
    await drive.type('/rotate\r')
    expect(drive.text()).toContain('Rotate the keys of demo?')
    await drive.type('n')
    expect(drive.effects).not.toContainEqual({ do: 'rotate' })
    await drive.type('/rotate\r')
    await drive.type('y')
    expect(drive.text()).toContain("ada changed the room's keys.")
    await drive.type('/rekey\r')
    expect(flat(drive)).toContain('Your fingerprint changes')
    await drive.type('y')
    expect(drive.text()).toContain('You have new keys, in 1 room.')
    expect(drive.state.self?.fingerprint).not.toBe(ada.fingerprint)
    expect(drive.text()).toContain(drive.state.self?.fingerprint ?? '')
  })

  it('of a newer version can only be read, and says so', async () => {
    const { demo, drive } = await inDemo()
    demo.tooNew = true
    demo.tell({ kind: 'state' })
    demo.admin('policy', alan, undefined, 'members accept, listed, rotate 30d, version 2')
    expect(drive.text()).toContain('update Conclave to write here')
    expect(flat(drive)).toContain('The room now uses version 2: update Conclave to keep reading.')
    await drive.type('hello\r')
    expect(drive.text()).toContain('demo uses a newer version: it is read-only here.')
    expect(drive.chat.editor.text).toBe('hello')
  })
})

describe('a key that was never seen', () => {
  it('is shown with its fingerprint, and a yes goes on', async () => {
    const { world, drive } = await inDemo()
    world.newKeys.add('cyd')
    await drive.type('/invite cyd\r')
    expect(flat(drive)).toContain(`First contact with cyd. Fingerprint: ${cyd.fingerprint}.`)
    await drive.type('no\r')
    expect(drive.text()).not.toContain('invited')
    await drive.type('/invite cyd\r')
    await drive.type('yes\r')
    expect(drive.effects).toContainEqual({ do: 'invite', name: 'cyd', fingerprint: cyd.fingerprint })
    expect(drive.text()).toContain('ada invited cyd.')
    await drive.type('/dm cyd\r')
    await drive.type('yes\r')
    expect(drive.chat.room.name).toBe('@cyd')
  })

  it('is not asked about where a head phrase is compared', async () => {
    const { drive } = await inDemo()
    await drive.type('/verify 3 six of these words are here\r')
    expect(drive.effects).toContainEqual({ do: 'verify', head: '3 six of these words are here' })
    expect(flat(drive)).toContain('The heads are the same')
    expect(flat(drive)).toContain('six of these words are here')
  })

  it('is confirmed where two have compared the safety number', async () => {
    const { drive } = await inDemo()
    await drive.type('/verify bob\r')
    expect(drive.text()).toContain('You and bob')
    expect(drive.text()).toContain('Did the numbers match? Mark bob as verified?')
    await drive.type(keys.down)
    expect(drive.state.confirm).toBeDefined()
    await drive.type('y\r')
    expect(drive.state.confirm).toBeDefined()
    await drive.type('yes\r')
    expect(drive.effects).toContainEqual({ do: 'confirm-key', name: 'bob', fingerprint: bob.fingerprint })
    expect(drive.text()).toContain('bob is verified.')
    expect(drive.text()).not.toContain('You and bob')
  })
})

describe('a key that is not the one that one knows', () => {
  const known = '1111 2222 3333 4444 5555 6666'

  it('takes the line until "seen" was typed, and stays marked', async () => {
    const { demo, drive } = await inDemo({ columns: 120, rows: 30 })
    await drive.type('a draft')
    demo.changedKeys = [{ ...bob, known }]
    demo.tell({ kind: 'state' })
    expect(drive.text()).toContain("WARNING: bob's key is NOT the one you know")
    expect(drive.text()).toContain(`you know  ${known}`)
    expect(drive.text()).toContain(`this is   ${bob.fingerprint}`)
    await drive.type(` and more\r\ry${keys.escape}${keys.tab}`)
    expect(drive.text()).toContain('WARNING')
    await drive.type(`${keys.ctrl('u')}seen\r`)
    expect(drive.text()).not.toContain('WARNING')
    expect(drive.chat.editor.text).toBe('a draft and more')
    expect(drive.text()).toContain('key changed: bob')
    expect(drive.text()).toContain(`!bob ${bob.fingerprint.slice(0, 4)}`)
    // Once a key and program; another one is another warning.
    await drive.type(`${keys.ctrl('u')}${keys.escape}\r`)
    expect(drive.text()).not.toContain('WARNING')
    demo.changedKeys = [{ ...alan, known }]
    demo.tell({ kind: 'state' })
    expect(drive.text()).toContain("WARNING: Alan's key")
    demo.changedKeys = []
    demo.tell({ kind: 'state' })
    expect(drive.text()).not.toContain('WARNING')
  })

  it('is not written to, and taken for the right one after a comparison alone', async () => {
    const { world, demo, drive } = await inDemo()
    world.otherKeys.set('bob', known)
    demo.changedKeys = [{ ...bob, known }]
    demo.tell({ kind: 'state' })
    await drive.type('seen\r/dm bob\r')
    expect(flat(drive)).toContain('The direct message to bob was not opened.')
    await drive.type('y\r')
    expect(drive.chat.room.name).toBe('demo')
    await drive.type('seen\r/verify bob\r')
    expect(flat(drive)).toContain('This is NOT the key you know')
    await drive.type('yes\r')
    expect(drive.text()).not.toContain('key changed')
    await drive.type('/dm bob\r')
    expect(drive.chat.room.name).toBe('@bob')
  })

  it('can be quit from', async () => {
    const { demo, drive } = await inDemo()
    demo.changedKeys = [{ ...bob, known }]
    demo.tell({ kind: 'state' })
    await drive.type(keys.ctrl('c'))
    expect(drive.text()).toContain('Quit Conclave?')
    await drive.type('n')
    expect(drive.text()).toContain('WARNING')
    await drive.type(keys.ctrl('c') + keys.ctrl('c'))
    expect(drive.quit).toBe(true)
  })

  it('is let in by nobody who did not read it', async () => {
    const { demo, drive } = await inDemo()
    demo.knock({ ...cyd, known })
    demo.tell({ kind: 'state' })
    await drive.type('!cyd\r')
    expect(flat(drive)).toContain('that is NOT the one you know')
    await drive.type('n')
    expect(drive.effects.some((effect) => effect.do === 'accept')).toBe(false)
  })
})

describe('two people of one name', () => {
  it('are told apart by fingerprints, on the screen and in commands', async () => {
    const { demo, drive } = await inDemo()
    const other = { name: 'bob', fingerprint: '9999 2222 3333 4444 5555 6666' }
    demo.members.push(member(other))
    demo.tell({ kind: 'state' })
    demo.say(other, 'I am bob')
    expect(drive.text()).toContain('bob 9999 │ I am bob')
    await drive.type('/kick bob\r')
    expect(flat(drive)).toContain('2 people are called bob')
    await drive.type(' 9999\r')
    await drive.type('y')
    expect(drive.effects).toContainEqual({ do: 'kick', ...other })
  })
})

describe('who comes back after a kick', () => {
  it('is let in only after a question that says what he will read', async () => {
    const { demo, drive } = await inDemo({ columns: 120, rows: 30 })
    demo.knock({ ...cyd, returning: 'kicked' })
    demo.tell({ kind: 'state' })
    await drive.type('!cyd\r')
    expect(flat(drive)).toContain('cyd was removed before. Once back in, they can also read what was said in between.')
    await drive.type('n')
    expect(drive.effects.some((effect) => effect.do === 'accept')).toBe(false)
    await drive.type('!cyd\r')
    await drive.type('y')
    expect(drive.effects).toContainEqual({ do: 'accept', name: 'cyd', fingerprint: cyd.fingerprint })
  })
})
