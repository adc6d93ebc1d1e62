/** Valid bytes of every kind, to be spoiled: a room in which everything happened, and what lies beside it. */
import type { Bytes } from '../../../src/base/bytes.ts'
import { sealNotice } from '../../../src/protocol/notice.ts'
import { createNameRecord, renewNameRecord, decodeNameRecord } from '../../../src/protocol/name-record.ts'
import { sealKnock, knockPublicKey } from '../../../src/protocol/knock.ts'
import { RoomBuilder, type User } from '../../protocol/room-builder.ts'

export interface Specimens {
  readonly world: RoomBuilder
  readonly ada: User
  readonly bob: User
  readonly messages: readonly Bytes[]
  readonly controls: readonly Bytes[]
  readonly pages: readonly Bytes[]
  readonly cards: readonly Bytes[]
  readonly knocks: readonly Bytes[]
  readonly sealedKnocks: readonly Bytes[]
  readonly nameRecords: readonly Bytes[]
  readonly notices: readonly Bytes[]
}

export async function collectSpecimens(): Promise<Specimens> {
  const world = new RoomBuilder('specimens')
  const [ada, bob, cyd, dan] = await Promise.all(['ada', 'bob', 'cyd', 'dan'].map((name) => world.user(name)))
  if (!ada || !bob || !cyd || !dan) throw new Error('four people')
  await world.create(ada)
  const knocks = [bob, cyd, dan].map((user) => world.knock(user))
  await world.accept(ada, knocks[0] as Bytes)
  world.say(ada, 'one', 'two')
  await world.join(bob, cyd)
  await world.reject(ada, knocks[2] as Bytes, dan)
  const id = world.dice.random(16)
  world.post(bob, { type: 'reply', to: id, text: 'yes' }, { type: 'react', to: id, emoji: '👍', on: true })
  world.post(
    cyd,
    { type: 'edit', to: id, text: 'no' },
    { type: 'delete', to: id },
    { type: 'emote', text: 'waves' },
    { type: 'unknown', name: 'poll', value: ['poll', 1, null, [true]] },
    {
      type: 'file',
      name: 'a.txt',
      mediaType: 'text/plain',
      size: 3,
      digest: world.dice.random(32),
      key: world.dice.random(32),
    },
  )
  await world.promote(ada, bob)
  await world.kick(bob, cyd)
  await world.join(ada, cyd)
  await world.rotate(ada)
  await world.rekey(bob)
  await world.repair(bob, world.room.epoch)
  await world.demote(ada, bob)
  await world.policy(ada, 'admins')
  await world.topic(ada, 'all of it')
  await world.invite(ada, dan)
  await world.enter(dan)
  await world.leave(cyd)
  world.say(dan, 'here')
  knocks.push(world.knock(bob))

  const sealed = await sealKnock(world.roomId, world.keys.epoch, await knockPublicKey(world.keys), knocks[0] as Bytes)
  const record = createNameRecord('ada', ada.signer, ada.unwrapper.publicKey)
  const renewed = renewNameRecord(decodeNameRecord(record, 'ada'), ada.signer, bob.signer, bob.unwrapper.publicKey)
  const to = { rootKey: bob.signer.publicKey, wrapKey: bob.unwrapper.publicKey }
  const about = { roomId: world.roomId, direct: false, roomName: 'demo', from: 'ada', at: 1_700_000_000_000 }
  return {
    world,
    ada,
    bob,
    messages: world.log.filter(([first]) => first === 0x86),
    controls: world.log.filter(([first]) => first === 0x90),
    pages: [...world.pages.values()],
    cards: world.cards,
    knocks,
    sealedKnocks: [sealed as Bytes],
    nameRecords: [record, renewed],
    notices: [(await sealNotice(ada.signer, to, about)) as Bytes],
  }
}
