/**
 * The vectors of the room protocol (test/vectors/protocol/): they are what the generator makes today, and the program
 * and the second reader, which share no code, both find in them what they say.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fromHex, hex, type Bytes } from '../../src/base/bytes.ts'
import { decode, encode, FormatError, type Value } from '../../src/base/codec.ts'
import { derive } from '../../src/crypto/derive.ts'
import { hash, zeroHash } from '../../src/crypto/hash.ts'
import { open, seal, sealKey, sealWithNonce } from '../../src/crypto/seal.ts'
import { signerFromSeed, verify } from '../../src/crypto/sign.ts'
import { roomNameFault, skeleton, userNameFault } from '../../src/crypto/skeleton.ts'
import { unwrapperFromSeed } from '../../src/crypto/wrap.ts'
import { decodeCard } from '../../src/protocol/card.ts'
import { epochKeys, openLink } from '../../src/protocol/epoch.ts'
import { decodeKnock, knockId, knockPublicKey, openKnock } from '../../src/protocol/knock.ts'
import { messageId } from '../../src/protocol/message.ts'
import { decodeNameRecord } from '../../src/protocol/name-record.ts'
import { pad, paddedLength, unpad } from '../../src/protocol/padding.ts'
import { decodeRecord, headerValues, recordHash } from '../../src/protocol/record.ts'
import { invitationTag } from '../../src/protocol/rules.ts'
import { decodeWrapPage, unwrapSecret, wrapsName } from '../../src/protocol/wraps.ts'
import * as second from '../../examples/second-reader/format.ts'
import { gather, judge } from '../../examples/second-reader/room.ts'
import { readAll } from '../protocol/reader.ts'
import { jsonOf, valueOf, type EncodingVectors } from './encodings.ts'
import { fileOf, makeVectors, textOf } from './make.ts'
import { outcomeOf, sourceOf, type LogVector, type RuleVectors } from './rules.ts'

const text = (name: string): string => readFileSync(fileOf(name), 'utf8')
const encodings = JSON.parse(text('encodings')) as EncodingVectors
const rules = JSON.parse(text('rules')) as RuleVectors

describe('the committed vectors', () => {
  it('are what test/vectors/make.ts makes', async () => {
    for (const [name, vectors] of Object.entries(await makeVectors())) {
      // Not compared as texts: what differs would be shown as a megabyte.
      expect(JSON.parse(textOf(vectors)), name).toEqual(JSON.parse(text(name)))
      expect(textOf(vectors) === text(name), `${name}.json as it is written`).toBe(true)
    }
  })

  it('have every rule that docs/protocol.md numbers, kept and broken', () => {
    const specification = readFileSync(fileURLToPath(new URL('../../docs/protocol.md', import.meta.url)), 'utf8')
    const [, numbered = ''] = specification.split(/^## 9 /m)
    // P: putting back, which says what clients do and not which records count.
    const inTables = [...numbered.matchAll(/^\| ([A-OQ-Z]\d+) \|/gm)].map(([, rule]) => rule)
    expect(rules.rules.map(({ rule }) => rule).sort()).toEqual(inTables.sort())
    for (const { rule, keeps, breaks } of rules.rules) {
      expect(keeps.length, rule).toBeGreaterThan(0)
      expect(breaks.length, rule).toBeGreaterThan(0)
    }
  })

  it('have every operation and every type of message', () => {
    const { records } = encodings.room
    const operations = new Set(records.flatMap((record) => ('operation' in record ? [record.operation] : [])))
    expect(operations.size).toBe(13)
    const said = records.flatMap((record) =>
      record.kind === 'message' ? (valueOf(record.inside) as Value[][][])[7] : [],
    )
    const types = new Set(said.map((content) => content?.[0]))
    expect([...types].sort()).toEqual(['delete', 'edit', 'emote', 'file', 'poll', 'react', 'reply', 'text'])
  })
})

const scenes = rules.rules.flatMap(({ rule, keeps, breaks }) => [
  ...keeps.map((vector) => ({ name: `${rule} kept: ${vector.what}`, vector })),
  ...breaks.map((vector) => ({ name: `${rule} broken: ${vector.what}`, vector })),
])

describe.each(scenes)('$name', ({ vector }: { vector: LogVector }) => {
  const { what: _what, start: _start, roomId: _id, log: _log, pages: _pages, reader, at, verdict, ...expected } = vector
  const source = sourceOf(rules, vector)

  it('to the program', async () => {
    expect(expected.verdicts[at]).toBe(verdict)
    const unwrappers = await Promise.all(reader.seeds.map((seed) => unwrapperFromSeed(fromHex(seed))))
    expect(outcomeOf(await readAll(source, unwrappers))).toEqual(expected)
  })

  it('to the second reader', async () => {
    const { roomId, log } = source
    const pages = (wraps: Uint8Array) => [...source.pagesOf(wraps as Bytes)]
    const secrets = await gather(roomId, [...log], pages, reader.seeds.map(second.bytes))
    const { verdicts, lines, chain } = judge(roomId, [...log], secrets)
    const head = chain.at(-1)
    const members = [...(head?.room.members.values() ?? [])].sort((a, b) => a.index - b.index)
    expect({
      verdicts,
      head: head ? { n: chain.length - 1, i: head.i, hash: head.hash } : null,
      members: members.map(({ index, name, root, admin }) => ({ index, name, rootKey: root, admin })),
      messages: lines.filter((line) => !('event' in line)),
    }).toEqual(expected)
  })
})

describe('encodings, to the program', () => {
  it('values', () => {
    for (const { value, bytes } of encodings.values) {
      expect(hex(encode(valueOf(value)))).toBe(bytes)
      expect(jsonOf(decode(fromHex(bytes)))).toEqual(value)
    }
    for (const { what, bytes } of encodings.noEncodings) expect(() => decode(fromHex(bytes)), what).toThrow(FormatError)
  })

  it('padding', () => {
    const { lengths, example, refused } = encodings.padding
    for (const { content, padded } of lengths) expect(paddedLength(content)).toBe(padded)
    expect(hex(pad(fromHex(example.content)))).toBe(example.padded)
    expect(hex(unpad(fromHex(example.padded)))).toBe(example.content)
    for (const { what, padded } of refused) expect(() => unpad(fromHex(padded)), what).toThrow(FormatError)
  })

  it('names', () => {
    const { users, rooms, skeletons } = encodings.names
    for (const name of users.allowed) expect(userNameFault(name), name).toBeUndefined()
    for (const name of users.refused) expect(userNameFault(name), name).toBeDefined()
    for (const name of rooms.allowed) expect(roomNameFault(name), name).toBeUndefined()
    for (const name of rooms.refused) expect(roomNameFault(name), name).toBeDefined()
    for (const each of skeletons) expect(skeleton(each.name)).toBe(each.skeleton)
  })

  it('primitives', async () => {
    const { hash: hashed, derivation, signature, sealing, hedgedNonce, wrapping } = encodings.primitives
    const valuesOf = (list: typeof hashed.values) => list.map(valueOf)
    expect(hex(hash(hashed.label, ...valuesOf(hashed.values)))).toBe(hashed.hash)
    expect(hex(derive(fromHex(derivation.secret), derivation.label, ...valuesOf(derivation.values)))).toBe(
      derivation.key,
    )
    const signer = signerFromSeed(fromHex(signature.seed))
    expect(hex(signer.publicKey)).toBe(signature.publicKey)
    expect(hex(signer.sign(signature.label, valuesOf(signature.values)))).toBe(signature.signature)
    expect(verify(signer.publicKey, signature.label, valuesOf(signature.values), fromHex(signature.signature))).toBe(
      true,
    )
    const [key, nonce, aad] = [sealKey(fromHex(sealing.key)), fromHex(sealing.nonce), fromHex(sealing.aad)]
    expect(hex(sealWithNonce(key, nonce, aad, fromHex(sealing.plaintext)))).toBe(sealing.sealed)
    expect(hex(open(key, nonce, aad, fromHex(sealing.sealed)) as Bytes)).toBe(sealing.plaintext)
    const [hedgedKey, fresh] = [sealKey(fromHex(hedgedNonce.key)), fromHex(hedgedNonce.fresh)]
    const hedged = seal(hedgedKey, fromHex(hedgedNonce.aad), fromHex(hedgedNonce.plaintext), () => fresh)
    expect(hex(hedged.nonce)).toBe(hedgedNonce.nonce)
    const own = await unwrapperFromSeed(fromHex(wrapping.seed))
    expect(hex(own.publicKey)).toBe(wrapping.publicKey)
    const wrapped = { encapsulation: fromHex(wrapping.encapsulation), ciphertext: fromHex(wrapping.ciphertext) }
    expect(hex((await own.unwrap(wrapped, wrapping.label, valuesOf(wrapping.context))) as Bytes)).toBe(wrapping.secret)
  })

  it('the keys of an epoch', async () => {
    const { roomId, epochs, knockKey, link } = encodings.epoch
    const all = epochs.map(({ epoch, before, secret }) =>
      epochKeys(fromHex(roomId), epoch, fromHex(before), fromHex(secret)),
    )
    for (const [k, keys] of all.entries()) {
      const { message, body, link: linkKey } = keys
      const secretKeys = { message, body, link: linkKey }
      for (const [use, secretKey] of Object.entries(secretKeys)) {
        expect(secretKey.export().toString('hex'), use).toBe(epochs[k]?.[use as keyof typeof secretKeys])
      }
      expect(hex(keys.confirm)).toBe(epochs[k]?.confirm)
      expect(hex(keys.knockSeed)).toBe(epochs[k]?.knockSeed)
    }
    const [first, later] = all as [(typeof all)[0], (typeof all)[0]]
    expect(hex(await knockPublicKey(later))).toBe(knockKey)
    const sealed = { of: fromHex(link.of), to: link.to, nonce: fromHex(link.nonce), sealed: fromHex(link.sealed) }
    expect(hex(openLink(fromHex(roomId), later, sealed, first)?.secret as Bytes)).toBe(epochs[0]?.secret)
  })

  it('ids', async () => {
    const { message, invitation, wrapPages } = encodings.ids
    const { roomId, firstRootKey, device, counter, id } = message
    expect(hex(messageId(fromHex(roomId), fromHex(firstRootKey), fromHex(device), counter))).toBe(id)
    expect(hex(invitationTag(fromHex(invitation.roomId), fromHex(invitation.rootKey)))).toBe(invitation.tag)
    const { n, epoch, secret, name, pages } = wrapPages
    const context = { roomId: fromHex(wrapPages.roomId), n, previousHead: fromHex(wrapPages.previousHead), epoch }
    expect(hex(wrapsName(context, fromHex(wrapPages.confirm)))).toBe(name)
    const own = await unwrapperFromSeed(fromHex(wrapPages.seed))
    const rows = pages.flatMap(({ bytes }) => [...decodeWrapPage(fromHex(bytes))])
    expect(rows.map(([index]) => index)).toEqual([255, 256])
    for (const [, wrapped] of rows) expect(hex((await unwrapSecret(context, own, wrapped)) as Bytes)).toBe(secret)
  })

  it('records', () => {
    for (const record of encodings.room.records) {
      const bytes = fromHex(record.bytes)
      expect(hex(recordHash(bytes))).toBe(record.hash)
      const decoded = decodeRecord(bytes)
      expect(decoded.kind).toBe(record.kind)
      if (decoded.kind === 'control' && 'outside' in record) {
        expect(jsonOf(headerValues(decoded.outer.header))).toEqual(record.outside)
      }
    }
  })

  it('knock, card and records of names', async () => {
    const { knock, card, nameRecords } = encodings
    const keys = {
      ...epochKeys(fromHex(knock.roomId), knock.epoch, zeroHash, zeroHash),
      knockSeed: fromHex(knock.knockSeed),
    }
    expect(hex((await openKnock(fromHex(knock.roomId), [keys], fromHex(knock.sealed))) as Bytes)).toBe(knock.bytes)
    expect(decodeKnock(fromHex(knock.bytes)).name).toBe('eve')
    expect(hex(knockId(fromHex(knock.bytes)))).toBe(knock.id)
    expect(decodeCard(fromHex(card.roomId), fromHex(card.bytes)).name).toBe('demo')
    for (const { name, generation, bytes } of nameRecords) {
      expect(decodeNameRecord(fromHex(bytes), name).generation).toBe(generation)
    }
  })
})

describe('encodings, to the second reader', () => {
  const { bytes: bytesOf, read, signed } = second
  const must = (value: EncodingVectors['values'][number]['value']) => valueOf(value) as second.Value
  const fits = (shape: string, value: second.Value) => second.attempt(() => read(shape, [value])) !== undefined

  it('values', () => {
    for (const { value, bytes } of encodings.values) {
      expect(second.hex(second.encode(must(value)))).toBe(bytes)
      expect(jsonOf(second.decode(bytesOf(bytes)) as Value)).toEqual(value)
    }
    for (const { what, bytes } of encodings.noEncodings)
      expect(() => second.decode(bytesOf(bytes)), what).toThrow(second.Refused)
  })

  it('padding', () => {
    const { example, refused } = encodings.padding
    expect(second.hex(second.unpad(bytesOf(example.padded)))).toBe(example.content)
    for (const { what, padded } of refused) expect(() => second.unpad(bytesOf(padded)), what).toThrow(second.Refused)
    for (const { content, padded } of encodings.padding.lengths) {
      const whole = Buffer.alloc(padded)
      whole.writeUInt32BE(content)
      expect(second.unpad(whole).length).toBe(content)
    }
  })

  it('names', () => {
    const { users, rooms } = encodings.names
    for (const name of users.allowed) expect(fits('name:name', name), name).toBe(true)
    for (const name of users.refused) expect(fits('name:name', name), name).toBe(false)
    for (const name of rooms.allowed) expect(fits('name:room', name), name).toBe(true)
    for (const name of rooms.refused) expect(fits('name:room', name), name).toBe(false)
  })

  it('primitives', async () => {
    const { hash: hashed, derivation, signature, sealing, wrapping } = encodings.primitives
    expect(second.hash(hashed.label, ...hashed.values.map(must))).toBe(hashed.hash)
    const derived = second.derive(bytesOf(derivation.secret), derivation.label, ...derivation.values.map(must))
    expect(second.hex(derived)).toBe(derivation.key)
    const fields = [...signature.values.map(must), bytesOf(signature.signature)]
    expect(signed(bytesOf(signature.publicKey), signature.label, fields)).toBe(true)
    expect(signed(bytesOf(signature.publicKey), signature.label, [...fields].reverse().slice(1).reverse())).toBe(false)
    const aad = second.decode(bytesOf(sealing.aad))
    const opened = second.open(bytesOf(sealing.key), bytesOf(sealing.nonce), aad, bytesOf(sealing.sealed))
    expect(second.hex(opened as Uint8Array)).toBe(sealing.plaintext)
    const { privateKey, publicKey } = await second.suite.DeriveKeyPair(bytesOf(wrapping.seed), true)
    expect(second.hex(await second.suite.SerializePublicKey(publicKey))).toBe(wrapping.publicKey)
    const info = second.encode([wrapping.label, ...wrapping.context.map(must)])
    const [encapsulation, ciphertext] = [bytesOf(wrapping.encapsulation), bytesOf(wrapping.ciphertext)]
    expect(second.hex(await second.suite.Open(privateKey, encapsulation, ciphertext, { info }))).toBe(wrapping.secret)
  })

  it('the keys of an epoch', () => {
    const { roomId, epochs, link } = encodings.epoch
    const key = (epoch: (typeof epochs)[number] | undefined, use: string) =>
      epoch &&
      second.derive(
        bytesOf(epoch.secret),
        `conclave/1 epoch ${use}`,
        bytesOf(roomId),
        epoch.epoch,
        bytesOf(epoch.before),
      )
    for (const epoch of epochs) {
      for (const use of ['message', 'body', 'link', 'confirm'] as const) {
        expect(second.hex(key(epoch, use) as Uint8Array), use).toBe(epoch[use])
      }
      expect(second.hex(key(epoch, 'knock') as Uint8Array)).toBe(epoch.knockSeed)
    }
    const aad = [bytesOf(roomId), bytesOf(link.of), link.to]
    const seed = second.open(key(epochs[1], 'link') as Uint8Array, bytesOf(link.nonce), aad, bytesOf(link.sealed))
    expect(second.hex(seed as Uint8Array)).toBe(`${epochs[0]?.secret}${epochs[0]?.before}`)
  })

  it('ids and hashes', () => {
    const { message, invitation, wrapPages } = encodings.ids
    const { roomId, firstRootKey, device, counter, id } = message
    const about = [bytesOf(roomId), bytesOf(firstRootKey), bytesOf(device), counter]
    expect(second.hash('conclave/1 message id', ...about).slice(0, 32)).toBe(id)
    const { tag, ...whose } = invitation
    expect(second.hash('conclave/1 invitation', bytesOf(whose.roomId), bytesOf(whose.rootKey)).slice(0, 32)).toBe(tag)
    const { n, epoch, previousHead, confirm, name } = wrapPages
    const named = [bytesOf(wrapPages.roomId), n, bytesOf(previousHead), epoch, bytesOf(confirm)]
    expect(second.hash('conclave/1 wraps', ...named)).toBe(name)
    expect(second.hash('conclave/1 knock id', bytesOf(encodings.knock.bytes))).toBe(encodings.knock.id)
    for (const { bytes, hash: hashed } of encodings.room.records) {
      expect(second.hash('conclave/1 record', bytesOf(bytes))).toBe(hashed)
    }
  })

  it('records: what stands outside, and what is sealed', () => {
    const { roomId, secrets, records } = encodings.room
    for (const record of records) {
      const fields = second.decode(bytesOf(record.bytes)) as second.Value[]
      const isControl = 'outside' in record
      const header = isControl ? fields.slice(1, 14) : [fields[1], fields[2], bytesOf(roomId), fields[3], record.i]
      const epoch = isControl ? (header[8] as number) : (fields[3] as number)
      const { before, secret } = secrets[epoch] as (typeof secrets)[number]
      const use = isControl ? 'body' : 'message'
      const key = second.derive(bytesOf(secret), `conclave/1 epoch ${use}`, bytesOf(roomId), epoch, bytesOf(before))
      const aad = (isControl ? [bytesOf(roomId), ...header] : header) as second.Value
      const [nonce, sealed] = fields.slice(-2) as [Uint8Array, Uint8Array]
      const inside = second.decode(second.unpad(second.open(key, nonce, aad, sealed))) as second.Value[]
      if (isControl) expect(jsonOf(header as Value)).toEqual(record.outside)
      expect(jsonOf(inside.slice(0, -1) as Value)).toEqual(record.inside)
    }
  })

  it('knock, card and records of names', () => {
    const isSigned = (text: string, key: number, label: string) => {
      const fields = second.decode(bytesOf(text)) as second.Value[]
      return signed(fields[key] as Uint8Array, label, fields)
    }
    expect(isSigned(encodings.knock.bytes, 3, 'conclave/1 knock')).toBe(true)
    expect(isSigned(encodings.card.bytes, 7, 'conclave/1 card')).toBe(true)
    for (const { bytes } of encodings.nameRecords) expect(isSigned(bytes, 2, 'conclave/v1/name-record')).toBe(true)
    const [, name, next, , links] = second.decode(bytesOf(encodings.nameRecords[1]?.bytes ?? '')) as second.Value[]
    const [[former, signature]] = links as [[Uint8Array, Uint8Array]]
    expect(signed(former, 'conclave/v1/name-link', [1, name as string, 0, next as Uint8Array, signature])).toBe(true)
  })
})
