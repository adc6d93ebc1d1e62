/** Epoch keys, links and the keyring: what opens what. */
import { beforeAll, describe, expect, it } from 'vitest'
import { hex, type Bytes } from '../../src/base/bytes.ts'
import { confirmedKeys, epochKeys, openLink, sealLink } from '../../src/protocol/epoch.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import type { ControlHeader } from '../../src/protocol/record.ts'
import { expectVoid } from './expect-verdict.ts'
import { RoomBuilder, type User } from './room-builder.ts'
import { diceFrom } from './seeded.ts'

const { random } = diceFrom('epoch')
const roomId = random(32)
const before = random(32)
const secret = random(32)

describe('epoch keys', () => {
  it('differ by room, epoch, place in the chain, and use', () => {
    const keys = epochKeys(roomId, 1, before, secret)
    const all = [
      keys,
      epochKeys(random(32), 1, before, secret),
      epochKeys(roomId, 2, before, secret),
      epochKeys(roomId, 1, random(32), secret),
    ]
    const derived = all.flatMap(({ message, body, link, confirm, knockSeed }) => [
      ...[message, body, link].map((key) => key.export().toString('hex')),
      hex(confirm),
      hex(knockSeed),
    ])
    expect(new Set(derived).size).toBe(20)
  })

  it('are confirmed for the one secret', () => {
    const { confirm } = epochKeys(roomId, 1, before, secret)
    const opening = { epoch: 1, before, confirm }
    expect(confirmedKeys(roomId, opening, secret)?.secret).toEqual(secret)
    for (const wrong of [random(32), new Uint8Array(0), random(33)]) {
      expect(confirmedKeys(roomId, opening, wrong)).toBeUndefined()
    }
  })
})

describe('a link', () => {
  const [first, second] = [epochKeys(roomId, 0, before, secret), epochKeys(roomId, 1, random(32), random(32))]
  const link = sealLink(roomId, second, first, random)
  const to = { epoch: 0, before, confirm: first.confirm }

  it('leads to the earlier secret', () => {
    expect(openLink(roomId, second, link, to)?.secret).toEqual(secret)
  })

  it('leads nowhere else', () => {
    const broken = link.sealed.map((byte, k) => (k === 3 ? byte ^ 1 : byte))
    expect(openLink(roomId, second, { ...link, sealed: broken }, to)).toBeUndefined()
    expect(openLink(roomId, second, { ...link, of: random(32) }, to)).toBeUndefined()
    expect(openLink(roomId, second, { ...link, to: 1 }, { ...to, epoch: 1 })).toBeUndefined()
    expect(openLink(roomId, second, link, { ...to, confirm: random(32) })).toBeUndefined()
    expect(openLink(roomId, first, link, to)).toBeUndefined()
    expect(openLink(random(32), second, link, to)).toBeUndefined()
  })
})

describe('a keyring', () => {
  let world: RoomBuilder
  let ada: User
  beforeAll(async () => {
    world = new RoomBuilder('keyring')
    ada = await world.user('ada')
    await world.create(ada)
    for (let k = 0; k < 4; k += 1) await world.rotate(ada)
  })
  const headers = () => world.controls.map(({ outer }) => outer.header)
  const opening = (epoch: number) => world.room.openings.get(epoch)

  it('walks from one secret back to genesis, and never forwards', () => {
    const keyring = new Keyring()
    keyring.add(world.keysOf(2))
    keyring.walkBack(world.roomId, headers())
    expect([0, 1, 2, 3, 4].map((epoch) => keyring.get(opening(epoch)) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })

  it('is not led astray by records that nobody verified', async () => {
    const forgedFrom = headers()[2] as ControlHeader
    const junk = Array.from({ length: 50 }, (_, k): ControlHeader => ({
      ...forgedFrom,
      epoch: k % 5,
      confirm: world.dice.random(32),
      links: forgedFrom.links.map((link) => ({
        ...link,
        of: world.keysOf(4 - (k % 5)).confirm,
        sealed: world.dice.random(80),
      })),
    }))
    const keyring = new Keyring()
    keyring.add(world.keysOf(4))
    keyring.walkBack(world.roomId, [...junk, ...headers(), ...junk])
    expect(keyring.all()).toHaveLength(5)
    for (let epoch = 0; epoch < 5; epoch += 1) expect(keyring.get(opening(epoch))).toBeDefined()
  })

  it('walks over a link that was given again', async () => {
    const other = new RoomBuilder('repaired')
    await other.create(ada)
    await other.rotate(ada)
    const good = other.keysOf(1)
    const rotated = await other.forged(ada, { type: 'rotate' }, { badLink: true })
    other.learn(rotated.keys)
    const all = () => other.controls.map(({ outer }) => outer.header)
    const lost = new Keyring()
    lost.add(rotated.keys)
    lost.walkBack(other.roomId, all())
    expect(lost.all()).toHaveLength(1)
    expect(good.epoch).toBe(1)
    await other.repair(ada, 2)
    lost.walkBack(other.roomId, all())
    expect(lost.all()).toHaveLength(3)
  })

  it("does not open an epoch that repeats another one's public confirm", async () => {
    const other = new RoomBuilder('repeated confirm')
    await other.create(ada)
    await other.join(ada, await other.user('bob'))
    const { confirm } = other.keys
    const { keys } = other
    const links = [{ ...sealLink(other.roomId, keys, keys, other.dice.random), of: confirm }]
    const { verdict } = await other.forged(ada, { type: 'rotate' }, { header: { confirm, links } })
    expect(verdict.kind).toBe('valid')
    // Its keys would be those of epoch 0, which the link of this very record hands to nobody: locked, as any garbage.
    expect(other.keyring.get(other.room.openings.get(1))).toBeUndefined()
    const forged = other.message(ada, { keys, contents: [{ type: 'text', text: 'x' }] })
    await expectVoid(other.append(forged), 'not the epoch in force')
  })

  it('takes no secret that its opening does not pin', () => {
    const keyring = new Keyring()
    const first = opening(0)
    if (first === undefined) throw new Error('no opening')
    expect(keyring.addSecret(world.roomId, first, world.dice.random(32))).toBe(false)
    expect(keyring.addSecret(world.roomId, first, world.keysOf(1).secret)).toBe(false)
    expect(keyring.addSecret(world.roomId, first, world.keysOf(0).secret)).toBe(true)
    expect(keyring.get(undefined)).toBeUndefined()
    expect(keyring.get({ ...first, epoch: 1 })).toBeUndefined()
    expect(keyring.get({ ...first, before: world.dice.random(32) })).toBeUndefined()
  })
})

export type { Bytes }
