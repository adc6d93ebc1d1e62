/** Message records: whose they are, when they count, and every reason for which they don't. */
import { beforeEach, describe, expect, it } from 'vitest'
import { concat, hex, type Bytes } from '../../src/base/bytes.ts'
import { encode, type Value } from '../../src/base/codec.ts'
import { sealWithNonce } from '../../src/crypto/seal.ts'
import type { EpochKeys } from '../../src/protocol/epoch.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import { idsOf, messageId, openMessages } from '../../src/protocol/message.ts'
import { pad } from '../../src/protocol/padding.ts'
import { decodeRecord, encodeMessageOuter } from '../../src/protocol/record.ts'
import { headOf } from '../../src/protocol/room.ts'
import { expectValid, expectVoid } from './expect-verdict.ts'
import { RoomBuilder, type User } from './room-builder.ts'

let world: RoomBuilder
let ada: User, bob: User
const seed = { next: 0 }
beforeEach(async () => {
  world = new RoomBuilder(`message ${(seed.next += 1)}`)
  ada = await world.user('ada')
  bob = await world.user('bob')
  await world.create(ada)
  await world.join(ada, bob)
})
const text = (words: string) => [{ type: 'text', text: words }] as const
const ones = new Uint8Array(32).fill(1)

interface Raw {
  readonly keys?: EpochKeys
  readonly epoch?: number
  readonly i?: number
  readonly roomId?: Bytes
  readonly values?: (right: readonly Value[]) => readonly Value[]
  readonly signature?: (right: Bytes) => Bytes
  readonly padding?: (content: Bytes) => Bytes
  readonly version?: number
}
/** What a hostile client can write: right but for what is asked for. */
function raw(
  by: User,
  { keys = world.keys, epoch = keys.epoch, i = world.log.length, roomId = world.roomId, version = 1, ...change }: Raw,
): Bytes {
  const { previousHash } = world.place()
  const right: Value[] = [
    previousHash,
    by.signer.publicKey,
    by.device,
    0,
    0,
    headOf(world.room).hash,
    0,
    [['text', 'x']],
  ]
  const values = change.values?.(right) ?? right
  const about = [1, 1, roomId, epoch, i]
  const signed = by.signer.sign('conclave/1 message', [...about, ...values])
  const inside = encode([...values, change.signature?.(signed) ?? signed])
  const nonce = world.dice.random(12)
  const ciphertext = sealWithNonce(keys.message, nonce, encode(about), (change.padding ?? pad)(inside))
  return encodeMessageOuter({ version, suite: 1, epoch, nonce, ciphertext })
}
const void_ = (change: Raw, reason: string, by = bob) => expectVoid(world.append(raw(by, change)), reason)

