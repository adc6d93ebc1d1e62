/**
 * Which epochs a person can open, from their wrap keys and the store alone. A model says it: who was given which secret,
 * and from which secret a link leads to which, as their authors know; no cryptography.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hex, type Bytes } from '../../../src/base/bytes.ts'
import { gather } from '../../../examples/second-reader/room.ts'
import { RoomBuilder, type User } from '../room-builder.ts'
import { readAll } from '../reader.ts'
import { effort, patience } from './effort.ts'
import { actions, HostileWorld, idOf, type Action } from './hostile-world.ts'
import { readers } from './readers.ts'
import { preview, readFromStore, storeOf } from './store-client.ts'

let worlds = 0
async function played(script: readonly Action[], isLoyal = false): Promise<HostileWorld> {
  const world = await HostileWorld.open(`newcomers ${(worlds += 1)}`, { isLoyal })
  await world.play(script)
  return world
}

function openable({ given, links }: HostileWorld, name: string): Set<string> {
  const held = new Set(given.flatMap(({ to, opening }) => (to === name ? [opening] : [])))
  for (const opening of held) for (const { of, to } of links) if (of === opening) held.add(to)
  return held
}

/** Kicked, and not invited since: a guest holds what was opened until the inviter left (L2). */
function isKickedForGood({ room, verdicts }: RoomBuilder, key: string): boolean {
  const departure = room.departures.get(key)
  if (departure?.kind !== 'kicked' || room.members.has(key) || room.invitations.has(key)) return false
  return !verdicts.some((verdict) => {
    if (verdict.kind !== 'valid' || !('room' in verdict)) return false
    const { operation } = verdict.body
    return operation.type === 'invite' && hex(operation.rootKey) === key && verdict.room.marks.size > departure.n
  })
}

/** Eve is invited by cyd, whom an epoch recovery kicks: her invitation ends with him, and she gets no new epoch (I5). */
const inviterKicked: Action[] = [
  { kind: 'join', by: 0, on: 18, x: 0 },
  { kind: 'promote', by: 2, on: 7, x: 3 },
  { kind: 'leave', by: 11, on: 4, x: 20 },
  { kind: 'invite', by: 17, on: 29, x: 27 },
  { kind: 'rekey', by: 18, on: 17, x: 17 },
  { kind: 'recovery', by: 10, on: 2, x: 18 },
]

/** Cyd lacks an epoch; a recovery from it that is void for its holders kicks him as far as he can tell. */
const kickedInTheDark: Action[] = [
  { kind: 'onOldHead', by: 7, on: 0, x: 3 },
  { kind: 'join', by: 7, on: 0, x: 0 },
  { kind: 'recovery', by: 0, on: 22, x: 0 },
  { kind: 'joinWithOldHead', by: 0, on: 0, x: 0 },
]

/** Eve opens an epoch of the same number as the one that her link leads to: nobody follows it. */
const linkToItsOwnNumber: Action[] = [
  { kind: 'garbage', by: 0, on: 0, x: 1 },
  { kind: 'say', by: 0, on: 0, x: 0 },
  { kind: 'sayElsewhere', by: 0, on: 0, x: 0 },
  { kind: 'reject', by: 0, on: 0, x: 0 },
  { kind: 'kick', by: 15, on: 0, x: 0 },
  { kind: 'rekey', by: 0, on: 0, x: 0 },
  { kind: 'onOldHead', by: 4, on: 0, x: 3 },
]

