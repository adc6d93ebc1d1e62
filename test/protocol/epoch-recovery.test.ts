/** A garbage epoch, an admin's recovery from it, and who must not get in through it. docs/adr/0003 lists the attacks. */
import { beforeEach, describe, expect, it } from 'vitest'
import { hex } from '../../src/base/bytes.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import { VoidRecord } from '../../src/protocol/verdict.ts'
import { expectValid, expectVoid, reasonOf } from './expect-verdict.ts'
import { readAll, readInOrder, summary } from './reader.ts'
import { RoomBuilder, type User } from './room-builder.ts'

let world: RoomBuilder
let ada: User, bob: User, cyd: User, dan: User
const names = () => [...world.room.members.values()].map(({ name }) => name)
const seed = { next: 0 }

/** Ada and bob are admins, cyd and dan members. */
beforeEach(async () => {
  world = new RoomBuilder(`epoch recovery ${(seed.next += 1)}`)
  const users = await Promise.all(['ada', 'bob', 'cyd', 'dan'].map((name) => world.user(name)))
  ;[ada, bob, cyd, dan] = users as [User, User, User, User]
  await world.create(ada)
  for (const user of [bob, cyd, dan]) await world.join(ada, user)
  await world.promote(ada, bob)
})
const rotate = { type: 'rotate' } as const
const kickOf = ({ signer }: User) => ({ type: 'kick', rootKey: signer.publicKey }) as const

describe('a garbage epoch', () => {
  it('locks everyone who got no secret, and nothing of it is called void', async () => {
    const garbage = await world.forged(bob, rotate)
    const hidden = await world.forged(bob, { type: 'topic', topic: 'hidden' }, { under: garbage.keys })
    const said = world.append(world.message(bob, { keys: garbage.keys, contents: [{ type: 'text', text: 'x' }] }))
    expect([hidden, said].map(({ verdict }) => verdict.kind)).toEqual(['locked', 'locked'])
  })

  it('is recovered by any other admin, and the room goes on', async () => {
    world.say(cyd, 'before')
    const { epoch } = world.room
    await world.forged(bob, rotate)
    await expectValid(world.recover(ada, kickOf(bob)))
    expect(names()).toEqual(['ada', 'cyd', 'dan'])
    expect(world.room.epoch).toBe(epoch + 2)
    await expectValid(world.say(cyd, 'after'))
    const newcomer = await world.user('eve')
    await expectValid(world.join(dan, newcomer))
    const reading = await readAll(world, newcomer.unwrappers)
    expect(reading.verdicts.map(summary)).toEqual(world.verdicts.map(summary))
  })

  it('can be a rekey, too', async () => {
    const { operation } = await world.rekeyOf(cyd)
    await world.forged(cyd, operation)
    await expectValid(world.recover(bob, rotate))
    await expectValid(world.say(dan, 'after'))
  })

  it('may follow another one', async () => {
    await world.forged(bob, rotate)
    await world.promote(ada, cyd).catch(() => undefined)
    await expectValid(world.recover(ada, rotate))
    await world.forged(bob, rotate)
    await expectValid(world.recover(ada, kickOf(bob)))
    await expectValid(world.say(dan, 'after'))
  })

  it('is recovered once: of two recoveries the first counts', async () => {
    await world.promote(ada, cyd)
    await world.forged(bob, rotate)
    const base = world.room
    await expectValid(world.recover(ada, rotate, base))
    expect((await world.recover(cyd, rotate, base)).verdict.kind).toBe('void')
  })

  it('is recovered by its own author only when nobody else could', async () => {
    await world.forged(bob, rotate)
    await expect(world.recover(bob, rotate)).rejects.toThrow(VoidRecord)
    const forged = await world.forged(bob, rotate, { under: world.keysOf(0) })
    expect(reasonOf(forged.verdict)).toMatch("the author of an epoch can't recover it")
    await expectValid(world.recover(ada, rotate))
    await world.demote(ada, bob)
    await world.forged(ada, rotate)
    await expectValid(world.recover(ada, rotate))
  })
})

