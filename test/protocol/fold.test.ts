/** What every control record must be before its operation is looked at: its form, its place, its seal, its signature. */
import { beforeEach, describe, expect, it } from 'vitest'
import { concat, hex } from '../../src/base/bytes.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import { sealControl } from '../../src/protocol/control.ts'
import { epochKeys } from '../../src/protocol/epoch.ts'
import { foldControl, roomIdOf } from '../../src/protocol/fold.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import { decodeRecord, encodeControlOuter, recordHash, type ControlHeader } from '../../src/protocol/record.ts'
import { wrapsName } from '../../src/protocol/wraps.ts'
import { headOf } from '../../src/protocol/room.ts'
import { expectValid, expectVoid } from './expect-verdict.ts'
import { group, RoomBuilder, type User } from './room-builder.ts'

let world: RoomBuilder
let ada: User, bob: User
const seed = { next: 0 }
beforeEach(async () => {
  world = new RoomBuilder(`fold ${(seed.next += 1)}`)
  ada = await world.user('ada')
  bob = await world.user('bob')
  await world.create(ada)
  await world.join(ada, bob)
})

const topic = { type: 'topic', topic: 'tea' } as const
const forged = (header: Partial<ControlHeader>) => world.forged(ada, topic, { header })
const ones = new Uint8Array(32).fill(1)

describe("a control record's place", () => {
  it.each([
    ['another suite', { suite: 2 }, 'unknown suite'],
    ['another version', { version: 2 }, 'unknown version'],
    ['another index', { i: 7 }, 'written for another index'],
    ['another record before it', { previousHash: ones }, 'follows another record'],
    ['an n too low', { n: 1 }, 'does not follow the head'],
    ['an n too high', { n: 3 }, 'does not follow the head'],
    ['n 0', { n: 0 }, 'does not follow the head'],
    ['another head', { previousHead: ones }, 'does not follow the head'],
    ["another index of its head's", { previousHeadIndex: 0 }, 'does not follow the head'],
    ['an epoch to come as its seal', { under: 1 }, 'does not follow the head'],
    ['another epoch in force', { epoch: 1 }, 'epoch without an opening'],
  ] as const)('is void with %s', async (_, header, reason) => {
    await expectVoid(forged(header), reason)
    await expectValid(forged({}))
  })

  it('is not that of a record which lost its race', async () => {
    const late = await world.forge(bob, topic)
    await world.topic(ada, 'coffee')
    await expectVoid(world.append(late.bytes), 'written for another index')
    await expectVoid(
      world.forged(bob, topic, { header: { ...late.header, ...world.place() } }),
      'does not follow the head',
    )
  })

  it('may come behind messages and void records, which its own hash then covers', async () => {
    world.say(bob, 'hello')
    world.append(new Uint8Array([0xff]))
    await expectValid(forged({}))
  })
})