describe('the epochs that a person can open', () => {
  it(
    'are those whose secret they were given, and what their links lead back to',
    async () => {
      await fc.assert(
        fc.asyncProperty(actions(24), async (script) => {
          const world = await played(script)
          const { builder, users } = world
          for (const { name, unwrappers, wrapSeeds } of users) {
            const expected = { name, opens: [...openable(world, name)].sort() }
            const { keyring } = await readAll(builder, unwrappers)
            expect({ name, opens: keyring.all().map(idOf).sort() }).toEqual(expected)
            const secrets = await gather(
              builder.roomId,
              builder.log,
              (wraps) => [...builder.pagesOf(wraps as Bytes)],
              wrapSeeds,
            )
            expect({ name, opens: [...secrets.keys()].sort() }).toEqual(expected)
          }
        }),
        { ...effort(4), examples: [[inviterKicked], [linkToItsOwnNumber]] },
      )
    },
    patience,
  )

  it(
    'are found by a new device from the store: it comes to the verdicts of those who were there',
    async () => {
      await fc.assert(
        fc.asyncProperty(actions(24), fc.boolean(), async (script, knowsIndex) => {
          const { builder, users } = await played(script)
          const store = await storeOf(builder)
          for (const user of users) {
            const { keyring, room } = await readAll(builder, user.unwrappers)
            const expected = readers.present(builder.roomId, builder.log, keyring).verdicts
            const found = await readFromStore(store, builder, user, knowsIndex)
            // Someone who is out, as far as they can tell, reads to where that happened.
            const key = hex(user.signer.publicKey)
            const isOut = room?.departures.has(key) === true && !room.members.has(key)
            const upTo = isOut ? found.length : builder.log.length
            expect({ name: user.name, found }).toEqual({ name: user.name, found: expected.slice(0, upTo) })
          }
        }),
        { ...effort(4), examples: [[kickedInTheDark, false]] },
      )
    },
    patience,
  )

  it(
    'are found by a reader of the newest page first: it says what the whole log says',
    async () => {
      await fc.assert(
        fc.asyncProperty(actions(12), actions(12), fc.nat(40), async (before, after, back) => {
          const world = await played(before)
          const { builder, users } = world
          // A log of more than a page.
          const said = { contents: [{ type: 'text', text: 'and so on' }] } as const
          for (let k = 0; k < 260; k += 1)
            builder.append(builder.message(users[0] as User, { ...said, keys: world.heldKeys }))
          await world.play(after)
          const store = await storeOf(builder)
          const from = Math.max(0, builder.log.length - back - 1)
          for (const user of users) {
            const { keyring } = await readAll(builder, user.unwrappers)
            const expected = readers.present(builder.roomId, builder.log, keyring).verdicts.slice(from)
            const page = await preview(store, builder, user, from)
            if (page !== undefined) expect({ name: user.name, page }).toEqual({ name: user.name, page: expected })
          }
        }),
        effort(4),
      )
    },
    patience,
  )

  it(
    'are all of them for every member, where nobody inside is hostile; and never the one in force for whom was kicked',
    async () => {
      const honest = [
        'say',
        'join',
        'join',
        'rewrap',
        'invite',
        'enter',
        'kick',
        'leave',
        'rotate',
        'rekey',
        'repair',
      ] as const
      const kinds = [...honest, 'promote', 'policy', 'topic', 'junk', 'replay', 'badSignature'] as const
      const invitedAgain: Action[] = [
        { kind: 'kick', by: 1, on: 0, x: 0 },
        { kind: 'invite', by: 14, on: 0, x: 0 },
        { kind: 'kick', by: 5, on: 12, x: 0 },
        { kind: 'leave', by: 1, on: 0, x: 0 },
      ]
      await fc.assert(
        fc.asyncProperty(actions(30, kinds), async (script) => {
          const { builder, users } = await played(script, true)
          const { room } = builder
          for (const { name, signer, unwrappers } of users) {
            const { keyring, verdicts } = await readAll(builder, unwrappers)
            const opened = [...room.openings].map((opening) => keyring.get(opening) !== undefined)
            const key = hex(signer.publicKey)
            if (room.members.has(key)) {
              expect({ name, opened }).toEqual({ name, opened: opened.map(() => true) })
              expect(verdicts.map(({ kind }) => kind)).toEqual(builder.verdicts.map(({ kind }) => kind))
            }
            if (isKickedForGood(builder, key))
              expect({ name, inForce: opened[room.epoch] }).toEqual({ name, inForce: false })
          }
        }),
        { ...effort(4), examples: [[invitedAgain]] },
      )
    },
    patience,
  )

  it('are found behind an epoch with a bad link, and behind a wrap in a record that counts for nothing', async () => {
    const world = new RoomBuilder('bad link')
    const [ada, bob, eve] = (await Promise.all(['ada', 'bob', 'eve'].map((name) => world.user(name)))) as [
      User,
      User,
      User,
    ]
    await world.create(ada)
    await world.join(ada, bob)
    world.say(bob, 'before')
    const bad = await world.forged(ada, { type: 'rotate' }, { wrapFor: [ada, bob], badLink: true })
    world.learn(bad.keys)
    await world.forged(eve, { type: 'rotate' }, { wrapFor: [bob] })
    world.say(ada, 'after')
    const kinds = world.verdicts.map(({ kind }) => kind)
    expect(kinds).toEqual(['valid', 'valid', 'valid', 'valid', 'void', 'valid'])
    const store = await storeOf(world)
    for (const knowsIndex of [true, false]) expect(await readFromStore(store, world, bob, knowsIndex)).toEqual(kinds)
  })

  it('are found by someone who was out during an epoch that nobody can open', async () => {
    const world = new RoomBuilder('out meanwhile')
    const [ada, bob, cyd] = (await Promise.all(['ada', 'bob', 'cyd'].map((name) => world.user(name)))) as [
      User,
      User,
      User,
    ]
    await world.create(ada)
    for (const user of [bob, cyd]) await world.join(ada, user)
    await world.kick(ada, bob)
    const under = world.keys
    const { operation } = await world.rekeyOf(cyd)
    const garbage = await world.forged(cyd, operation)
    await world.forged(cyd, { type: 'topic', topic: 'hidden' }, { under: garbage.keys })
    await world.recover(ada, { type: 'kick', rootKey: operation.rootKey })
    expect(world.keysOf(under.epoch)).toBe(under)
    await world.join(ada, bob)
    world.say(bob, 'here again')
    const kinds = world.verdicts.map(({ kind }) => kind)
    expect(kinds.slice(-5)).toEqual(['valid', 'locked', 'valid', 'valid', 'valid'])
    const store = await storeOf(world)
    for (const knowsIndex of [true, false]) expect(await readFromStore(store, world, bob, knowsIndex)).toEqual(kinds)
  })

  it('are found by a creator who was kicked and readmitted, behind a bad link', async () => {
    const world = new RoomBuilder('maker again')
    const [ada, bob] = (await Promise.all(['ada', 'bob'].map((name) => world.user(name)))) as [User, User]
    await world.create(ada)
    await world.join(ada, bob)
    await world.promote(ada, bob)
    await world.kick(bob, ada)
    const bad = await world.forged(bob, { type: 'rotate' }, { wrapFor: [bob], badLink: true })
    world.learn(bad.keys)
    await world.join(bob, ada)
    const store = await storeOf(world)
    for (const knowsIndex of [true, false]) {
      const found = await readFromStore(store, world, ada, knowsIndex)
      expect(found).toEqual(['valid', 'valid', 'valid', 'valid', 'locked', 'locked'])
    }
  })

  it('are found by someone kicked in a skipped part of the log', async () => {
    const world = new RoomBuilder('kicked for nothing')
    const [ada, bob] = (await Promise.all(['ada', 'bob'].map((name) => world.user(name)))) as [User, User]
    await world.create(ada)
    await world.join(ada, bob)
    await world.rotate(ada)
    const before = world.room
    await world.kick(ada, bob)
    world.say(ada, 'alone')
    await world.recover(ada, { type: 'rotate' }, before)
    world.say(bob, 'here again')
    const kinds = world.verdicts.map(({ kind }) => kind)
    expect(kinds).toEqual(['valid', 'valid', 'valid', 'valid', 'valid', 'valid', 'valid'])
    const store = await storeOf(world)
    const expected = kinds.with(4, 'locked')
    for (const knowsIndex of [true, false]) expect(await readFromStore(store, world, bob, knowsIndex)).toEqual(expected)
  })
})
