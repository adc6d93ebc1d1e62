/** Each operation's rule: what it lets in, and every reason for which it makes a record void. */
import { beforeEach, describe, expect, it } from 'vitest'
import { hex, type Bytes } from '../../src/base/bytes.ts'
import { knockId } from '../../src/protocol/knock.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import { adminsOf, headOf } from '../../src/protocol/room.ts'
import { expectRefused, expectValid, expectVoid } from './expect-verdict.ts'
import { pair, RoomBuilder, type ForgeOverrides, type User } from './room-builder.ts'

let world: RoomBuilder
let ada: User, bob: User, cyd: User, eve: User
const names = () => [...world.room.members.values()].map(({ name }) => name)
const isAdmin = (user: User) => world.room.members.get(hex(user.signer.publicKey))?.admin
const seed = { next: 0 }

/** Ada is the admin; bob and cyd are members; eve stands outside. */
beforeEach(async () => {
  world = new RoomBuilder(`rules ${(seed.next += 1)}`)
  ada = await world.user('ada')
  bob = await world.user('bob')
  cyd = await world.user('cyd')
  eve = await world.user('eve')
  await world.create(ada)
  await world.join(ada, bob)
  await world.join(bob, cyd)
})

/** Refused by honest clients and void when forged. */
function refused(by: User, operation: Operation, reason: string, overrides: ForgeOverrides = {}) {
  return expectRefused(
    () => world.operate(by, operation),
    () => world.forged(by, operation, overrides),
    reason,
  )
}
const acceptOf = (knock: Bytes) => ({ type: 'accept', knock }) as const
const target = ({ signer }: User) => ({ rootKey: signer.publicKey })
const inviteOf = ({ signer, unwrapper, name }: User) =>
  ({ type: 'invite', rootKey: signer.publicKey, wrapKey: unwrapper.publicKey, name }) as const

describe('accept', () => {
  it('lets any member open the door by default, and gives the next index', async () => {
    expect(names()).toEqual(['ada', 'bob', 'cyd'])
    expect([...world.room.members.values()].map(({ index }) => index)).toEqual([0, 1, 2])
  })

  it('is for admins alone when the policy says so', async () => {
    await world.policy(ada, 'admins')
    await refused(bob, acceptOf(world.knock(eve)), 'author may not accept')
    await expectValid(world.join(ada, eve))
  })

  it('serves a knock once', async () => {
    const knock = world.knock(eve)
    await expectValid(world.accept(bob, knock))
    await world.leave(eve)
    await refused(bob, acceptOf(knock), 'knock already answered')
  })

  it('does not take a rejected knock', async () => {
    const knock = world.knock(eve)
    await expectValid(world.reject(bob, knock, eve))
    await refused(bob, acceptOf(knock), 'knock already answered')
  })

  it('does not take a knock for another room', async () => {
    const other = new RoomBuilder('another room')
    await other.create(await other.user('zoe'))
    await refused(bob, acceptOf(world.knock(eve, { roomId: other.roomId })), 'knock for another room')
  })

  it('does not take a knock that someone else signed', async () => {
    const knock = world.knock({ ...eve, signer: { ...eve.signer, sign: (...a) => bob.signer.sign(...a) } })
    await expect(world.accept(bob, knock)).rejects.toThrow('knock not signed')
    const real = acceptOf(world.knock(eve))
    const { header } = await world.forge(bob, real)
    await expectVoid(world.forged(bob, acceptOf(knock), { header: { entry: header.entry } }), 'knock not signed')
  })

  it('does not take a knock whose head this room never had', async () => {
    await refused(
      bob,
      acceptOf(world.knock(eve, { head: new Uint8Array(32).fill(9) })),
      'knock older than the departure',
    )
  })

  it('carries an entry for this very knock, with a wrap', async () => {
    const operation = acceptOf(world.knock(eve))
    const { header } = await world.forge(bob, operation)
    const entry = header.entry as NonNullable<typeof header.entry>
    await expectVoid(
      world.forged(bob, operation, { header: { entry: { ...entry, wrapped: null } } }),
      'entry does not fit',
    )
    const tag = new Uint8Array(16)
    await expectVoid(world.forged(bob, operation, { header: { entry: { ...entry, tag } } }), 'entry does not fit')
    await expectVoid(world.forged(bob, operation, { header: { entry: null } }), 'entry')
  })

  it("does not take a present member's wrap key from a newcomer", async () => {
    await refused(bob, acceptOf(world.knock({ ...eve, unwrapper: ada.unwrapper })), 'wrap key belongs to someone else')
  })

  it('wraps the secret for a present member again, by any member, and changes nothing else', async () => {
    await world.policy(ada, 'admins')
    const before = world.room
    await expectValid(world.accept(bob, world.knock(cyd)))
    expect(world.room.members).toEqual(before.members)
    expect(world.room.tenures).toEqual(before.tenures)
  })

  it('gives a present member no other wrap key', async () => {
    await refused(bob, acceptOf(world.knock({ ...cyd, unwrapper: eve.unwrapper })), 'a new wrap key requires a rekey')
  })

  it('takes back who left, by any member, but not with a knock from before', async () => {
    const early = world.knock(cyd)
    await world.leave(cyd)
    await refused(bob, acceptOf(early), 'knock older than the departure')
    await expectValid(world.join(bob, cyd))
    expect(world.room.members.get(hex(cyd.signer.publicKey))?.index).toBe(3)
  })

  it('takes back who was kicked by an admin alone, and not with a knock from before', async () => {
    const early = world.knock(cyd)
    await world.kick(ada, cyd)
    await refused(ada, acceptOf(early), 'knock older than the departure')
    await refused(bob, acceptOf(world.knock(cyd)), 'only an admin can readmit a removed member')
    await expectValid(world.join(ada, cyd))
  })

  it('never takes a key that its owner has replaced', async () => {
    const old = { ...cyd }
    await world.rekey(cyd)
    await refused(ada, acceptOf(world.knock(old)), 'this key was replaced by its owner')
  })

  it('is not written by a stranger', async () => {
    await refused(eve, acceptOf(world.knock(eve)), 'author')
  })

  it('refuses a name that passes for the program itself', async () => {
    const operation = acceptOf(world.knock(eve))
    const { header } = await world.forge(bob, operation)
    for (const name of ['admin', 'Adm1n', 'system', 'a', '-x', 'a b', 'x'.repeat(33)]) {
      const posing = acceptOf(world.knock({ ...eve, name }))
      await expect(world.operate(bob, posing)).rejects.toThrow(/not a name|expected text/)
      await expectVoid(world.forged(bob, posing, { header: { entry: header.entry } }), /not a name|expected text/)
    }
  })
})