describe("a control record's shape", () => {
  it('has an epoch if and only if its operation opens one', async () => {
    const secret = world.dice.random(32)
    const rotation = await world.forge(ada, { type: 'rotate' }, { secret })
    const { confirm, wraps, links, epoch } = rotation.header
    await expectVoid(
      forged({ confirm, wraps, links, epoch }),
      'opens an epoch where none may open, or none where one must',
    )
    await expectVoid(
      world.forged(ada, { type: 'rotate' }, { header: { confirm: null } }),
      'opens an epoch where none may open, or none where one must',
    )
    await expectVoid(
      world.forged(ada, { type: 'rotate' }, { header: { wraps: null } }),
      'opens an epoch where none may open, or none where one must',
    )
    await expectVoid(world.forged(ada, { type: 'rotate' }, { header: { epoch: 0 } }), 'epochs follow one another')
    const [link] = links
    if (link === undefined) throw new Error('a rotation has a link')
    await expectVoid(
      world.forged(ada, { type: 'rotate' }, { secret, header: { epoch: 2, links: [link] } }),
      'epochs follow one another',
    )
  })

  it('names the wraps of the epoch that it opens', async () => {
    const wraps = world.dice.random(32)
    await expectVoid(world.forged(ada, { type: 'rotate' }, { header: { wraps } }), 'wraps of another epoch')
  })

  it('has a link that leads back, and nothing else has one', async () => {
    const secret = world.dice.random(32)
    const { header } = await world.forge(ada, { type: 'rotate' }, { secret })
    const [link] = header.links
    if (link === undefined) throw new Error('a rotation has a link')
    await expectVoid(world.forged(ada, { type: 'rotate' }, { header: { links: [] } }), 'links do not fit')
    await expectVoid(world.forged(ada, { type: 'rotate' }, { header: { links: [link, link] } }), 'links do not fit')
    await expectVoid(
      world.forged(ada, { type: 'rotate' }, { secret, header: { links: [{ ...link, to: 1 }] } }),
      'link does not lead to the previous epoch',
    )
    await expectVoid(
      world.forged(ada, { type: 'rotate' }, { header: { links: [link] } }),
      'link does not lead to the previous epoch',
    )
    await expectVoid(forged({ links: [link] }), 'links do not fit')
  })

  it('has an entry if and only if its operation is for a stranger', async () => {
    await expectVoid(forged({ entry: { tag: new Uint8Array(16), wrapped: null } }), 'entry missing or unexpected')
  })
})

describe("a control record's seal and signature", () => {
  it('fail when anything outside was changed after it was made', async () => {
    const { header } = await world.forge(ada, { type: 'rotate' })
    for (const change of [{ wraps: ones }, { confirm: ones }] as const) {
      const { bytes } = await world.forge(ada, { type: 'rotate' })
      const record = decodeRecord(bytes)
      if (record.kind !== 'control') throw new Error('a control record')
      const altered = encodeControlOuter({ ...record.outer, header: { ...record.outer.header, ...change } })
      await expectVoid(world.append(altered), 'does not open')
    }
    expect(header.epoch).toBe(1)
  })

  it('fail for a record of another room', async () => {
    const other = new RoomBuilder('fold, another room')
    await other.create(ada)
    const { keys } = other
    const { bytes } = await world.forge(ada, topic, { under: keys })
    await expectVoid(world.append(bytes), 'does not open')
  })

  it("fail for another member's name under the author's own signature", async () => {
    const posing = { ...ada, signer: { publicKey: ada.signer.publicKey, sign: bob.signer.sign } }
    await expectVoid(world.forged(posing, topic), 'wrong signature')
  })

  it('are those of a member', async () => {
    await expectVoid(world.forged(await world.user('eve'), topic), 'author is not a member')
  })

  it('leave no second encoding of the inside', async () => {
    const { header, bytes } = await world.forge(ada, topic)
    const record = decodeRecord(bytes)
    if (record.kind !== 'control') throw new Error('a control record')
    const padded = { ...record.outer, ciphertext: concat(record.outer.ciphertext, new Uint8Array(1)) }
    await expectVoid(world.append(encodeControlOuter(padded)), 'does not open')
    expect(header.i).toBe(2)
  })
})

