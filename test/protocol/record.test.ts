/** Every record has one encoding: what decodes encodes back to the same bytes, and anything else is refused. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { decode, encode, FormatError, type Value } from '../../src/base/codec.ts'
import {
  decodeRecord,
  encodeControlOuter,
  encodeMessageOuter,
  headerValues,
  recordHash,
} from '../../src/protocol/record.ts'
import { RoomBuilder } from './room-builder.ts'

let world: RoomBuilder
beforeAll(async () => {
  world = new RoomBuilder('record')
  const [ada, bob] = [await world.user('ada'), await world.user('bob')]
  await world.create(ada)
  await world.join(ada, bob)
  world.say(bob, 'hello')
  await world.rotate(ada)
})
const items = (i: number) => [...(decode(world.log[i] as Bytes) as Value[])]
/** The record with one field replaced. */
const altered = (i: number, at: number, value: Value) => {
  const values = items(i)
  values[at] = value
  return encode(values)
}
const refused = (bytes: Bytes) => expect(() => decodeRecord(bytes)).toThrow(FormatError)

describe('a record', () => {
  it('encodes back to its own bytes', () => {
    for (const bytes of world.log) {
      const record = decodeRecord(bytes)
      const again = record.kind === 'message' ? encodeMessageOuter(record.outer) : encodeControlOuter(record.outer)
      expect(again).toEqual(bytes)
    }
    expect(world.log.map((bytes) => decodeRecord(bytes).kind)).toEqual(['control', 'control', 'message', 'control'])
  })

  it('has a hash over all of its bytes', () => {
    const bytes = world.log[2] as Bytes
    expect(recordHash(bytes)).not.toEqual(
      recordHash(bytes.map((byte, k) => (k === bytes.length - 1 ? byte ^ 1 : byte))),
    )
  })

  it('is nothing else: empty, cut short, longer, of another kind, too long', () => {
    for (const bytes of world.log) {
      refused(bytes.slice(0, -1))
      refused(new Uint8Array([...bytes, 0]))
    }
    for (const bytes of [new Uint8Array(0), new Uint8Array([0x86]), encode(null), encode([]), encode('x')])
      refused(bytes)
    for (const i of [0, 1, 2, 3])
      for (const kind of [0, 1, 2, 3]) if (kind !== items(i)[0]) refused(altered(i, 0, kind))
    refused(altered(2, 5, new Uint8Array(65_537)))
    refused(new Uint8Array(65_537))
  })

  it('of messages has fields of these kinds', () => {
    for (const at of [1, 2, 3]) for (const value of [-1, '1', null, true] as const) refused(altered(2, at, value))
    for (const value of [new Uint8Array(11), new Uint8Array(13), 'x'.repeat(12), null]) refused(altered(2, 4, value))
    refused(altered(2, 5, 'x'))
    refused(encode([...items(2), 0]))
    refused(encode(items(2).slice(0, 5)))
  })

  it('of control has fields of these kinds', () => {
    const numbers = [1, 2, 3, 4, 6, 8, 9]
    for (const at of numbers) for (const value of [-1, '1', null, true] as const) refused(altered(3, at, value))
    for (const at of [5, 7])
      for (const value of [new Uint8Array(31), null, 'x'] as const) refused(altered(3, at, value))
    for (const at of [10, 12]) for (const value of [new Uint8Array(31), 0, 'x'] as const) refused(altered(3, at, value))
    const [link] = items(3)[11] as readonly Value[]
    const fields = link as readonly Value[]
    for (const links of [
      null,
      0,
      [[]],
      [link, link, link],
      [fields.slice(1)],
      [[...fields, 0]],
      [fields.with(2, new Uint8Array(11))],
      [fields.with(3, new Uint8Array(47))],
      [fields.with(0, -1)],
    ] as Value[]) {
      refused(altered(3, 11, links))
    }
    const entry = items(1)[13] as readonly Value[]
    const wrapped = entry[1] as readonly Value[]
    for (const value of [
      0,
      [],
      entry.slice(1),
      [...entry, 0],
      entry.with(0, new Uint8Array(15)),
      entry.with(1, []),
      entry.with(1, wrapped.with(0, new Uint8Array(1119))),
      entry.with(1, wrapped.with(1, new Uint8Array(47))),
    ] as Value[]) {
      refused(altered(1, 13, value))
    }
    refused(altered(3, 14, new Uint8Array(11)))
    refused(altered(3, 15, null))
  })

  it('has one form of each number', () => {
    // 0x18 0x01 says 1 in two bytes; RFC 8949 §4.2.1 wants one.
    const bytes = world.log[2] as Bytes
    refused(new Uint8Array([bytes[0] as number, 0x18, 0x01, ...bytes.subarray(2)]))
    refused(new Uint8Array([0x9f, ...bytes.subarray(1), 0xff]))
    refused(new Uint8Array([0xc1, ...bytes]))
    expect(headerValues).toBeTypeOf('function')
  })
})