describe('a two-person chat', () => {
  beforeEach(async () => {
    world = new RoomBuilder(`pair ${(seed.next += 1)}`)
    await world.create(ada, { policy: pair })
  })

  it('makes both admins', async () => {
    await world.invite(ada, bob)
    await expectValid(world.enter(bob))
    expect(isAdmin(bob)).toBe(true)
  })

  it('takes no third, neither accepted nor invited', async () => {
    await world.join(ada, bob)
    await refused(ada, acceptOf(world.knock(cyd)), 'the room is full')
    await refused(ada, inviteOf(cyd), 'the room is full')
  })

  it('counts an invitation as the second seat: two invited would both hold its secrets', async () => {
    await world.invite(ada, bob)
    await refused(ada, inviteOf(cyd), 'the room is full')
    await refused(ada, acceptOf(world.knock(cyd)), 'the room is full')
    await expectValid(world.invite(ada, bob))
  })

  it('keeps the second seat for its owner after they left', async () => {
    await world.join(ada, bob)
    await world.leave(bob)
    await refused(ada, acceptOf(world.knock(cyd)), 'a direct message has two members')
    await refused(ada, inviteOf(cyd), 'a direct message has two members')
    await expectValid(world.join(ada, bob))
  })

  it('keeps the seat through a change of keys', async () => {
    await world.join(ada, bob)
    await world.rekey(bob)
    await world.leave(bob)
    await refused(ada, acceptOf(world.knock(cyd)), 'a direct message has two members')
    await expectValid(world.join(ada, bob))
  })

  it('knows no kick', async () => {
    await world.join(ada, bob)
    await refused(ada, { type: 'kick', ...target(bob) }, 'a direct message has no kick')
  })
})

describe('reject', () => {
  it('answers a knock', async () => {
    const knock = world.knock(eve)
    await world.reject(bob, knock, eve)
    expect(world.room.answered.has(hex(knockId(knock)))).toBe(true)
    const again = { type: 'reject', knockId: knockId(knock), ...target(eve), name: 'eve' } as const
    await refused(ada, again, 'knock already answered')
  })

  it('is for those who may accept', async () => {
    const operation = { type: 'reject', knockId: knockId(world.knock(eve)), ...target(eve), name: 'eve' } as const
    await refused(eve, operation, 'author')
    await world.policy(ada, 'admins')
    await refused(bob, operation, 'author may not reject')
  })

  it('carries no wrap, and the tag of its knock', async () => {
    const operation = { type: 'reject', knockId: knockId(world.knock(eve)), ...target(eve), name: 'eve' } as const
    const { header } = await world.forge(bob, acceptOf(world.knock(eve)))
    await expectVoid(world.forged(bob, operation, { header: { entry: header.entry } }), 'entry does not fit')
    const entry = { tag: new Uint8Array(16), wrapped: null }
    await expectVoid(world.forged(bob, operation, { header: { entry } }), 'entry does not fit')
  })
})