describe('genesis', () => {
  const make = async (change: Partial<ControlHeader>, roomId?: Uint8Array<ArrayBuffer>) => {
    const operation = {
      type: 'create',
      name: 'ada',
      wrapKey: ada.unwrapper.publicKey,
      policy: group,
      nonce: world.dice.random(32),
      roomName: 'demo',
    } as const
    const id = roomId ?? roomIdOf(ada.signer.publicKey, operation)
    const keys = epochKeys(id, 0, zeroHash, world.dice.random(32))
    const zeros = { previousHead: zeroHash, previousHeadIndex: 0, previousHash: zeroHash }
    const fixed = { version: 1, suite: 1, i: 0, n: 0, ...zeros, epoch: 0, under: 0, links: [], entry: null }
    const wraps = wrapsName({ roomId: id, n: 0, previousHead: zeroHash, epoch: 0 }, keys.confirm)
    const header = { ...fixed, confirm: keys.confirm, wraps, ...change }
    const record = sealControl(id, keys, ada.signer, header, { operation, at: 0, seq: 0 }, world.dice.random)
    const keyring = new Keyring()
    keyring.add(keys)
    const decoded = decodeRecord(record)
    if (decoded.kind !== 'control') throw new Error('a control record')
    const place = { i: header.i, previousHash: header.previousHash, hash: recordHash(record) }
    return foldControl(id, undefined, place, decoded.outer, keyring)
  }

  it('makes the room', async () => {
    expect(await make({})).toMatchObject({ kind: 'valid', room: { name: 'demo', epoch: 0, nextIndex: 1 } })
    expect(headOf(world.room).hash).toEqual(recordHash(world.log[1] as Uint8Array<ArrayBuffer>))
  })

  it.each([
    ['a later n', { n: 1 }, 'genesis is the first record'],
    ['a record before it', { previousHead: ones }, 'genesis follows nothing'],
    ['another epoch', { epoch: 1 }, 'genesis opens epoch 0'],
    ['another version', { version: 2 }, 'unknown version'],
    ['no epoch', { confirm: null }, 'genesis opens epoch 0'],
    ['no wraps', { wraps: null }, 'opens an epoch where none may open, or none where one must'],
    ['wraps of another epoch', { wraps: ones }, 'wraps of another epoch'],
    ['an entry', { entry: { tag: new Uint8Array(16), wrapped: null } }, 'entry missing or unexpected'],
  ] as const)('is void with %s', async (_, change, reason) => {
    expect(await make(change)).toEqual({ kind: 'void', reason })
  })

  it('belongs to the room whose id its core hashes to', async () => {
    expect(await make({}, ones)).toEqual({ kind: 'void', reason: 'not the genesis of this room' })
  })

  it('is no other operation', async () => {
    const keys = epochKeys(ones, 0, zeroHash, ones)
    const zeros = { previousHead: zeroHash, previousHeadIndex: 0, previousHash: zeroHash }
    const header = {
      version: 1,
      suite: 1,
      i: 0,
      n: 0,
      ...zeros,
      epoch: 0,
      under: 0,
      confirm: keys.confirm,
      links: [],
      wraps: ones,
      entry: null,
    }
    const record = sealControl(
      ones,
      keys,
      ada.signer,
      header,
      { operation: { type: 'rotate' }, at: 0, seq: 0 },
      world.dice.random,
    )
    const decoded = decodeRecord(record)
    if (decoded.kind !== 'control') throw new Error('a control record')
    const keyring = new Keyring()
    keyring.add(keys)
    const place = { i: 0, previousHash: zeroHash, hash: recordHash(record) }
    expect(foldControl(ones, undefined, place, decoded.outer, keyring)).toEqual({
      kind: 'void',
      reason: 'genesis creates the room',
    })
    for (const i of [0, 1]) {
      const locked = foldControl(ones, undefined, { ...place, i }, decoded.outer, new Keyring())
      expect(locked).toEqual({ kind: 'locked', epoch: 0 })
    }
  })
})

describe('the verdict', () => {
  it('is locked, not void, for whatever may stand behind a record that the reader cannot open', async () => {
    const { room } = world
    const behind = new Keyring()
    behind.add(world.keysOf(0))
    await world.rotate(ada)
    await world.topic(bob, 'one')
    await world.topic(bob, 'two')
    await world.rotate(ada)
    let known = room
    const kinds = world.controls.slice(2).map(({ place, outer }) => {
      const verdict = foldControl(world.roomId, known, place, outer, behind)
      if (verdict.kind === 'valid') known = verdict.room
      return verdict.kind
    })
    expect(kinds).toEqual(['valid', 'locked', 'locked', 'locked'])
    expect(hex(headOf(known).hash)).toBe(hex(world.controls[2]?.place.hash as Uint8Array))
  })
})
