/**
 * A virtual machine that is resumed twice from one snapshot draws the same random bytes twice. Two different plaintexts
 * must not share a nonce under one key then: for AES-GCM that would reveal both, and let others forge.
 */
import { describe, expect, it } from 'vitest'
import { hex, utf8, type Bytes } from '../../src/base/bytes.ts'
import { Fields } from '../../src/base/codec.ts'
import { LocalSeal } from '../../src/chat/home/local-seal.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import { argonFloor } from '../../src/crypto/password.ts'
import { nonceBytes } from '../../src/crypto/seal.ts'
import { signerFromSeed } from '../../src/crypto/sign.ts'
import { createVault, resealVault } from '../../src/crypto/vault.ts'
import { sealControl } from '../../src/protocol/control.ts'
import { epochKeys, sealLink } from '../../src/protocol/epoch.ts'
import { sealMessages, type MessageInside } from '../../src/protocol/message.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import { decodeRecord, type ControlHeader } from '../../src/protocol/record.ts'
import { filled, fullBody, smallBody } from './vault-fixture.ts'

/** The same bytes, however often it is asked. */
const repeated = (length: number): Bytes => filled(length, 7)

const roomId = filled(32, 1)
const signer = signerFromSeed(filled(32, 2))
const keys = epochKeys(roomId, 0, zeroHash, filled(32, 3))

const inside: Omit<MessageInside, 'author'> = {
  previousHash: zeroHash,
  device: filled(8, 4),
  counter: 0,
  seq: 0,
  head: zeroHash,
  at: 0,
  contents: [{ type: 'text', text: 'yes' }],
}
const header: ControlHeader = {
  version: 1,
  suite: 1,
  i: 1,
  n: 1,
  previousHead: zeroHash,
  previousHeadIndex: 0,
  previousHash: zeroHash,
  epoch: 0,
  under: 0,
  confirm: null,
  links: [],
  wraps: null,
  entry: null,
}

const recordNonce = (bytes: Bytes): string => hex(decodeRecord(bytes).outer.nonce)
const message = (i: number, change: Partial<typeof inside> = {}): Bytes =>
  sealMessages(roomId, i, keys, signer, { ...inside, ...change }, repeated)
const control = (operation: Operation, change: Partial<ControlHeader> = {}): Bytes =>
  sealControl(roomId, keys, signer, { ...header, ...change }, { operation, at: 0, seq: 0 }, repeated)

describe('with a random generator that repeats itself', () => {
  it('messages share no nonce unless they are equal byte for byte', () => {
    const nonces = [
      message(1),
      message(1, { contents: [{ type: 'text', text: 'no!' }] }),
      message(1, { counter: 1 }),
      message(2),
    ].map(recordNonce)
    expect(new Set(nonces).size).toBe(4)
    expect(hex(message(1))).toBe(hex(message(1)))
  })

  it('control records share none either', () => {
    const [here, there] = [
      { type: 'topic', topic: 'here' },
      { type: 'topic', topic: 'there' },
    ] as const
    const nonces = [control(here), control(there), control(here, { i: 2 })].map(recordNonce)
    expect(new Set(nonces).size).toBe(3)
  })

  it('nor do links under one key', () => {
    const [one, other] = [9, 10].map((byte) => epochKeys(roomId, 0, zeroHash, filled(32, byte)))
    const next = epochKeys(roomId, 1, zeroHash, filled(32, 11))
    const nonces = [one, other].map((to) => hex(sealLink(roomId, next, to as typeof next, repeated).nonce))
    expect(nonces[0]).not.toBe(nonces[1])
  })

  it('nor what a home keeps, whether what is sealed differs or its place', () => {
    const seal = new LocalSeal([filled(32, 5)], repeated)
    const nonces = [
      seal.seal(utf8('here'), utf8('yes')),
      seal.seal(utf8('here'), utf8('no!')),
      seal.seal(utf8('there'), utf8('yes')),
    ].map((sealed) => hex(sealed.subarray(0, nonceBytes)))
    expect(new Set(nonces).size).toBe(3)
  })

  it('nor two states of a vault, nor its two sealed keys', async () => {
    const request = { name: 'ada', body: smallBody(), password: 'pencil river', argon: argonFloor } as const
    const recoveryCode = filled(16, 6)
    const { local, store, dataKey } = await createVault({ ...request, protection: 'chosen', recoveryCode }, repeated)
    const changed = resealVault(local, dataKey, fullBody(), { random: repeated }) as Bytes
    const fieldOf = (vault: Bytes, skip: number): string => {
      const fields = Fields.decode(vault, 8)
      for (let k = 0; k < skip; k += 1) fields.next()
      return hex((fields.next() as Bytes).subarray(0, nonceBytes))
    }
    const [sealedKey, sealedBody] = [6, 7]
    expect(new Set([local, store, changed].map((vault) => fieldOf(vault, sealedBody))).size).toBe(3)
    expect(fieldOf(local, sealedKey)).not.toBe(fieldOf(store, sealedKey))
  })
})
