/** What each thing is as bytes: values, padding, names, primitives, keys of an epoch, and a record of every kind. */
import { hex, type Bytes } from '../../src/base/bytes.ts'
import { encode, type Value } from '../../src/base/codec.ts'
import { derive } from '../../src/crypto/derive.ts'
import { hash, zeroHash } from '../../src/crypto/hash.ts'
import { seal, sealKey, sealWithNonce } from '../../src/crypto/seal.ts'
import { signerFromSeed } from '../../src/crypto/sign.ts'
import { roomNameFault, skeleton, userNameFault } from '../../src/crypto/skeleton.ts'
import { unwrapperFromSeed, wrap, type Wrapped } from '../../src/crypto/wrap.ts'
import { signCard } from '../../src/protocol/card.ts'
import { contentValue, type Content } from '../../src/protocol/content.ts'
import { openControl } from '../../src/protocol/control.ts'
import { epochKeys, sealLink, type EpochKeys } from '../../src/protocol/epoch.ts'
import { knockId, knockPublicKey, sealKnock } from '../../src/protocol/knock.ts'
import { messageId, openMessages } from '../../src/protocol/message.ts'
import { createNameRecord, decodeNameRecord, renewNameRecord } from '../../src/protocol/name-record.ts'
import { payloadOf } from '../../src/protocol/operation.ts'
import { pad, paddedLength } from '../../src/protocol/padding.ts'
import { decodeRecord, headerValues, recordHash } from '../../src/protocol/record.ts'
import { headOf } from '../../src/protocol/room.ts'
import { invitationTag } from '../../src/protocol/rules.ts'
import { makeWrapPages } from '../../src/protocol/wraps.ts'
import { personOf, seedOf, Stage } from './stage.ts'

/** A value as JSON: byte strings are {"hex": …}. */
export type Json = number | string | boolean | null | { readonly hex: string } | readonly Json[]

export function jsonOf(value: Value): Json {
  if (value instanceof Uint8Array) return { hex: hex(value) }
  return Array.isArray(value) ? (value as readonly Value[]).map(jsonOf) : (value as Json)
}

export function valueOf(json: Json): Value {
  if (Array.isArray(json)) return (json as readonly Json[]).map(valueOf)
  return json !== null && typeof json === 'object'
    ? new Uint8Array(Buffer.from((json as { hex: string }).hex, 'hex'))
    : json
}

const deep = (depth: number): Value => (depth === 0 ? [] : [deep(depth - 1)])
const values: readonly Value[] = [
  0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, -1, -24, -25, -256, -257, -Number.MAX_SAFE_INTEGER,
  '', 'tea', 'é👍', '\ufeffwith a mark', 'x'.repeat(24), true, false, null, new Uint8Array(0), seedOf('bytes'), new Uint8Array(256),
  [], [1, [2, 'three', null]], deep(16),
] // prettier-ignore

const noEncodings: readonly (readonly [what: string, hex: string])[] = [
  ['nothing', ''],
  ['a byte behind it', '0000'],
  ['cut short', '1900'],
  ['23 in two bytes', '1817'],
  ['255 in three bytes', '1900ff'],
  ['2^53', '1b0020000000000000'],
  ['-2^53', '3b001fffffffffffff'],
  ['an integer of indefinite length', '1f'],
  ['bytes of indefinite length', '5f4100ff'],
  ['a text of indefinite length', '7f6161ff'],
  ['an array of indefinite length', '9f01ff'],
  ['a map', 'a10102'],
  ['a tag', 'c100'],
  ['undefined', 'f7'],
  ['another simple value', 'e0'],
  ['a float that is an integer', 'f93c00'],
  ['a float', 'fb3ff8000000000000'],
  ['not a number', 'f97e00'],
  ['a simple value in two bytes', 'f820'],
  ['a break alone', 'ff'],
  ['a reserved length', '1c'],
  ['-1 in two bytes', '3800'],
  ['a length in two bytes that fits one', '580100'],
  ['an array whose length is in two bytes', '980100'],
  ['a text longer than its bytes', '6261'],
  ['a large integer as a tag', 'c249010000000000000000'],
  ['a text that is no UTF-8', '61ff'],
  ['half of a surrogate pair', '63eda080'],
  ['a longer UTF-8 than need be', '62c080'],
  ['an array that claims more than there is', '9affffffff'],
  ['17 arrays that hold something', `${'81'.repeat(17)}00`],
]

