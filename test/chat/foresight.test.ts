import { expect, test } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { preverify } from '../../src/chat/replay/preverify.ts'
import { epochKeys } from '../../src/protocol/epoch.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import { openMessages } from '../../src/protocol/message.ts'
import { logKey } from '../../src/protocol/paths.ts'
import { decodeRecord } from '../../src/protocol/record.ts'
import { placed, summary } from '../protocol/reader.ts'
import { RoomBuilder } from '../protocol/room-builder.ts'

const entriesOf = (roomId: Bytes, log: readonly Bytes[]) =>
  log.map((value, i) => ({ key: logKey(roomId, i), value, createRevision: 1, modRevision: 1 }))

test('what was opened and checked ahead leads to the verdicts that come without it', async () => {
  const world = new RoomBuilder('preverified')
  const [ada, bob, eve] = [await world.user('ada'), await world.user('bob'), await world.user('eve')]
  await world.create(ada)
  await world.join(ada, bob)
  world.say(ada, 'one', 'two')
  const contents = [{ type: 'text', text: 'forged' }] as const
  // Bob's name under Eve's signature, somebody from outside, an altered byte, another's hash before it.
  const posing = { ...eve.signer, publicKey: bob.signer.publicKey }
  world.append(world.message({ ...bob, signer: posing }, { contents }))
  world.append(world.message(eve, { contents }))
  const altered = world.message(ada, { contents })
  altered[altered.length - 20]! ^= 1
  world.append(altered)
  world.append(world.message(ada, { contents, previousHash: new Uint8Array(32) }))
  await world.kick(ada, bob)
  world.append(world.message(bob, { contents, keys: world.keysOf(0) }))
  world.say(ada, 'three')

  const held = world.keyring.all()
  // A secret of a void record that claimed the epoch in force is tried too, and opens nothing.
  const stray = epochKeys(world.roomId, 1, new Uint8Array(32), new Uint8Array(32))
  const keyring = new Keyring()
  for (const keys of [stray, ...held]) keyring.add(keys)
  const preverified = await preverify(world.roomId, entriesOf(world.roomId, world.log), keyring, undefined)
  expect([...preverified.keys()].toSorted((a, b) => a - b)).toEqual([2, 3, 4, 6, 8, 9])
  expect([...preverified].filter(([, { isSigned }]) => !isSigned).map(([i]) => i)).toEqual([3])

  for (const { place } of placed(world.log)) {
    const record = decodeRecord(world.log[place.i] as Bytes)
    if (record.kind !== 'message') continue
    const judge = (ahead?: Parameters<typeof openMessages>[5]) =>
      openMessages(world.room, place, record.outer, world.keyring, false, ahead)
    expect(judge(preverified.get(place.i))).toEqual(judge())
    expect(summary(judge(preverified.get(place.i)))).toBe(summary(world.verdicts[place.i]!))
  }
})

test('what was opened under another opening’s keys says nothing', async () => {
  const world = new RoomBuilder('preverified 2')
  const ada = await world.user('ada')
  await world.create(ada)
  const { i, bytes } = world.say(ada, 'true')
  const record = decodeRecord(bytes)
  const entries = entriesOf(world.roomId, world.log)
  const [[, preverified] = []] = await preverify(world.roomId, entries, world.keyring, world.room)
  if (record.kind !== 'message' || preverified === undefined) throw new Error('nothing preverified')
  const keys = { ...preverified.unsealed.keys }
  const elsewhere = { ...preverified.unsealed, keys, inside: { ...preverified.unsealed.inside, contents: [] } }
  const verdict = openMessages(world.room, world.place(i), record.outer, world.keyring, false, {
    outer: record.outer,
    unsealed: elsewhere,
    isSigned: false,
  })
  expect(summary(verdict)).toBe('valid ada: ["true"]')
})
