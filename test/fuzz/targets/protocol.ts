/** Records and what stands beside them in the store. */
import { equalBytes, type Bytes } from '../../../src/base/bytes.ts'
import { decode, encode, type Value } from '../../../src/base/codec.ts'
import { open, sealWithNonce } from '../../../src/crypto/seal.ts'
import { decodeCard } from '../../../src/protocol/card.ts'
import { contentValue, decodeContent } from '../../../src/protocol/content.ts'
import { foldControl } from '../../../src/protocol/fold.ts'
import { decodeKnock, openKnock } from '../../../src/protocol/knock.ts'
import { openMessages } from '../../../src/protocol/message.ts'
import { decodeNameRecord } from '../../../src/protocol/name-record.ts'
import { openNotice } from '../../../src/protocol/notice.ts'
import { decodeOperation, payloadOf } from '../../../src/protocol/operation.ts'
import { pad, unpad } from '../../../src/protocol/padding.ts'
import { logIndexOf, logKey, numberOf } from '../../../src/protocol/paths.ts'
import {
  decodeRecord,
  encodeControlOuter,
  encodeMessageOuter,
  headerValues,
  recordHash,
} from '../../../src/protocol/record.ts'
import { headOf } from '../../../src/protocol/room.ts'
import { decodeWrapPage, wrapsName } from '../../../src/protocol/wraps.ts'
import { wrap } from '../../../src/crypto/wrap.ts'
import type { Chance } from '../chance.ts'
import { mutateBytes, mutateValue } from '../mutate.ts'
import { demand, sizeOf, type Input, type Target } from '../target.ts'
import type { User } from '../../protocol/room-builder.ts'
import type { Specimens } from './specimens.ts'

const asBytes = (input: Input): Bytes => input as Bytes

/** A decoder of bytes, whose valid outcome says the same bytes again. */
function ofBytes(
  name: string,
  micros: number,
  valid: readonly Uint8Array[],
  read: (bytes: Bytes) => unknown,
  again?: (value: never) => Bytes,
): Target {
  return {
    name,
    micros,
    make: (chance) => mutateBytes(chance, valid),
    read(input) {
      const bytes = asBytes(input)
      const value = read(bytes)
      if (value !== undefined) demand(sizeOf(value) <= 4 * bytes.length + 64, 'more than was read')
      if (again) demand(equalBytes(again(value as never), bytes), 'another encoding of the same')
      return value
    },
  }
}