const userNames = ['ada', 'Ada', 'a_b', '_a', 'x-1', '42', 'a'.repeat(32), 'moderate']
const noUserNames = [
  '',
  'a',
  '-ada',
  'a b',
  'ä1',
  'a.b',
  '--',
  '__',
  'a'.repeat(33),
  'admin',
  'Adm1n',
  'adrnin',
  'SYSTEM',
  '5ystem',
  'n0body',
  'here',
  'everyone',
  'ada\n',
]
const roomNames = ['demo', 'admin', 'a'.repeat(64), '_1']
const noRoomNames = ['', 'd', '-demo', 'de mo', '_-', 'a'.repeat(65)]

const contents: readonly Content[] = [
  { type: 'text', text: 'Hello, Böb! 👋' },
  { type: 'text', text: '\ufeff\u0000\u001b[2J' },
  { type: 'emote', text: 'waves' },
  { type: 'reply', to: seedOf('id').slice(0, 16), text: 'yes' },
  { type: 'edit', to: seedOf('id').slice(0, 16), text: 'no' },
  { type: 'delete', to: seedOf('id').slice(0, 16) },
  { type: 'react', to: seedOf('id').slice(0, 16), emoji: '🦦', on: true },
  { type: 'react', to: seedOf('id').slice(0, 16), emoji: '🦦', on: false },
  {
    type: 'file',
    name: 'otter.png',
    mediaType: 'image/png',
    size: 123_456,
    digest: seedOf('digest'),
    key: seedOf('key'),
  },
  { type: 'unknown', name: 'poll', value: ['poll', ['tea', 'coffee'], null, -1, seedOf('poll')] },
]

export type EncodingVectors = Awaited<ReturnType<typeof encodingVectors>>

export async function encodingVectors() {
  return {
    values: values.map((value) => ({ value: jsonOf(value), bytes: hex(encode(value)) })),
    noEncodings: noEncodings.map(([what, bytes]) => ({ what, bytes })),
    padding: paddings(),
    names: names(),
    primitives: await primitives(),
    people: await people(),
    epoch: await anEpoch(),
    ids: await ids(),
    ...(await everything()),
    ...(await beside()),
  }
}

function paddings() {
  const lengths = [0, 1, 252, 253, 380, 381, 508, 509, 764, 765, 1020, 1021, 1276, 1277, 3121, 3122, 16_384, 65_000]
  const content = seedOf('content')
  const whole = pad(content)
  const change = (at: number, byte: number) => hex(whole.map((was, k) => (k === at ? byte : was)))
  return {
    lengths: lengths.map((length) => ({ content: length, padded: paddedLength(length) })),
    example: { content: hex(content), padded: hex(whole) },
    refused: [
      { what: 'a rung too large', padded: `${hex(whole)}${'00'.repeat(128)}` },
      { what: 'something behind the content', padded: change(255, 1) },
      { what: 'a content as long as it would need the next rung', padded: change(3, 253) },
      { what: 'a content longer than all', padded: change(0, 255) },
      { what: 'no rung', padded: '0000000100' },
      { what: 'less than a length', padded: '0000' },
    ],
  }
}

function names() {
  const expected = (list: readonly string[], fault: (name: string) => string | undefined, allowed: boolean) => {
    for (const name of list) if ((fault(name) === undefined) !== allowed) throw new Error(`the name ${name}`)
    return list
  }
  return {
    users: { allowed: expected(userNames, userNameFault, true), refused: expected(noUserNames, userNameFault, false) },
    rooms: { allowed: expected(roomNames, roomNameFault, true), refused: expected(noRoomNames, roomNameFault, false) },
    skeletons: ['ada', 'Ada', 'Wim_25', 'l1I0O', 'a__-_b', 'mm', 'rn'].map((name) => ({
      name,
      skeleton: skeleton(name),
    })),
  }
}

