import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { decode, encode, FormatError, type Value } from '../../src/base/codec.ts'
import { decodeCard } from '../../src/protocol/card.ts'
import { knockPublicKey } from '../../src/protocol/knock.ts'
import { headOf } from '../../src/protocol/room.ts'
import { RoomBuilder, type User } from './room-builder.ts'

let world: RoomBuilder
let ada: User
let card: Bytes
beforeAll(async () => {
  world = new RoomBuilder('card')
  ada = await world.user('ada')
  await world.create(ada)
  await world.rotate(ada)
  card = world.cards.at(-1) as Bytes
})

describe('a card', () => {
  it('says what a stranger needs to knock', async () => {
    expect(decodeCard(world.roomId, card)).toEqual({
      roomId: world.roomId,
      name: 'demo',
      n: 1,
      epoch: 1,
      head: headOf(world.room).hash,
      knockKey: await knockPublicKey(world.keys),
      signer: ada.signer.publicKey,
    })
  })

  it('is refused with any byte changed, and for another room', () => {
    for (let at = 0; at < card.length; at += 7) {
      expect(() =>
        decodeCard(
          world.roomId,
          card.map((byte, k) => (k === at ? byte ^ 0x20 : byte)),
        ),
      ).toThrow(FormatError)
    }
    expect(() => decodeCard(new Uint8Array(32), card)).toThrow('card of another room')
  })

  it('has these fields and no other', () => {
    const fields = decode(card) as readonly Value[]
    for (const wrong of [
      fields.slice(1),
      [...fields, 0],
      fields.with(0, 2),
      fields.with(2, 'a b'),
      fields.with(3, -1),
    ]) {
      expect(() => decodeCard(world.roomId, encode(wrong))).toThrow(FormatError)
    }
  })
})
