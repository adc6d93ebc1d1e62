/**
 * What the screen relies on, of the real chat and of the fake one that its tests use: one suite for both, so that the
 * fake can't drift.
 */
import { describe, expect, it } from 'vitest'
import type { Accounts } from '../../src/chat/accounts.ts'
import type { Chat, Room, RoomChange, RoomSummary } from '../../src/chat/chat.ts'
import type { AdminItem, MessageContent, Person, TimelineItem } from '../../src/chat/item.ts'
import { enter, messages, person as signedUp, until, wholeHistory, world } from '../chat/world.ts'
import type { FakeRoom } from './fake.ts'
import { FakeWorld, person } from './fake.ts'

interface Scene {
  readonly accounts: Accounts
  readonly password: string
  /** Ada's. */
  readonly chat: Chat
  /** A room of hers, with bob in it. */
  room(name: string): Promise<Room>
  /** Bob does. */
  say(room: Room, content: MessageContent | string): Promise<void>
  /** Someone new asks to join. */
  ask(room: Room, name: string): Promise<Person>
  /** Someone whose key ada has never seen. */
  stranger(name: string): Promise<Person>
  /** A room of bob's that ada is not in, and how bob answers her request. */
  othersRoom(name: string): Promise<{ accept(): Promise<unknown>; reject(): Promise<unknown> }>
  goOffline(): void
}

async function realScene(): Promise<Scene> {
  const place = world('memory')
  const [ada, bob] = [await signedUp(place, 'ada'), await signedUp(place, 'bob')]
  const { accounts, password, chat } = ada
  return {
    accounts,
    password,
    chat,
    room: async (name) => {
      const room = await chat.create(name)
      await enter(bob, room)
      return room
    },
    say: async (room, content) => {
      const { sent } = await (await bob.chat.open(room.id)).send(content)
      await sent
    },
    ask: async (room, name) => {
      const asking = await signedUp(place, name)
      await asking.chat.join(room.id)
      return asking.chat.self
    },
    stranger: async (name) => (await signedUp(place, name)).chat.self,
    othersRoom: async (name) => {
      const room = await bob.chat.create(name)
      const answer = (act: 'accept' | 'reject') => async () => {
        await until(room, () => room.knocks.length > 0)
        await (act === 'accept' ? room.accept('ada', { trustNew: true }) : room.reject('ada'))
      }
      return { accept: answer('accept'), reject: answer('reject') }
    },
    goOffline: () => ada.line.cut(),
  }
}

async function fakeScene(): Promise<Scene> {
  const place = new FakeWorld()
  const [ada, bob] = [person('ada'), person('bob')]
  place.known.push({ ...ada, lastUsedAt: 1 })
  place.passwords.set('ada', 'x')
  const chat = await place.logIn({ name: 'ada', password: 'x' })
  return {
    accounts: place,
    password: 'x',
    chat,
    room: async (name) => {
      const room = (await chat.create(name)) as FakeRoom
      room.knock(bob)
      await room.accept('bob')
      return room
    },
    say: async (room, content) => (room as FakeRoom).say(bob, content),
    ask: async (room, name) => {
      ;(room as FakeRoom).knock(person(name))
      return person(name)
    },
    stranger: async (name) => {
      place.newKeys.add(name)
      return person(name)
    },
    othersRoom: async (name) => {
      const room = place.room(name, bob)
      place.rooms.splice(place.rooms.indexOf(room), 1)
      place.listed.push({ ...room.summary(), standing: 'stranger', members: 0, unread: 0 })
      const answer = (act: 'accept' | 'reject') => async () => place.admissions.get(name)?.[act]()
      return { accept: answer('accept'), reject: answer('reject') }
    },
    goOffline: () => {
      place.connection = { state: 'offline', detail: 'offline' }
      place.changed()
    },
  }
}

const refused = (code: string): unknown => expect.objectContaining({ code })

function listen(room: Room): RoomChange[] {
  const changes: RoomChange[] = []
  room.subscribe((change) => changes.push(change))
  return changes
}

const newItems = (changes: readonly RoomChange[]): readonly TimelineItem[] =>
  changes.flatMap((change) => (change.kind === 'items' ? change.items : []))