async function primitives() {
  const signer = signerFromSeed(seedOf('signer'))
  const own = await unwrapperFromSeed(seedOf('wrap key'))
  const context = ['room', 3, null, seedOf('context')] as const
  const secret = seedOf('secret')
  const wrapped = (await wrap(own.publicKey, 'conclave/1 wrap', context, secret)) as Wrapped
  const nonce = seedOf('nonce').slice(0, 12)
  const aad = encode([1, 1, seedOf('room'), 0, 7])
  const inputs = { label: 'conclave/1 record', values: context.map(jsonOf) }
  return {
    hash: { ...inputs, hash: hex(hash('conclave/1 record', ...context)) },
    derivation: { secret: hex(secret), ...inputs, key: hex(derive(secret, 'conclave/1 record', ...context)) },
    signature: {
      seed: hex(seedOf('signer')),
      publicKey: hex(signer.publicKey),
      ...inputs,
      signature: hex(signer.sign('conclave/1 record', context)),
    },
    sealing: {
      key: hex(secret),
      nonce: hex(nonce),
      aad: hex(aad),
      plaintext: hex(seedOf('plaintext')),
      sealed: hex(sealWithNonce(sealKey(secret), nonce, aad, seedOf('plaintext'))),
    },
    hedgedNonce: {
      key: hex(secret),
      fresh: hex(nonce),
      aad: hex(aad),
      plaintext: hex(seedOf('plaintext')),
      nonce: hex(seal(sealKey(secret), aad, seedOf('plaintext'), () => nonce).nonce),
    },
    wrapping: {
      seed: hex(seedOf('wrap key')),
      publicKey: hex(own.publicKey),
      label: 'conclave/1 wrap',
      context: context.map(jsonOf),
      secret: hex(secret),
      encapsulation: hex(wrapped.encapsulation),
      ciphertext: hex(wrapped.ciphertext),
    },
  }
}

async function people() {
  const all = await Promise.all(['ada', 'bob', 'cyd', 'dan', 'eve'].map(personOf))
  return all.map(({ name, signer, wrapSeeds, unwrapper }) => ({
    name,
    rootSeed: hex(seedOf(name, 'root')),
    rootKey: hex(signer.publicKey),
    wrapSeed: hex(wrapSeeds[0] as Bytes),
    wrapKey: hex(unwrapper.publicKey),
  }))
}

const secretKey = (keys: EpochKeys, use: 'message' | 'body' | 'link') => hex(new Uint8Array(keys[use].export()))

async function anEpoch() {
  const roomId = seedOf('room')
  const first = epochKeys(roomId, 0, zeroHash, seedOf('first secret'))
  const keys = epochKeys(roomId, 1, seedOf('before'), seedOf('secret'))
  const link = sealLink(roomId, keys, first, (length) => seedOf('link').slice(0, length))
  return {
    roomId: hex(roomId),
    epochs: [first, keys].map((each) => ({
      epoch: each.epoch,
      before: hex(each.before),
      secret: hex(each.secret),
      message: secretKey(each, 'message'),
      body: secretKey(each, 'body'),
      link: secretKey(each, 'link'),
      confirm: hex(each.confirm),
      knockSeed: hex(each.knockSeed),
    })),
    knockKey: hex(await knockPublicKey(keys)),
    link: { of: hex(link.of), to: link.to, nonce: hex(link.nonce), sealed: hex(link.sealed) },
  }
}