describe('a message record', () => {
  it('is valid as honest clients write it, and shows who wrote what', async () => {
    const { verdict } = world.say(bob, 'one', 'two')
    expect(verdict).toMatchObject({
      kind: 'valid',
      author: { name: 'bob' },
      inside: { counter: 0, contents: [{ text: 'one' }, { text: 'two' }] },
    })
    await expectValid(world.append(raw(bob, {})))
  })

  it('is sealed for its epoch, its place and its room', async () => {
    const first = world.say(bob, 'one').bytes
    await expectVoid(world.append(first), 'does not open')
    await void_({ i: 99 }, 'does not open')
    await void_({ roomId: ones }, 'does not open')
    const before = world.keys
    await world.rotate(ada)
    await void_({ keys: before }, 'not the epoch in force')
    await void_({ keys: before, epoch: 1 }, 'does not open')
    await void_({ epoch: 2 }, 'not the epoch in force')
  })

  it('follows the record before it and knows the head in force', async () => {
    await void_({ values: (v) => v.with(0, ones) }, 'follows another record')
    await void_({ values: (v) => v.with(5, world.room.marks.get(0)?.hash as Bytes) }, 'not the head in force')
    const late = world.message(bob, { contents: text('late') })
    await world.topic(ada, 'a control record came between')
    await expectVoid(world.append(late), 'does not open')
    const { i, previousHash } = world.place()
    const stale = world.message(bob, {
      i,
      previousHash,
      head: world.room.marks.get(1)?.hash as Bytes,
      contents: text('stale'),
    })
    await expectVoid(world.append(stale), 'not the head in force')
  })

  it('is signed by its author, who is a member', async () => {
    await void_({ signature: (s) => s.map((byte, k) => (k === 9 ? byte ^ 1 : byte)) }, 'wrong signature')
    await void_({ values: (v) => v.with(1, ada.signer.publicKey) }, 'wrong signature')
    await void_({}, 'author is not a member', await world.user('eve'))
  })

  it('is not void because of one before it that is', async () => {
    await void_({ signature: () => new Uint8Array(64) }, 'wrong signature')
    await expectValid(world.say(bob, 'and on'))
  })

  it('counts until the record that ends its author, and not behind it', async () => {
    await expectValid(world.say(bob, 'last words'))
    const before = world.keys
    const kick = await world.kick(ada, bob)
    await void_({}, 'author is not a member')
    await void_({ keys: before }, 'not the epoch in force')
    // Not even in the place of the kick itself: that index is taken.
    expect(
      openMessages(
        world.room,
        world.place(kick.i),
        decodedOuter(world.message(ada, { contents: text('x') })),
        world.keyring,
      ).kind,
    ).toBe('void')
  })

  it('counts from behind the record that let its author in', async () => {
    const eve = await world.user('eve')
    await expectVoid(world.append(world.message(eve, { contents: text('too early') })), 'author is not a member')
    await world.join(ada, eve)
    await expectValid(world.say(eve, 'now'))
    await world.leave(eve)
    await expectVoid(world.append(world.message(eve, { contents: text('too late') })), 'author is not a member')
    await world.join(ada, eve)
    await expectValid(world.say(eve, 'again'))
  })

  it('has no rule for counter, seq and time: those are claims', async () => {
    const max = Number.MAX_SAFE_INTEGER
    await expectValid(world.append(raw(bob, { values: (v) => v.with(3, 5) })))
    await expectValid(world.append(raw(bob, { values: (v) => v.with(3, 5) })))
    await expectValid(world.append(raw(bob, { values: (v) => v.with(4, max).with(6, max) })))
  })

  it.each<[string, (right: readonly Value[]) => readonly Value[], string]>([
    ['a field too many', (v) => [...v, 0], 'expected an array of 9'],
    ['no message', (v) => v.with(7, []), 'no message'],
    [
      'too many messages',
      (v) =>
        v.with(
          7,
          Array.from({ length: 65 }, () => ['text', 'x']),
        ),
      'up to 64',
    ],
    ['a device of another length', (v) => v.with(2, ones), 'expected 8 bytes'],
    ['a counter that would run over', (v) => v.with(3, Number.MAX_SAFE_INTEGER), 'unsigned'],
    ['a negative time', (v) => v.with(6, -1), 'unsigned'],
    ['a known type with foreign fields', (v) => v.with(7, [['text', 'x', 'y']]), 'expected an array'],
    [
      'one bad message among good ones',
      (v) =>
        v.with(7, [
          ['text', 'x'],
          ['text', ''],
        ]),
      'empty text',
    ],
  ])('is void with %s', async (_, values, reason) => {
    await void_({ values }, reason)
  })

  it('is padded one way', async () => {
    await void_({ padding: (content) => content }, 'padding')
    await void_({ padding: (content) => concat(pad(content), new Uint8Array(128)) }, 'padding')
    await void_({ padding: (content) => pad(concat(content, new Uint8Array(1))) }, 'CBOR')
  })

  it('of another version is void', async () => {
    await void_({ version: 2 }, 'unknown version')
  })

  it('hides its length within a rung', () => {
    expect(world.say(bob, 'a').bytes.length).toBe(world.say(bob, 'a'.repeat(20)).bytes.length)
  })

  it('of a reader without the secret is locked, whatever it is', async () => {
    const empty = new Keyring()
    for (const bytes of [world.say(bob, 'x').bytes, raw(bob, { signature: () => new Uint8Array(64) })]) {
      expect(openMessages(world.room, world.place(), decodedOuter(bytes), empty)).toEqual({ kind: 'locked', epoch: 0 })
    }
    await world.rotate(ada)
    const old = new Keyring()
    old.add(world.keysOf(0))
    const { i, bytes } = world.say(bob, 'y')
    expect(openMessages(world.room, world.place(i), decodedOuter(bytes), old)).toEqual({ kind: 'locked', epoch: 1 })
  })

  it('is not written when readers would refuse it', () => {
    for (const contents of [[], text(''), text('x'.repeat(16_385)), Array.from({ length: 65 }, () => text('x')[0])]) {
      expect(() => world.message(bob, { contents })).toThrow(RangeError)
    }
    const fat = Array.from({ length: 8 }, () => text('x'.repeat(9000))[0])
    expect(() => world.message(bob, { contents: fat })).toThrow(RangeError)
  })
})

describe('a message id', () => {
  it("is derived from the author's first key, device and counter, and survives a rekey", async () => {
    const first = bob.signer.publicKey
    const one = world.say(bob, 'one', 'two')
    await world.rekey(bob)
    const later = world.say(bob, 'three')
    const ids = [one, later].flatMap(({ verdict }) => {
      if (verdict.kind !== 'valid' || !('inside' in verdict)) throw new Error('a valid message')
      return idsOf(world.room.id, verdict.inside, verdict.author)
    })
    expect(ids).toEqual([0, 1, 2].map((counter) => hex(messageId(world.roomId, first, bob.device, counter))))
    expect(new Set(ids.map((id) => id.length))).toEqual(new Set([32]))
  })

  it('differs by room, author, device and counter', () => {
    const device = world.dice.random(8)
    const ids = [
      messageId(world.roomId, ones, device, 0),
      messageId(ones, ones, device, 0),
      messageId(world.roomId, ada.signer.publicKey, device, 0),
      messageId(world.roomId, ones, world.dice.random(8), 0),
      messageId(world.roomId, ones, device, 1),
    ]
    expect(new Set(ids.map(hex)).size).toBe(5)
  })
})

function decodedOuter(bytes: Bytes) {
  const record = decodeRecord(bytes)
  if (record.kind !== 'message') throw new Error('a message record')
  return record.outer
}