const summaryOf = ({ name }: Room | { name: string }, rooms: readonly RoomSummary[]): RoomSummary | undefined =>
  rooms.find((room) => room.name === name)

async function lastAdminItem(room: Room, event: AdminItem['event']): Promise<AdminItem | undefined> {
  const items = await wholeHistory(room)
  return items.findLast((item) => item.kind === 'admin' && item.event === event) as AdminItem | undefined
}

describe.each([
  ['the chat', realScene],
  ['the fake chat', fakeScene],
])('%s', (_, makeScene) => {
  it('begins a room with its creation, and its creator an admin', async () => {
    const { chat, room: make } = await makeScene()
    const room = await make('demo')
    expect(room).toMatchObject({ name: 'demo', topic: '', standing: 'member', tooNew: false, knocks: [], pending: [] })
    expect(room.policy).toMatchObject({ acceptBy: 'members', listed: true })
    expect(room.members.map(({ name, role }) => [name, role])).toEqual([
      ['ada', 'admin'],
      ['bob', 'member'],
    ])
    const { items, more } = await room.history({ limit: 10 })
    expect(items.map((item) => item.kind === 'admin' && [item.event, item.by.name, item.target?.name])).toEqual([
      ['create', 'ada', undefined],
      ['accept', 'ada', 'bob'],
    ])
    expect(more).toBe(false)
    expect(summaryOf(room, chat.knownRooms())).toEqual({
      ...{ name: 'demo', id: room.id, standing: 'member', members: 2 },
      ...{ unread: 0, mentions: 0, attention: [] },
    })
    expect(room.id).toMatch(/^[0-9a-f]{64}$/)
    expect((await chat.open('demo')).id).toBe(room.id)
    await expect(chat.open('nowhere')).rejects.toEqual(refused('no-such-room'))
    await expect(chat.join('nowhere')).rejects.toEqual(refused('no-such-room'))
    await expect(chat.create('demo')).rejects.toEqual(refused('name-taken'))
  })

  it('tells each message once, numbered, and pages through them', async () => {
    const { room: make, say } = await makeScene()
    const room = await make('demo')
    const changes = listen(room)
    const places = []
    for (const text of ['one', 'two']) places.push(await (await room.send(text)).sent)
    await say(room, 'three')
    await until(room, () => messages(newItems(changes)).length === 3)
    expect(messages(newItems(changes))).toMatchObject([
      { seq: 1, own: true, type: 'text', text: 'one', from: { name: 'ada', admin: true }, id: places[0]?.id },
      { seq: 2, own: true, text: 'two', i: places[1]?.i },
      { seq: 3, own: false, text: 'three', from: { name: 'bob', admin: false } },
    ])
    expect([room.seq, room.pending]).toEqual([3, []])
    const newest = await room.history({ limit: 2 })
    expect([messages(newest.items).map(({ seq }) => seq), newest.more]).toEqual([[2, 3], true])
    const before = await room.history({ limit: 2, before: newest.items[0]?.i ?? 0 })
    expect(messages(before.items).map(({ seq }) => seq)).toEqual([1])
    const from = await room.history({ limit: 2, fromIndex: places[0]?.i ?? 0 })
    expect([messages(from.items).map(({ seq }) => seq), from.more]).toEqual([[1, 2], true])
  })

  it('counts what is unread and who is mentioned, until it is marked as read', async () => {
    const { chat, room: make, say } = await makeScene()
    const room = await make('demo')
    await say(room, 'hello')
    await say(room, 'ada: are you there?')
    await until(room, () => room.seq === 2)
    expect([room.unread, room.readUpTo]).toEqual([2, 0])
    expect(summaryOf(room, await chat.rooms())).toMatchObject({ unread: 2, mentions: 1 })
    await room.markRead(2)
    expect([room.unread, room.readUpTo]).toEqual([0, 2])
    expect(summaryOf(room, await chat.rooms())).toMatchObject({ unread: 0, mentions: 0 })
  })

  it('tells replies, edits, deletions and reactions with what they are about', async () => {
    const { room: make, say } = await makeScene()
    const room = await make('demo')
    const { id: to } = await (await room.send('one')).sent
    const contents: readonly MessageContent[] = [
      { type: 'reply', to, text: 'yes' },
      { type: 'react', to, emoji: '👍', on: true },
      { type: 'emote', text: 'waves' },
    ]
    for (const content of contents) await say(room, content)
    await (
      await room.send({ type: 'edit', to, text: 'won' })
    ).sent
    await (
      await room.send({ type: 'delete', to })
    ).sent
    await until(room, () => room.seq === 6)
    expect(messages((await room.history({ limit: 5 })).items)).toMatchObject([
      ...contents,
      { type: 'edit', to, text: 'won' },
      { type: 'delete', to },
    ])
  })

  it('tells who asks to join, and what is answered', async () => {
    const { room: make, ask } = await makeScene()
    const room = await make('demo')
    const changes = listen(room)
    const [cyd, dan] = [await ask(room, 'cyd'), await ask(room, 'dan')]
    await until(room, () => room.knocks.length === 2)
    expect(room.knocks).toMatchObject([cyd, dan])
    expect(changes.flatMap((change) => (change.kind === 'knock' ? [change.item] : []))).toMatchObject([
      { kind: 'admin', event: 'knock', target: cyd },
      { kind: 'admin', event: 'knock', target: dan },
    ])
    await room.accept('cyd', { fingerprint: cyd.fingerprint })
    await room.reject('dan', { fingerprint: dan.fingerprint })
    await until(room, () => room.knocks.length === 0)
    expect(room.members.map(({ name }) => name)).toEqual(['ada', 'bob', 'cyd'])
    expect(await lastAdminItem(room, 'accept')).toMatchObject({ by: { name: 'ada' }, target: cyd })
    expect(await lastAdminItem(room, 'reject')).toMatchObject({ by: { name: 'ada' }, target: dan })
    await expect(room.accept('nobody', { trustNew: true })).rejects.toEqual(refused('no-such-user'))
  })

  it('changes roles, and removes members', async () => {
    const { room: make } = await makeScene()
    const room = await make('demo')
    const role = (): string | undefined => room.members.find(({ name }) => name === 'bob')?.role
    await room.promote('bob')
    await until(room, () => role() === 'admin')
    await room.demote('bob')
    await until(room, () => role() === 'member')
    await room.kick('bob')
    await until(room, () => role() === undefined)
    for (const event of ['promote', 'demote', 'kick'] as const) {
      expect(await lastAdminItem(room, event)).toMatchObject({ by: { name: 'ada' }, target: { name: 'bob' } })
    }
    await expect(room.kick('bob')).rejects.toEqual(refused('no-such-user'))
  })

  it('changes topic, rules and keys, and says so', async () => {
    const { room: make } = await makeScene()
    const room = await make('demo')
    await room.setTopic('Friday')
    await room.setPolicy({ acceptBy: 'admins' })
    await room.setPolicy({ listed: false })
    await room.rotate()
    await until(room, () => !room.policy.listed)
    expect([room.topic, room.policy]).toMatchObject(['Friday', { acceptBy: 'admins', listed: false }])
    expect((await lastAdminItem(room, 'topic'))?.detail).toBe('Friday')
    expect((await lastAdminItem(room, 'policy'))?.detail).toBe('admins accept, unlisted, rotate 30d')
    expect(await lastAdminItem(room, 'rotate')).toMatchObject({ by: { name: 'ada' } })
  })

  it('invites by a key that was confirmed', async () => {
    const { chat, room: make, stranger } = await makeScene()
    const room = await make('demo')
    const cyd = await stranger('cyd')
    await expect(room.invite('cyd')).rejects.toMatchObject({ code: 'unconfirmed-key', person: cyd, known: undefined })
    await room.invite('cyd', { fingerprint: cyd.fingerprint })
    await until(room, () => room.invitations.length > 0)
    expect(room.invitations).toEqual([{ ...cyd, by: 'ada' }])
    expect(await lastAdminItem(room, 'invite')).toMatchObject({ target: cyd })
    const direct = await chat.dm('bob')
    expect(direct.name).toBe('@bob')
    expect(direct.members.map(({ name }) => name)).toEqual(['ada'])
    expect(direct.invitations.map(({ name }) => name)).toEqual(['bob'])
    expect((await chat.dm('bob')).id).toBe(direct.id)
  })

  it('ends with leaving', async () => {
    const { chat, room: make } = await makeScene()
    const room = await make('demo')
    await room.promote('bob')
    await room.leave()
    await until(room, () => room.standing === 'left')
    expect(summaryOf(room, chat.knownRooms())).toMatchObject({ standing: 'left' })
    await expect(room.send('still here?').then(({ sent }) => sent)).rejects.toEqual(refused('not-member'))
  })

  it('lets in where it was asked, or is declined', async () => {
    const { chat, othersRoom } = await makeScene()
    const answers = [await othersRoom('guests'), await othersRoom('secrets')] as const
    expect(summaryOf({ name: 'guests' }, await chat.rooms())).toMatchObject({ standing: 'stranger', members: 0 })
    const [guests, secrets] = [await chat.join('guests'), await chat.join('secrets')]
    expect([guests.state, guests.roomName]).toEqual(['waiting', 'guests'])
    await answers[0].accept()
    const room = await guests.wait()
    expect([room.id, room.standing, guests.state]).toEqual([guests.roomId, 'member', 'accepted'])
    await answers[1].reject()
    await expect(secrets.wait()).rejects.toEqual(refused('rejected'))
  })

  it('compares and confirms keys, and replaces one’s own', async () => {
    const { chat, room: make } = await makeScene()
    const room = await make('demo')
    const bob = await chat.safetyNumber('bob')
    expect(bob).toMatchObject({ name: 'bob', confirmed: false })
    expect(bob.number).toMatch(/^(\d{5} ){11}\d{5}$/)
    await chat.confirmKey('bob', bob.fingerprint)
    expect(await chat.safetyNumber('bob')).toEqual({ ...bob, confirmed: true })
    const before = chat.self.fingerprint
    const { name, fingerprint, rooms } = await chat.rekey()
    expect([name, rooms, fingerprint === before]).toEqual(['ada', 1, false])
    expect(chat.self).toEqual({ name, fingerprint })
    expect(await lastAdminItem(room, 'rekey')).toMatchObject({ target: { name, fingerprint } })
  })

  it('checks a room, and finds nothing to repair', async () => {
    const { room: make, say } = await makeScene()
    const room = await make('demo')
    await say(room, 'hello')
    await until(room, () => room.seq === 1)
    const { head, headPhrase, lastHeard: _lastHeard, ...found } = await room.verify()
    expect(found).toEqual({ records: 3, messages: 1, controls: 2, voids: [], damage: [], putBack: 0 })
    expect(head).toMatch(/^[0-9a-f]{64}$/)
    expect(headPhrase).toMatch(/^[a-z]+( [a-z]+){5}$/)
    expect(await room.repair()).toEqual({ again: [], left: [], corrected: [] })
  })

  it('keeps what is sent without the store', async () => {
    const { chat, room: make, goOffline } = await makeScene()
    const room = await make('demo')
    goOffline()
    await room.send('later')
    await until(room, () => chat.connection.state !== 'online')
    expect(room.pending).toMatchObject([{ content: { type: 'text', text: 'later' }, state: 'queued' }])
    expect(room.seq).toBe(0)
  })

  it('knows its accounts', async () => {
    const { accounts, password, chat } = await makeScene()
    expect(await accounts.identities()).toMatchObject([chat.self])
    await expect(accounts.logIn({ name: 'ada', password: 'wrong' })).rejects.toEqual(refused('wrong-password'))
    await expect(accounts.logIn({ name: 'zoe', password })).rejects.toEqual(refused('no-such-user'))
    const request = { name: 'ada', password: accounts.suggestPassphrase(), chosen: false }
    await expect(accounts.signUp(request)).rejects.toEqual(refused('name-taken'))
    expect(await accounts.weakness('hunter2', 'ada')).toMatch(/./)
    expect(await accounts.weakness('marmot-violin-pumice-84-ladder', 'ada')).toBeUndefined()
  })
})
