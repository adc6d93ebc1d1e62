import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { decode, encode, FormatError, type Value } from '../../src/base/codec.ts'
import { decodeKnock, knockId, knockPublicKey, openKnock, sealKnock } from '../../src/protocol/knock.ts'
import { RoomBuilder, type User } from './room-builder.ts'

let world: RoomBuilder
let eve: User
let knock: Bytes
beforeAll(async () => {
  world = new RoomBuilder('knock')
  const ada = await world.user('ada')
  eve = await world.user('eve')
  await world.create(ada)
  await world.rotate(ada)
  knock = world.knock(eve)
})

describe('a knock', () => {
  it('says who asks to join, under which keys, and what they have seen', () => {
    const head = world.room.marks.get(1)?.hash
    expect(decodeKnock(knock)).toMatchObject({ name: 'eve', rootKey: eve.signer.publicKey, roomId: world.roomId, head })
    expect(knockId(knock)).toHaveLength(32)
  })

  it('is refused with any byte changed', () => {
    for (let at = 0; at < knock.length; at += 7) {
      expect(() => decodeKnock(knock.map((byte, k) => (k === at ? byte ^ 0x20 : byte)))).toThrow(FormatError)
    }
  })

  it('has these fields and no other', () => {
    const fields = decode(knock) as readonly Value[]
    for (const wrong of [
      fields.slice(1),
      [...fields, 0],
      fields.with(0, 2),
      fields.with(2, 'admin'),
      fields.with(7, -1),
    ]) {
      expect(() => decodeKnock(encode(wrong))).toThrow(FormatError)
    }
  })

  it('opens for holders of the epoch that it is sealed to, current or not', async () => {
    const key = await knockPublicKey(world.keysOf(0))
    const sealed = (await sealKnock(world.roomId, 0, key, knock)) as Bytes
    expect(await openKnock(world.roomId, world.keyring.all(), sealed)).toEqual(knock)
    expect(await openKnock(world.roomId, [world.keysOf(1)], sealed)).toBeUndefined()
    expect(await openKnock(new Uint8Array(32), world.keyring.all(), sealed)).toBeUndefined()
    expect(await openKnock(world.roomId, world.keyring.all(), sealed.slice(0, -1))).toBeUndefined()
    expect(await openKnock(world.roomId, world.keyring.all(), new Uint8Array(4097))).toBeUndefined()
    const flipped = sealed.map((byte, k) => (k === 1300 ? byte ^ 1 : byte))
    expect(await openKnock(world.roomId, world.keyring.all(), flipped)).toBeUndefined()
  })

  it('is not sealed to what is no key', async () => {
    expect(await sealKnock(world.roomId, 0, new Uint8Array(1215), knock)).toBeUndefined()
  })
})
