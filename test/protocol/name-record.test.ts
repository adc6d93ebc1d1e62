import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { decode, encode, FormatError, type Value } from '../../src/base/codec.ts'
import { nameRecordBytesMax } from '../../src/base/limits.ts'
import { signerFromSeed, type Signer } from '../../src/crypto/sign.ts'
import { unwrapperFromSeed } from '../../src/crypto/wrap.ts'
import {
  createNameRecord,
  decodeNameRecord,
  descendsFrom,
  firstRootKey,
  renewNameRecord,
  succeeds,
  type NameRecord,
} from '../../src/protocol/name-record.ts'

const root = (marker: number): Signer => signerFromSeed(new Uint8Array(32).fill(marker))
const [ada, adaNext, adaLast, eve] = [root(1), root(2), root(3), root(66)]
let wrapKey: Bytes
let otherWrapKey: Bytes
beforeAll(async () => {
  wrapKey = (await unwrapperFromSeed(new Uint8Array(32).fill(7))).publicKey
  otherWrapKey = (await unwrapperFromSeed(new Uint8Array(32).fill(8))).publicKey
})

const opened = (bytes: Bytes): NameRecord => decodeNameRecord(bytes, 'Ada')
const refused = (bytes: Uint8Array, name = 'Ada'): void => {
  expect(() => decodeNameRecord(bytes, name)).toThrow(FormatError)
}

describe('a name record', () => {
  it('binds a name to its keys', () => {
    expect(opened(createNameRecord('Ada', ada, wrapKey))).toEqual({
      name: 'Ada',
      generation: 0,
      rootKey: ada.publicKey,
      wrapKey,
      links: [],
    })
  })

  it('stands for look-alikes of its name, and for no other name', () => {
    const bytes = createNameRecord('Ada', ada, wrapKey)
    expect(decodeNameRecord(bytes, 'aDA').name).toBe('Ada')
    refused(bytes, 'bob')
  })

  it('is made for allowed names only', () => {
    expect(() => createNameRecord('admin', ada, wrapKey)).toThrow(expect.objectContaining({ code: 'usage' }))
    const values = [1, 'admin', ada.publicKey, wrapKey, []]
    const forged = encode([...values, ada.sign('conclave/v1/name-record', values)])
    refused(forged, 'admin')
  })

  it('opens with no bit changed', () => {
    const bytes = renewNameRecord(opened(createNameRecord('Ada', ada, wrapKey)), ada, adaNext, otherWrapKey)
    for (let at = 0; at < bytes.length; at += 1) {
      const copy = bytes.slice()
      copy[at] = (copy[at] as number) ^ (1 << (at % 8))
      refused(copy)
      refused(bytes.subarray(0, at))
    }
  })

  it('signed by another key than its own does not open', () => {
    const values = decode(createNameRecord('Ada', ada, wrapKey)) as Value[]
    const forged = encode(values.with(5, eve.sign('conclave/v1/name-record', values.slice(0, 5))))
    refused(forged)
  })
})

describe('a renewed name record', () => {
  it('leads from every key that the name had to the one it has', () => {
    const first = opened(createNameRecord('Ada', ada, wrapKey))
    const second = opened(renewNameRecord(first, ada, adaNext, otherWrapKey))
    const third = opened(renewNameRecord(second, adaNext, adaLast, wrapKey))
    expect(third).toMatchObject({ generation: 2, rootKey: adaLast.publicKey, wrapKey })
    for (const key of [ada, adaNext, adaLast]) expect(descendsFrom(third, key.publicKey)).toBe(true)
    expect(descendsFrom(third, eve.publicKey)).toBe(false)
    expect(firstRootKey(third)).toEqual(ada.publicKey)
    expect(succeeds(third, first) && succeeds(third, second) && succeeds(second, first)).toBe(true)
    expect(succeeds(first, third) || succeeds(third, third)).toBe(false)
  })

  it('may keep its root key and change the wrap key alone', () => {
    const first = opened(createNameRecord('Ada', ada, wrapKey))
    const second = opened(renewNameRecord(first, ada, ada, otherWrapKey))
    expect(second).toMatchObject({ generation: 1, wrapKey: otherWrapKey, rootKey: ada.publicKey })
    expect(succeeds(second, first)).toBe(true)
  })

  it("can't be made without the previous key", () => {
    const first = opened(createNameRecord('Ada', ada, wrapKey))
    expect(() => renewNameRecord(first, eve, eve, wrapKey)).toThrow(RangeError)
    const signature = eve.sign('conclave/v1/name-link', [1, 'Ada', 0, eve.publicKey])
    const values = [1, 'Ada', eve.publicKey, wrapKey, [[ada.publicKey, signature]]]
    refused(encode([...values, eve.sign('conclave/v1/name-record', values)]))
  })

  it('of another beginning does not take its place', () => {
    const honest = opened(createNameRecord('Ada', ada, wrapKey))
    const stranger = opened(createNameRecord('Ada', eve, wrapKey))
    expect(succeeds(opened(renewNameRecord(stranger, eve, adaNext, wrapKey)), honest)).toBe(false)
  })

  it('takes no link from another place in the line', () => {
    const first = opened(createNameRecord('Ada', ada, wrapKey))
    const second = opened(renewNameRecord(first, ada, ada, wrapKey))
    const link = second.links[0]!
    const links = [link, link].map(({ rootKey, signature }) => [rootKey, signature])
    const values = [1, 'Ada', ada.publicKey, wrapKey, links]
    refused(encode([...values, ada.sign('conclave/v1/name-record', values)]))
  })

  it('stays within its bound after as many changes as are allowed', () => {
    let record = opened(createNameRecord('Ada', ada, wrapKey))
    let bytes: Bytes = new Uint8Array(0)
    for (let k = 0; k < 256; k += 1) {
      bytes = renewNameRecord(record, ada, ada, wrapKey)
      // Read without the checks of every link before, which are made once, below.
      const links = ((decode(bytes) as Value[])[4] as [Bytes, Bytes][]).map(([rootKey, signature]) => ({
        rootKey,
        signature,
      }))
      record = { ...record, generation: k + 1, links }
    }
    expect(opened(bytes)).toEqual(record)
    expect(bytes.length).toBeLessThanOrEqual(nameRecordBytesMax)
    expect(() => renewNameRecord(record, ada, ada, wrapKey)).toThrow(RangeError)
  })
})