async function ids() {
  const stage = await Stage.group()
  const [roomId, ada] = [stage.roomId, stage.people.ada]
  const device = seedOf('device').slice(0, 8)
  const context = { roomId, n: 1, previousHead: seedOf('before'), epoch: 1 }
  // Two pages: the second begins with index 256.
  const targets = [255, 256].map((index) => ({ index, wrapKey: ada.unwrapper.publicKey }))
  const { name, pages } = await makeWrapPages(context, targets, {
    secret: seedOf('secret'),
    confirm: seedOf('confirm'),
  })
  return {
    message: {
      roomId: hex(roomId),
      firstRootKey: hex(ada.signer.publicKey),
      device: hex(device),
      counter: 7,
      id: hex(messageId(roomId, ada.signer.publicKey, device, 7)),
    },
    invitation: {
      roomId: hex(roomId),
      rootKey: hex(ada.signer.publicKey),
      tag: hex(invitationTag(roomId, ada.signer.publicKey)),
    },
    wrapPages: {
      roomId: hex(roomId),
      n: 1,
      previousHead: hex(context.previousHead),
      epoch: 1,
      secret: hex(seedOf('secret')),
      confirm: hex(seedOf('confirm')),
      seed: hex(ada.wrapSeeds[0] as Bytes),
      name: hex(name),
      pages: pages.map(({ page, bytes }) => ({ page, bytes: hex(bytes) })),
    },
  }
}

/** One room in which every operation happens, and every type of message is sent. */
async function everything() {
  const stage = await Stage.group()
  const { ada, bob, cyd, dan, eve } = stage.people
  stage.post(cyd, ...contents)
  await stage.promote(ada, bob)
  await stage.demote(ada, bob)
  await stage.policy(ada, 'members', false)
  await stage.topic(bob, 'tea')
  await stage.invite(bob, eve)
  await stage.enter(eve)
  await stage.reject(cyd, stage.knock(dan), dan)
  await stage.rotate(ada)
  await stage.repair(bob, 1)
  await stage.rekey(cyd)
  await stage.kick(ada, eve)
  await stage.leave(bob)
  stage.say(cyd, 'the end')
  const records = stage.log.map((bytes, i) => {
    const record = decodeRecord(bytes)
    const common = { i, hash: hex(recordHash(bytes)), bytes: hex(bytes) }
    if (record.kind === 'control') {
      const { header } = record.outer
      const { operation, author, at, seq } = openControl(stage.roomId, stage.keysOf(header.under), record.outer)
      const inside = [operation.type, author, payloadOf(operation), at, seq]
      return {
        ...common,
        kind: 'control',
        operation: operation.type,
        outside: jsonOf(headerValues(header)),
        inside: jsonOf(inside),
      }
    }
    const previousHash = recordHash(stage.log[i - 1] as Bytes)
    const verdict = openMessages(stage.room, { i, previousHash }, record.outer, stage.keyring)
    if (verdict.kind !== 'valid') throw new Error('every record is valid here')
    const { author, device, counter, seq, head, at } = verdict.inside
    const said = verdict.inside.contents.map(contentValue)
    return { ...common, kind: 'message', inside: jsonOf([previousHash, author, device, counter, seq, head, at, said]) }
  })
  const secrets = [...stage.room.openings].map((opening, epoch) => ({
    epoch,
    before: hex(opening?.before ?? zeroHash),
    secret: hex(stage.keysOf(epoch).secret),
  }))
  return { room: { roomId: hex(stage.roomId), secrets, records } }
}

/** What lies beside the log: knocks, the card, records of names. */
async function beside() {
  const stage = await Stage.group()
  const { ada, eve } = stage.people
  const knock = stage.knock(eve)
  const { roomId, keys } = stage
  const card = {
    roomId,
    name: 'demo',
    n: 2,
    epoch: 0,
    head: headOf(stage.room).hash,
    knockKey: await knockPublicKey(keys),
  }
  const [root, next] = [ada.signer, signerFromSeed(seedOf('ada', 'second root'))]
  const first = createNameRecord('Ada', root, ada.unwrapper.publicKey)
  const renewed = renewNameRecord(decodeNameRecord(first, 'ada'), root, next, eve.unwrapper.publicKey)
  return {
    knock: {
      roomId: hex(roomId),
      epoch: 0,
      knockSeed: hex(keys.knockSeed),
      bytes: hex(knock),
      id: hex(knockId(knock)),
      sealed: hex((await sealKnock(roomId, 0, card.knockKey, knock)) as Bytes),
    },
    card: { roomId: hex(roomId), bytes: hex(signCard(ada.signer, card)) },
    nameRecords: [first, renewed].map((bytes, generation) => ({ name: 'Ada', generation, bytes: hex(bytes) })),
  }
}