describe('an epoch recovery', () => {
  it('is for admins', async () => {
    await world.forged(bob, rotate)
    await expectVoid(world.forged(cyd, rotate, { under: world.keysOf(0) }), 'not an epoch recovery')
  })

  it('opens an epoch, and is no rekey', async () => {
    await world.forged(bob, rotate)
    const under = world.keysOf(0)
    await expectVoid(world.forged(ada, { type: 'topic', topic: 'x' }, { under }), 'not an epoch recovery')
    const { operation } = await world.rekeyOf(ada)
    await expectVoid(world.forged(ada, operation, { under }), 'not an epoch recovery')
  })

  it('leaves the record that opened the epoch in force: a kick stands', async () => {
    await world.kick(ada, cyd)
    const base = world.room
    await expectValid(world.recover(bob, rotate, base))
    expect(names()).toEqual(['ada', 'bob', 'dan'])
  })

  it('does not give a kicked admin their place back', async () => {
    await world.rotate(ada)
    const base = world.room
    await world.kick(ada, bob)
    await expectVoid(world.recover(bob, kickOf(ada), base), 'author is not a member')
    expect(names()).toEqual(['ada', 'cyd', 'dan'])
  })

  it('does not give a demoted admin their role back', async () => {
    await world.rotate(ada)
    const base = world.room
    await world.demote(ada, bob)
    await expectVoid(world.recover(bob, kickOf(ada), base), 'not an epoch recovery')
  })

  it("does not undo what another admin did, a member's kick nor anything else", async () => {
    await world.rotate(ada)
    const base = world.room
    await world.topic(ada, 'an admin was here')
    await expectVoid(world.recover(bob, rotate, base), "undoes another admin's change")
    await world.kick(ada, cyd)
    await expectVoid(world.recover(bob, rotate, base), "undoes another admin's change")
  })

  it('does not lead in front of genesis, nor to a record that opened nothing', async () => {
    await world.rotate(ada)
    const at = (n: number) => {
      const mark = world.room.marks.get(n)
      if (mark === undefined) throw new Error('no such mark')
      return { n: n + 1, previousHead: mark.hash, previousHeadIndex: mark.i }
    }
    await expectVoid(world.forged(bob, rotate, { header: at(0) }), 'does not follow the head')
    await expectVoid(world.forged(bob, rotate, { header: at(3), under: world.keysOf(0) }), 'does not follow the head')
  })

  it('makes nothing void that was valid: the past is judged as it was', async () => {
    await world.rotate(ada)
    const base = world.room
    const eve = await world.user('eve')
    await world.join(cyd, eve)
    world.say(eve, 'I was let in by cyd')
    await world.rekey(dan)
    world.say(dan, 'with new keys')
    const before = world.verdicts.map(summary)
    await expectValid(world.recover(bob, rotate, base))
    expect(names()).not.toContain('eve')
    await expectVoid(
      world.append(world.message(eve, { contents: [{ type: 'text', text: 'and now?' }] })),
      'not a member',
    )
    for (const reading of [await readAll(world, bob.unwrappers), readInOrder(world, world.keyring)]) {
      expect(reading.verdicts.slice(0, before.length).map(summary)).toEqual(before)
      expect(reading.verdicts.map(summary)).toEqual(world.verdicts.map(summary))
    }
  })

  it('is not judged by readers who lack the epoch that it is sealed under', async () => {
    await world.forged(bob, rotate)
    await world.recover(ada, rotate)
    const keyring = new Keyring()
    expect(readInOrder(world, keyring).verdicts.every(({ kind }) => kind === 'locked')).toBe(true)
  })
})

describe('an epoch that is garbage to some', () => {
  it('heals with the next epoch that its holders open: readers who followed a recovery fold again', async () => {
    // Cyd rekeys and leaves dan without the secret.
    const { operation } = await world.rekeyOf(cyd)
    const partial = await world.forged(cyd, operation, { wrapFor: [ada, bob] })
    world.learn(partial.keys)
    await world.topic(bob, 'we can read this')
    expect((await readAll(world, dan.unwrappers)).verdicts.at(-1)?.kind).toBe('locked')
    await world.rotate(ada)
    const healed = await readAll(world, dan.unwrappers)
    expect(healed.verdicts.map(summary)).toEqual(world.verdicts.map(summary))
  })

  it('heals by letting a present member in again', async () => {
    const { operation } = await world.rekeyOf(cyd)
    const partial = await world.forged(cyd, operation, { wrapFor: [ada, bob] })
    world.learn(partial.keys)
    await world.topic(bob, 'we can read this')
    await world.accept(ada, world.knock(dan))
    const healed = await readAll(world, dan.unwrappers)
    expect(healed.verdicts.map(summary)).toEqual(world.verdicts.map(summary))
  })

  it('remaining: a demoted admin leads one member astray, with help, until that one gets a secret', async () => {
    // Cyd, a member, opens an epoch that dan can't read; in it ada demotes bob, who then leads dan around that.
    const { operation } = await world.rekeyOf(cyd)
    const partial = await world.forged(cyd, operation, { wrapFor: [ada, bob] })
    const base = world.room
    world.learn(partial.keys)
    await world.demote(ada, bob)
    const astray = await world.recover(bob, rotate, base)
    await expectVoid(astray, 'not an epoch recovery')
    const dans = await readAll(world, dan.unwrappers)
    expect(dans.verdicts.at(-1)?.kind).toBe('valid')
    await world.rotate(ada)
    const healed = await readAll(world, dan.unwrappers)
    expect(healed.verdicts.map(summary)).toEqual(world.verdicts.map(summary))
  })

  it('heals by itself when the demotion was a kick: the kick wraps for whom it leaves in', async () => {
    const { operation } = await world.rekeyOf(cyd)
    const partial = await world.forged(cyd, operation, { wrapFor: [ada, bob] })
    const base = world.room
    world.learn(partial.keys)
    await world.kick(ada, bob)
    await world.recover(bob, rotate, base)
    expect((await readAll(world, dan.unwrappers)).verdicts.map(summary)).toEqual(world.verdicts.map(summary))
  })

  it('remaining: an admin who kept a garbage secret can publish it late, and the recovery is void then', async () => {
    const garbage = await world.forged(bob, rotate)
    await world.forged(bob, { type: 'topic', topic: 'hidden' }, { under: garbage.keys })
    await expectValid(world.recover(ada, kickOf(bob)))
    world.learn(garbage.keys)
    expect(names()).toContain('bob')
    // He is an admin among admins again, no more: ada kicks him again.
    await expectValid(world.kick(ada, bob))
    expect(hex(world.room.members.get(hex(ada.signer.publicKey))?.rootKey ?? new Uint8Array())).toBe(
      hex(ada.signer.publicKey),
    )
  })

  it('an ordinary member has no such power: their garbage stays skipped when it is published', async () => {
    const { operation } = await world.rekeyOf(cyd)
    const garbage = await world.forged(cyd, operation)
    await world.forged({ ...cyd }, { type: 'topic', topic: 'hidden' }, { under: garbage.keys })
    await expectValid(world.recover(ada, rotate))
    const before = world.verdicts.length
    world.learn(garbage.keys)
    const reading = readInOrder(world, world.keyring)
    expect(reading.verdicts[before - 1]?.kind).toBe('valid')
    expect(reading.room?.members).toEqual(world.room.members)
  })
})