describe('invite', () => {
  it('lets guests enter by themselves', async () => {
    await world.invite(bob, eve)
    expect(names()).not.toContain('eve')
    await expectValid(world.enter(eve))
    expect(names()).toContain('eve')
    expect(world.room.invitations.size).toBe(0)
  })

  it('does not let guests accept anyone else, nor themselves with another wrap key', async () => {
    const dan = await world.user('dan')
    await world.invite(bob, eve)
    await refused(eve, acceptOf(world.knock(dan)), 'author may not accept')
    await refused(eve, acceptOf(world.knock({ ...eve, unwrapper: dan.unwrapper })), 'not the invited key')
    await expectVoid(world.forged(eve, acceptOf(world.knock(ada))), 'author is not a member')
    for (const operation of [{ type: 'leave' }, { type: 'topic', topic: 'x' }, { type: 'rotate' }] as const) {
      await expectVoid(world.forged(eve, operation), 'author is not a member')
    }
  })

  it('is for those who may accept, and for strangers', async () => {
    await refused(bob, inviteOf(cyd), 'already a member')
    await world.policy(ada, 'admins')
    await refused(bob, inviteOf(eve), 'author may not invite')
  })

  it('needs an admin for who was kicked, and is for nobody whose key was replaced', async () => {
    const old = { ...bob }
    await world.rekey(bob)
    await refused(ada, inviteOf(old), 'this key was replaced by its owner')
    await world.kick(ada, cyd)
    await refused(bob, inviteOf(cyd), 'only an admin can readmit a removed member')
    await expectValid(world.invite(ada, cyd))
    await expectValid(world.enter(cyd))
  })

  it('is replaced by its author and admins only', async () => {
    await world.invite(bob, eve)
    const trap = { ...eve, unwrapper: cyd.unwrapper }
    await refused(cyd, inviteOf({ ...eve, unwrapper: (await world.user('x')).unwrapper }), 'invited by another member')
    await refused(cyd, inviteOf(trap), 'wrap key belongs to someone else')
    await expectValid(world.invite(bob, eve))
    await expectValid(world.invite(ada, eve))
  })

  it('goes with its author: otherwise a kicked member reads on as their own guest', async () => {
    const fake = { ...(await world.user('fake')), name: 'eve' }
    for (const goes of ['kick', 'leave'] as const) {
      await world.invite(cyd, fake)
      await (goes === 'kick' ? world.kick(ada, cyd) : world.leave(cyd))
      expect(world.room.invitations.size).toBe(0)
      await refused(fake, acceptOf(world.knock(fake)), 'author')
      await world.join(ada, cyd)
    }
  })

  it('outlives a change of keys of its author', async () => {
    await world.invite(cyd, eve)
    await world.rekey(cyd)
    await expectValid(world.enter(eve))
  })

  it('is withdrawn by a kick, and then only an admin lets that key in', async () => {
    await world.invite(bob, eve)
    await expectValid(world.kick(ada, eve))
    await refused(eve, acceptOf(world.knock(eve)), 'author')
    await refused(bob, inviteOf(eve), 'only an admin can readmit a removed member')
    await refused(bob, acceptOf(world.knock(eve)), 'only an admin can readmit a removed member')
    await expectValid(world.join(ada, eve))
  })

  it('vanishes when its key enters another way', async () => {
    await world.invite(ada, eve)
    await world.join(bob, eve)
    expect(world.room.invitations.size).toBe(0)
    const dan = await world.user('dan')
    await world.invite(ada, dan)
    const { signer, unwrapper } = dan
    const [rootKey, wrapKey] = [signer.publicKey, (await world.user('x')).unwrapper.publicKey]
    const proof = signer.sign('conclave/1 rekey', [world.roomId, bob.signer.publicKey, rootKey, wrapKey])
    await expectValid(world.operate(bob, { type: 'rekey', rootKey, wrapKey, proof }))
    expect(world.room.invitations.size).toBe(0)
    expect(hex(unwrapper.publicKey)).not.toBe(hex(wrapKey))
  })

  it('carries a wrap for that key', async () => {
    const { header } = await world.forge(bob, inviteOf(eve))
    const tag = header.entry?.tag as Bytes
    await expectVoid(
      world.forged(bob, inviteOf(eve), { header: { entry: { tag, wrapped: null } } }),
      'invitation without a key',
    )
    const other = await world.forge(bob, inviteOf(await world.user('dan')))
    await expectVoid(world.forged(bob, inviteOf(eve), { header: { entry: other.header.entry } }), 'entry does not fit')
  })
})