export function protocolTargets(specimens: Specimens): readonly Target[] {
  const { world, ada, bob, messages, controls, pages, cards, knocks, sealedKnocks, nameRecords, notices } = specimens
  const { roomId, keyring, room } = world
  const everything = [messages, controls, pages, cards, knocks, nameRecords].flat()
  const contents = world.verdicts.flatMap((verdict) =>
    verdict.kind === 'valid' && 'inside' in verdict ? verdict.inside.contents.map(contentValue).map(encode) : [],
  )
  const operations = world.verdicts.flatMap((verdict) =>
    verdict.kind === 'valid' && 'body' in verdict
      ? [encode([verdict.body.operation.type, payloadOf(verdict.body.operation)])]
      : [],
  )
  const logKeys = [0, 1, 255, 2 ** 40, 2 ** 53 - 1].map((i) => logKey(roomId, i))

  return [
    ofBytes('codec', 15, everything, decode, (value: Value) => encode(value)),
    ofBytes(
      'record, outside',
      25,
      [...messages, ...controls],
      decodeRecord,
      (record: ReturnType<typeof decodeRecord>) =>
        record.kind === 'message' ? encodeMessageOuter(record.outer) : encodeControlOuter(record.outer),
    ),
    ofBytes('operation', 15, operations, (bytes) => {
      const value = decode(bytes)
      const [type, payload] = Array.isArray(value) ? (value as readonly Value[]) : []
      return decodeOperation(typeof type === 'string' ? type : '', payload ?? null)
    }),
    ofBytes(
      'content',
      15,
      contents,
      (bytes) => decodeContent(decode(bytes)),
      (content: never) => encode(contentValue(content)),
    ),
    ofBytes('knock', 60, knocks, decodeKnock),
    ofBytes('card', 60, cards, (bytes) => decodeCard(roomId, bytes)),
    ofBytes('wrap page', 30, pages, decodeWrapPage),
    ofBytes('name record', 80, nameRecords, (bytes) => decodeNameRecord(bytes, 'ada')),
    ofBytes(
      'padding',
      5,
      [0, 1, 252, 253, 4000].map((length) => pad(new Uint8Array(length).fill(7))),
      unpad,
      pad,
    ),
    {
      ...ofBytes('key of a log', 5, logKeys, (bytes) => [logIndexOf(bytes), bytes.length >= 8 && numberOf(bytes)]),
      // numberOf says so: RangeError beyond 2^53 − 1.
      refuses: (error) => error instanceof RangeError,
    },
    ofBytes('sealed knock', 400, sealedKnocks, (bytes) =>
      openKnock(roomId, keyring.all(), bytes).then(() => undefined),
    ),
    ofBytes('invitation', 400, notices, (bytes) =>
      openNotice(bob.signer.publicKey, bob.unwrappers, bytes).then(() => undefined),
    ),
    ...selfSigned(),
    messageInside(),
    controlInside(),
    noticeInside(),
  ]

  /** What attackers sign with their own key: checks beyond the signature. */
  function selfSigned(): Target[] {
    const { signer } = bob
    const of = (name: string, label: string, valid: readonly Bytes[], read: (bytes: Bytes) => unknown): Target => ({
      ...ofBytes(`${name}, signed by oneself`, 150, valid, read),
      make(chance) {
        const values = (decode(chance.pick(valid)) as readonly Value[]).slice(0, -1)
        const own = values.map((value) => (isKey(value, ada) || isKey(value, bob) ? signer.publicKey : value))
        const changed = mutateValue(chance, own)
        if (!Array.isArray(changed)) return encode(changed)
        const items = changed as readonly Value[]
        return encode([...items, signer.sign(label, items)])
      },
    })
    return [
      of('knock', 'conclave/1 knock', knocks.slice(-1), decodeKnock),
      of('card', 'conclave/1 card', cards, (bytes) => decodeCard(roomId, bytes)),
      of('name record', 'conclave/v1/name-record', nameRecords, (bytes) => decodeNameRecord(bytes, 'ada')),
    ]
  }

  /** A member's own client can put anything inside, under the right key; half of it rightly signed. */
  function messageInside(): Target {
    const valid = messages.flatMap((bytes, at) => {
      const record = decodeRecord(bytes)
      const i = world.log.indexOf(messages[at] as Bytes)
      if (record.kind !== 'message') return []
      const keys = world.keysOf(record.outer.epoch)
      const padded = open(
        keys.message,
        record.outer.nonce,
        encode([1, 1, roomId, keys.epoch, i]),
        record.outer.ciphertext,
      )
      return padded ? [unpad(padded)] : []
    })
    const { i, previousHash } = world.place()
    const { keys } = world
    const about: readonly Value[] = [1, 1, roomId, keys.epoch, i]
    const nonce = new Uint8Array(12)
    const made = (chance: Chance): Bytes => {
      if (chance.oneIn(2)) return mutateBytes(chance, valid)
      const values = (decode(chance.pick(valid)) as readonly Value[]).slice(0, 8)
      const fitting = [previousHash, ada.signer.publicKey, ...values.slice(2, 5), headOf(room).hash, ...values.slice(6)]
      const changed = mutateValue(chance, fitting) as readonly Value[]
      if (!Array.isArray(changed)) return encode(changed)
      return encode([...changed, ada.signer.sign('conclave/1 message', [...about, ...changed])])
    }
    return {
      name: 'message, inside',
      micros: 200,
      make: made,
      read(input) {
        const padded = pad(asBytes(input))
        const ciphertext = sealWithNonce(keys.message, nonce, encode(about), padded)
        const outer = { version: 1, suite: 1, epoch: keys.epoch, nonce, ciphertext }
        const verdict = openMessages(room, { i, previousHash }, outer, keyring)
        if (verdict.kind === 'valid') {
          const { previousHash: hash, author, device, counter, seq, head, at, contents: said } = verdict.inside
          const inside = [hash, author, device, counter, seq, head, at, said.map(contentValue)]
          demand(
            equalBytes(encode((decode(asBytes(input)) as readonly Value[]).slice(0, 8)), encode(inside)),
            'reads other than it says',
          )
        }
        return verdict
      },
    }
  }

  function controlInside(): Target {
    const { i, previousHash } = world.place()
    const { keys } = world
    const head = headOf(room)
    const nonce = new Uint8Array(12)
    const plain = {
      version: 1,
      suite: 1,
      i,
      n: room.marks.size,
      previousHead: head.hash,
      previousHeadIndex: head.i,
      previousHash,
      epoch: keys.epoch,
      under: keys.epoch,
      confirm: null,
      links: [],
      wraps: null,
      entry: null,
    } as const
    const [knock] = knocks
    const tag = recordHash(knock as Bytes).slice(0, 16)
    const wrapped = { encapsulation: new Uint8Array(1120), ciphertext: new Uint8Array(80) }
    const confirm = tag32(tag)
    const link = { of: confirm, to: keys.epoch, nonce, sealed: new Uint8Array(80) }
    const opened = { epoch: keys.epoch + 1, confirm, links: [link] }
    const wraps = wrapsName({ roomId, ...plain, ...opened }, confirm)
    const shapes = [
      plain,
      { ...plain, ...opened, wraps },
      { ...plain, entry: { tag, wrapped } },
      { ...plain, entry: { tag, wrapped: null } },
      { ...plain, links: [{ ...link, of: keys.confirm, to: keys.epoch - 1 }] },
    ]
    return {
      name: 'control record, inside',
      micros: 200,
      make(chance) {
        const shape = chance.below(shapes.length)
        const header = headerValues(shapes[shape] as (typeof shapes)[number])
        const operation = decode(chance.pick(operations)) as readonly Value[]
        const signer = chance.oneIn(4) ? bob.signer : ada.signer
        const values = [operation[0] as Value, signer.publicKey, operation[1] as Value, 1, 2]
        const changed = chance.oneIn(4) ? values : mutateValue(chance, values)
        if (!Array.isArray(changed)) return encode([shape, encode(changed)])
        const items = changed as readonly Value[]
        const signature = signer.sign('conclave/1 control', [roomId, ...header, ...items])
        const inside = encode([...items, signature])
        return encode([shape, chance.oneIn(3) ? mutateBytes(chance, [inside]) : inside])
      },
      read(input) {
        const [shape, inside] = decode(asBytes(input)) as [number, Bytes]
        const header = shapes[shape % shapes.length] as (typeof shapes)[number]
        if (inside.length > 60_000) return undefined
        const aad = encode([roomId, ...headerValues(header)])
        const outer = { header, nonce, ciphertext: sealWithNonce(keys.body, nonce, aad, pad(inside)) }
        return foldControl(roomId, room, { i, previousHash, hash: previousHash }, outer, keyring).kind
      },
    }
  }

  /** Anyone can wrap anything for a key they know. */
  function noticeInside(): Target {
    const { rootKey, wrapKey } = { rootKey: bob.signer.publicKey, wrapKey: bob.unwrapper.publicKey }
    const values: readonly Value[] = [1, rootKey, roomId, 'demo', 'ada', ada.signer.publicKey, 5]
    return {
      name: 'invitation, inside',
      micros: 4000,
      make(chance) {
        const changed = mutateValue(chance, values)
        if (!Array.isArray(changed) || chance.oneIn(3)) return mutateBytes(chance, [encode(changed)])
        const items = changed as readonly Value[]
        return encode([...items, ada.signer.sign('conclave/1 notice', items)])
      },
      async read(input) {
        const wrapped = await wrap(wrapKey, 'conclave/1 notice', [rootKey], asBytes(input))
        if (wrapped === undefined) throw new Error('not wrapped')
        return openNotice(rootKey, bob.unwrappers, encode([wrapped.encapsulation, wrapped.ciphertext]))
      },
    }
  }
}

function isKey(value: Value, { signer }: User): boolean {
  return value instanceof Uint8Array && equalBytes(value, signer.publicKey)
}

function tag32(tag: Bytes): Bytes {
  return recordHash(tag)
}
