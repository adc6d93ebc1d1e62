import { describe, expect, test } from 'vitest'
import { again, anyKind, enter, person, say, texts, told, until, wholeHistory, world } from './world.ts'

const refused = (code: string): unknown => expect.objectContaining({ code, hint: expect.stringMatching(/./) })

describe.each(anyKind)('rooms on the %s store', (kind) => {
  test('who creates a room is in it, alone and its admin', async () => {
    const ada = await person(world(kind), 'ada')
    const room = await ada.chat.create('demo')
    expect(room).toMatchObject({ name: 'demo', standing: 'member', seq: 0, unread: 0, knocks: [] })
    expect(room.members).toEqual([{ ...ada.chat.self, id: expect.stringMatching(/^[0-9a-f]{64}$/), role: 'admin' }])
    expect(told(await wholeHistory(room))).toEqual(['create by ada'])
    expect(await ada.chat.rooms()).toEqual([
      { name: 'demo', id: room.id, standing: 'member', unread: 0, mentions: 0, members: 1, attention: [] },
    ])
  })

  test.each(['demo', 'DEMO', 'dem0'])('beside a room demo, %s is taken', async (name) => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    await ada.chat.create('demo')
    await expect(bob.chat.create(name)).rejects.toEqual(refused('name-taken'))
    expect(bob.chat.knownRooms()).toEqual([])
  })

  test('an unlisted room takes no name, and is entered by its id alone', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const hidden = await ada.chat.create('demo', { unlisted: true })
    expect(await bob.chat.rooms()).toEqual([])
    await expect(bob.chat.join('demo')).rejects.toEqual(refused('no-such-room'))
    await bob.chat.create('demo')
    const admission = await bob.chat.join(hidden.id)
    await hidden.accept('bob', { trustNew: true })
    expect((await admission.wait()).id).toBe(hidden.id)
  })

  test('what bytes in the store tell: neither names of rooms nor of people stand in a room’s keys', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    await enter(bob, await ada.chat.create('gazebo'))
    const store = await place.openStore()
    const { entries } = await store.range(new Uint8Array([1]), new Uint8Array([255]))
    await store.close()
    const keys = entries.map(({ key }) => Buffer.from(key).toString('latin1')).filter((key) => key.startsWith('rooms/'))
    expect(keys.length).toBeGreaterThan(5)
    expect(keys.filter((key) => /gazebo|ada\b|bob/.test(key))).toEqual([])
  })

  test('who knocks waits, is seen, is accepted, and is in', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const knock = Promise.withResolvers<unknown>()
    room.subscribe((change) => change.kind === 'knock' && knock.resolve(change.item))
    const admission = await bob.chat.join('demo')
    expect(admission).toMatchObject({ roomName: 'demo', roomId: room.id, state: 'waiting' })
    const answer = admission.wait()
    expect(await knock.promise).toMatchObject({ kind: 'admin', event: 'knock', by: bob.chat.self })
    expect(room.knocks).toEqual([{ ...bob.chat.self, at: expect.any(Number) }])
    const done = await room.accept('bob', { trustNew: true })
    const theirs = await answer
    expect(admission.state).toBe('accepted')
    expect(theirs).toMatchObject({ name: 'demo', id: room.id, standing: 'member' })
    expect(theirs.members.map(({ name, role }) => `${name} ${role}`)).toEqual(['ada admin', 'bob member'])
    expect(theirs.members[0]?.fingerprint).toBe(ada.chat.self.fingerprint)
    expect(done).toEqual({ i: 1 })
    await room.refresh()
    expect(room.knocks).toEqual([])
    expect(told(await wholeHistory(room))).toEqual(['create by ada', 'accept bob by ada'])
  })

  test('a knock survives its program: the answer is found at the next start', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    await bob.chat.join('demo')
    await bob.chat.close()
    const later = await again(place, bob)
    expect(later.chat.knownRooms()).toMatchObject([{ name: 'demo', standing: 'waiting' }])
    await expect(later.chat.open('demo')).rejects.toEqual(refused('not-member'))
    await later.chat.close()
    await room.accept('bob', { trustNew: true })
    const last = await again(place, bob)
    expect((await last.chat.open('demo')).standing).toBe('member')
  })

  test('knocking twice is one knock', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    await bob.chat.join('demo')
    const admission = await bob.chat.join('demo')
    await room.refresh()
    expect(room.knocks).toHaveLength(1)
    await room.accept('bob', { trustNew: true })
    expect((await admission.wait()).standing).toBe('member')
  })

  test('who was let in joins again without a knock', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    await enter(bob, room)
    const admission = await bob.chat.join('demo')
    expect(admission.state).toBe('accepted')
    expect((await admission.wait()).id).toBe(room.id)
    await room.refresh()
    expect(room.knocks).toEqual([])
  })

  test('a withdrawn knock is gone', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    await (await bob.chat.join('demo')).withdraw()
    await room.refresh()
    expect(room.knocks).toEqual([])
    await expect(room.accept('bob', { trustNew: true })).rejects.toEqual(refused('no-such-user'))
  })

  test('who is rejected is told so, and may knock again', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const admission = await bob.chat.join('demo')
    const answer = admission.wait()
    const rejection = expect(answer).rejects.toEqual(refused('rejected'))
    await room.reject('bob')
    await rejection
    expect(admission.state).toBe('rejected')
    await expect(bob.chat.open('demo')).rejects.toEqual(refused('not-member'))
    expect(room.members).toHaveLength(1)
    expect(told(await wholeHistory(room))).toEqual(['create by ada', 'reject bob by ada'])
    await enter(bob, room)
    expect(room.members).toHaveLength(2)
  })

  test('a member lets in, unless only admins may', async () => {
    const place = world(kind)
    const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
    const open = await ada.chat.create('open')
    await enter(cyd, await enter(bob, open))
    const strict = await ada.chat.create('strict', { acceptBy: 'admins' })
    const theirs = await enter(bob, strict)
    const admission = await cyd.chat.join('strict')
    await expect(theirs.accept('cyd', { trustNew: true })).rejects.toMatchObject({ code: 'not-allowed' })
    expect(admission.state).toBe('waiting')
    await strict.accept('cyd', { trustNew: true })
    expect((await admission.wait()).members).toHaveLength(3)
  })

  test('accept with another’s fingerprint is refused, with the right one it is done', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    await bob.chat.join('demo')
    await expect(room.accept('bob', { fingerprint: ada.chat.self.fingerprint })).rejects.toMatchObject({
      code: 'unconfirmed-key',
      message: expect.stringContaining('NOT'),
    })
    await room.accept('bob', { fingerprint: bob.chat.self.fingerprint })
    expect(room.members).toHaveLength(2)
  })

  test('a newcomer reads everything from the first message on', async () => {
    const place = world(kind)
    const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
    const room = await ada.chat.create('demo')
    await say(room, 'one', 'two')
    const bobs = await enter(bob, room)
    await say(bobs, 'three')
    await room.kick('bob')
    await say(room, 'four')
    const cyds = await enter(cyd, room)
    const whole = await wholeHistory(cyds)
    expect(texts(whole)).toEqual(['one', 'two', 'three', 'four'])
    expect(whole).toEqual(
      (await wholeHistory(room)).map((item) => (item.kind === 'message' ? { ...item, own: false } : item)),
    )
    expect(told(whole)).toEqual([
      'create by ada',
      'ada: one',
      'ada: two',
      'accept bob by ada',
      'bob: three',
      'kick bob by ada',
      'ada: four',
      'accept cyd by ada',
    ])
  })

  test('only an admin kicks; the kicked is told by whom, and neither sends nor reads on', async () => {
    const place = world(kind)
    const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
    const room = await ada.chat.create('demo')
    const [bobs, cyds] = [await enter(bob, room), await enter(cyd, room)]
    await expect(bobs.kick('cyd')).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(bobs.kick('ada')).rejects.toMatchObject({ code: 'not-allowed' })
    await say(room, 'before')
    await until(bobs, () => bobs.seq === 1)
    await room.kick('bob')
    await say(room, 'after')
    await until(cyds, () => cyds.seq === 2)
    await until(bobs, () => bobs.standing === 'kicked')
    expect(bobs.endedBy).toEqual(ada.chat.self)
    await expect(bobs.send('still here?')).rejects.toEqual(refused('kicked'))
    await expect(bobs.accept('cyd', { trustNew: true })).rejects.toEqual(refused('kicked'))
    await expect(bobs.kick('ada')).rejects.toEqual(refused('kicked'))
    await bobs.refresh()
    expect(texts(await wholeHistory(bobs))).toEqual(['before'])
    expect(told(await wholeHistory(bobs)).at(-1)).toBe('kick bob by ada')
    expect(texts(await wholeHistory(cyds))).toEqual(['before', 'after'])
    // Also not from a new start, nor from another machine.
    await bob.chat.close()
    for (const machine of [bob.home, place.machine()]) {
      const later = await again(place, bob, machine)
      await later.chat.rooms()
      const theirs = await later.chat.open('demo')
      expect(theirs.standing).toBe('kicked')
      expect(theirs.endedBy).toEqual(ada.chat.self)
      await theirs.refresh()
      expect(texts(await wholeHistory(theirs))).toEqual(['before'])
      await later.chat.close()
    }
  })

  test('who was kicked comes in again through an admin alone, and then reads what was said meanwhile', async () => {
    const place = world(kind)
    const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
    const room = await ada.chat.create('demo')
    const [bobs, cyds] = [await enter(bob, room), await enter(cyd, room)]
    await say(bobs, 'one')
    await room.kick('bob')
    await say(room, 'two')
    await until(bobs, () => bobs.standing === 'kicked')
    const admission = await bob.chat.join('demo')
    await expect(cyds.accept('bob', { trustNew: true })).rejects.toMatchObject({ code: 'not-allowed' })
    await room.accept('bob', { trustNew: true })
    const theirs = await admission.wait()
    expect(theirs.standing).toBe('member')
    expect(texts(await wholeHistory(theirs))).toEqual(['one', 'two'])
    await say(theirs, 'three')
    await until(room, () => room.seq === 3)
    await until(cyds, () => cyds.seq === 3)
    expect(texts(await wholeHistory(cyds))).toEqual(['one', 'two', 'three'])
  })

  test('who leaves is no member, and comes back by knocking', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    await bobs.leave()
    expect(bobs.standing).toBe('left')
    await expect(bobs.send('bye')).rejects.toEqual(refused('not-member'))
    await until(room, () => room.members.length === 1)
    await say(room, 'gone')
    expect(texts(await wholeHistory(bobs))).toEqual([])
    const back = await enter(bob, room)
    expect(texts(await wholeHistory(back))).toEqual(['gone'])
    expect(told(await wholeHistory(back)).filter((line) => !line.startsWith('rotate'))).toEqual([
      'create by ada',
      'accept bob by ada',
      'leave by bob',
      'ada: gone',
      'accept bob by ada',
    ])
  })

  test('when the last admin leaves, the longest-standing member is admin', async () => {
    const place = world(kind)
    const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
    const room = await ada.chat.create('demo')
    const [bobs] = [await enter(bob, room), await enter(cyd, room)]
    await room.leave()
    await until(bobs, () => bobs.members.length === 2)
    expect(bobs.members.map(({ name, role }) => `${name} ${role}`)).toEqual(['bob admin', 'cyd member'])
    await bobs.kick('cyd')
  })

  test('several are let in at once by different members, and all agree', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    const names = ['cyd', 'dan', 'eve', 'fay']
    const newcomers = await Promise.all(names.map((name) => person(place, name)))
    const admissions = await Promise.all(newcomers.map(({ chat }) => chat.join('demo')))
    await Promise.all(names.map((name, k) => (k % 2 === 0 ? room : bobs).accept(name, { trustNew: true })))
    const rooms = await Promise.all(admissions.map((admission) => admission.wait()))
    for (const one of [room, bobs, ...rooms]) await until(one, () => one.members.length === 6)
    const members = room.members.map(({ name }) => name)
    expect(members.toSorted()).toEqual(['ada', 'bob', ...names])
    for (const one of [bobs, ...rooms]) expect(one.members.map(({ name }) => name)).toEqual(members)
  })

  test('two who accept the same knock at once let in once', async () => {
    const place = world(kind)
    const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    const admission = await cyd.chat.join('demo')
    const outcomes = await Promise.allSettled([
      room.accept('cyd', { trustNew: true }),
      bobs.accept('cyd', { trustNew: true }),
    ])
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0)
    const cyds = await admission.wait()
    expect(cyds.members).toHaveLength(3)
    expect(told(await wholeHistory(cyds)).filter((line) => line.startsWith('accept cyd'))).toHaveLength(1)
  })

  test('an acceptance whose answer was lost happened once', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const admission = await bob.chat.join('demo')
    ada.line.loseReply(({ then }) => then.some(({ kind: what }) => what === 'put'))
    expect(await room.accept('bob', { trustNew: true })).toEqual({ i: 1 })
    expect(ada.line.lossesLeft).toBe(0)
    const bobs = await admission.wait()
    expect(told(await wholeHistory(bobs))).toEqual(['create by ada', 'accept bob by ada'])
  })

  test('a room created while the answer was lost is there, once', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    ada.line.loseReply(({ then }) => then.length > 2)
    await ada.chat.create('demo').catch(() => undefined)
    expect(ada.line.lossesLeft).toBe(0)
    const room = await ada.chat.open('demo')
    expect(room.standing).toBe('member')
    await say(room, 'mine')
  })

  test('a room whose creation never reached the store is not there, and the name can be taken', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    ada.line.loseRequest(({ then }) => then.length > 2)
    await expect(ada.chat.create('demo')).rejects.toMatchObject({ code: 'unavailable' })
    expect(ada.line.lossesLeft).toBe(0)
    const [bob] = [await person(place, 'bob')]
    await ada.chat.close()
    const later = await again(place, ada)
    await later.chat.rooms()
    const room = await later.chat.create('demo')
    const opened = await later.chat.open('demo')
    expect(opened.id).toBe(room.id)
    await say(opened, 'mine')
    expect((await later.chat.rooms()).map(({ name, standing }) => `${name} ${standing}`)).toEqual(['demo member'])
    expect(texts(await wholeHistory(await enter(bob, room)))).toEqual(['mine'])
    await later.chat.close()
    const last = await again(place, ada)
    await say(await last.chat.open('demo'), 'still mine')
  })

  test('operations are refused while the store is away, and not kept for later', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    await bob.chat.join('demo')
    await until(room, () => room.knocks.length === 1)
    ada.line.cut()
    await expect(room.accept('bob', { trustNew: true })).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    ada.line.mend()
    await room.refresh()
    expect(room.members).toHaveLength(1)
    await room.accept('bob', { trustNew: true })
  })
})