describe('kick', () => {
  it('opens an epoch, ends the tenure at its own index and keeps the past', async () => {
    const { epoch } = world.room
    world.say(cyd, 'before')
    const { i } = await world.kick(ada, cyd)
    expect(world.room.epoch).toBe(epoch + 1)
    expect(world.room.tenures.get(hex(cyd.signer.publicKey))?.get(0)?.until).toBe(i)
  })

  it('is for admins, against a member, never against themselves', async () => {
    await refused(bob, { type: 'kick', ...target(cyd) }, 'author is not an admin')
    await refused(ada, { type: 'kick', ...target(ada) }, "members can't kick themselves")
    await refused(ada, { type: 'kick', ...target(eve) }, 'no such member')
  })

  it('counts once when two admins kick each other: the first wins', async () => {
    await world.promote(ada, bob)
    const { room, keys } = world
    await expectValid(world.kick(ada, bob))
    await expectVoid(
      world.forged(bob, { type: 'kick', ...target(ada) }, { room, under: keys }),
      /does not follow|not a member/,
    )
    await expectVoid(world.forged(bob, { type: 'kick', ...target(ada) }), 'author is not a member')
    expect(names()).toEqual(['ada', 'cyd'])
  })
})

describe('leave', () => {
  it('ends membership and opens no epoch', async () => {
    const { epoch } = world.room
    await expectValid(world.leave(bob))
    expect([names(), world.room.epoch]).toEqual([['ada', 'cyd'], epoch])
    await refused(bob, { type: 'leave' }, 'author is not a member')
  })

  it('makes the longest-standing member admin when the last one goes', async () => {
    await world.leave(ada)
    expect(adminsOf(world.room).map(({ name }) => name)).toEqual(['bob'])
    await expectValid(world.kick(bob, cyd))
  })

  it('closes a room that nobody is left in, for invited ones too', async () => {
    await world.invite(ada, eve)
    for (const user of [cyd, ada, bob]) await world.leave(user)
    expect(world.room.members.size + world.room.invitations.size).toBe(0)
    await refused(eve, acceptOf(world.knock(eve)), 'author')
  })
})

describe('rotate', () => {
  it('is for admins', async () => {
    await expectValid(world.rotate(ada))
    await refused(bob, { type: 'rotate' }, 'author is not an admin')
  })
})

describe('rekey', () => {
  it('replaces keys and keeps index, name, first key and rank', async () => {
    const first = ada.signer.publicKey
    await expectValid(world.rekey(ada))
    const member = world.room.members.get(hex(ada.signer.publicKey))
    expect(member).toMatchObject({ index: 0, name: 'ada', admin: true, firstRootKey: first })
    expect(names()).toHaveLength(3)
  })

  it('retires the old key at once', async () => {
    const old = { ...bob }
    await world.rekey(bob)
    await expectVoid(world.forged(old, { type: 'topic', topic: 'x' }), 'author is not a member')
    await expectVoid(world.append(world.message(old, { contents: [{ type: 'text', text: 'x' }] })), 'not a member')
  })

  it('needs the consent of the new key', async () => {
    const { operation } = await world.rekeyOf(bob)
    const proof = new Uint8Array(64)
    await refused(bob, { ...operation, proof }, "the new key's proof is invalid")
    await refused(cyd, operation, "the new key's proof is invalid")
  })

  it('takes neither a key that was used here nor the wrap key of another', async () => {
    const { operation } = await world.rekeyOf(bob)
    await refused(bob, { ...operation, rootKey: cyd.signer.publicKey }, 'root key used before')
    await world.kick(ada, cyd)
    await refused(bob, { ...operation, rootKey: cyd.signer.publicKey }, 'root key used before')
    await refused(bob, { ...operation, wrapKey: ada.unwrapper.publicKey }, 'wrap key belongs to someone else')
    await refused(bob, { ...operation, wrapKey: bob.unwrapper.publicKey }, 'wrap key used before')
  })

  it('is no way around a kick: the new key is kicked, the old one stays retired', async () => {
    const old = { ...cyd }
    await world.rekey(cyd)
    await refused(ada, { type: 'kick', ...target(old) }, 'no such member')
    await expectValid(world.kick(ada, cyd))
    for (const gone of [old, cyd]) await expect(world.join(bob, gone)).rejects.toThrow(/replaced|only an admin/)
  })

  it('is for members', async () => {
    const { operation } = await world.rekeyOf(eve)
    await refused(eve, operation, 'author is not a member')
  })
})

describe('promote and demote', () => {
  it('are for admins', async () => {
    await refused(bob, { type: 'promote', ...target(bob) }, 'author is not an admin')
    await refused(bob, { type: 'demote', ...target(ada) }, 'author is not an admin')
    await refused(ada, { type: 'promote', ...target(eve) }, 'no such member')
  })

  it('change something', async () => {
    await refused(ada, { type: 'promote', ...target(ada) }, 'already an admin')
    await refused(ada, { type: 'demote', ...target(bob) }, 'not an admin')
    await expectValid(world.promote(ada, bob))
    await expectValid(world.demote(bob, ada))
    expect([isAdmin(ada), isAdmin(bob)]).toEqual([false, true])
  })

  it('leave an admin', async () => {
    await refused(ada, { type: 'demote', ...target(ada) }, 'a room needs an admin')
    await world.promote(ada, bob)
    await expectValid(world.demote(ada, ada))
    await refused(ada, { type: 'kick', ...target(bob) }, 'author is not an admin')
  })
})

describe('policy', () => {
  it('is for admins and never lowers the version', async () => {
    const operation = { type: 'policy', acceptBy: 'admins', listed: false, rotateDays: 7, version: 1 } as const
    await refused(bob, operation, 'author is not an admin')
    await refused(ada, { ...operation, version: 0 }, "can't go back")
    await expectValid(world.operate(ada, operation))
    expect(world.room.policy).toEqual({ kind: 'group', acceptBy: 'admins', listed: false, rotateDays: 7 })
  })

  it('raises the version: from there on readers of this one judge nothing as valid', async () => {
    const before = world.say(bob, 'before')
    await expectValid(world.policy(ada, 'members', true, 2))
    await expectVoid(world.forged(ada, { type: 'topic', topic: 'x' }), 'unknown version')
    await expectVoid(
      world.append(world.message(bob, { contents: [{ type: 'text', text: 'after' }] })),
      'version in force',
    )
    expect(before.verdict.kind).toBe('valid')
  })
})

describe('topic', () => {
  it('is for members', async () => {
    await expectValid(world.topic(bob, 'tea'))
    expect(world.room.topic).toBe('tea')
    await refused(eve, { type: 'topic', topic: 'x' }, 'author is not a member')
  })

  it('is not written beyond its bounds', async () => {
    await refused(bob, { type: 'topic', topic: 'é'.repeat(257) }, 'expected text')
  })
})

describe('repair', () => {
  it("gives an epoch's link again, by any member", async () => {
    await world.rotate(ada)
    await expectValid(world.repair(bob, 1))
  })

  it('is for an epoch that has a link, and leads where that led', async () => {
    await world.rotate(ada)
    await world.rotate(ada)
    const { header } = await world.forge(ada, { type: 'rotate' })
    await expectVoid(
      world.forged(bob, { type: 'repair', epoch: 0 }, { header: { links: header.links } }),
      'no such link',
    )
    await expectVoid(
      world.forged(bob, { type: 'repair', epoch: 9 }, { header: { links: header.links } }),
      'no such link',
    )
    await expectVoid(
      world.forged(bob, { type: 'repair', epoch: 1 }, { header: { links: header.links } }),
      'link does not fit',
    )
    await expectVoid(world.forged(bob, { type: 'repair', epoch: 1 }), 'links do not fit')
    const [link] = header.links
    if (link === undefined) throw new Error('a rotation has a link')
    const right = { ...link, of: world.keysOf(1).confirm, to: 0 }
    await expectVoid(
      world.forged(eve, { type: 'repair', epoch: 1 }, { header: { links: [right] } }),
      'author is not a member',
    )
  })
})

describe('create', () => {
  it('happens once', async () => {
    const { policy } = world.room
    const create = {
      type: 'create',
      name: 'ada',
      wrapKey: ada.unwrapper.publicKey,
      policy,
      nonce: new Uint8Array(32),
      roomName: 'demo',
    } as const
    await expectVoid(world.forged(ada, create), 'links do not fit')
    await expectVoid(world.forged(ada, create, { header: { links: [] } }), 'a room can be created only once')
    expect(headOf(world.room).i).toBe(2)
  })
})
