import { describe, expect, it } from 'vitest'
import { decode, encode, FormatError, type Value } from '../../src/base/codec.ts'
import { decodeOperation, hasEntry, opensEpoch, payloadOf, type OperationType } from '../../src/protocol/operation.ts'

const key = new Uint8Array(32).fill(1)
const wrapKey = new Uint8Array(1216).fill(2)
const signature = new Uint8Array(64).fill(3)

/** One right payload each. */
const payloads: Record<OperationType, readonly Value[]> = {
  create: ['ada', wrapKey, ['group', 'members', true, 30], key, 'demo'],
  accept: [new Uint8Array(1500)],
  reject: [key, key, 'eve'],
  invite: [key, wrapKey, 'eve'],
  kick: [key],
  leave: [],
  rotate: [],
  rekey: [key, wrapKey, signature],
  promote: [key],
  demote: [key],
  policy: ['admins', false, 7, 1],
  topic: ['tea'],
  repair: [3],
}
const all = Object.entries(payloads) as [OperationType, readonly Value[]][]

describe('an operation', () => {
  it.each(all)('%s comes back as it was', (type, payload) => {
    const operation = decodeOperation(type, decode(encode(payload)))
    expect(operation.type).toBe(type)
    expect(payloadOf(operation)).toEqual(payload)
  })

  it.each(all)('%s takes no field more or less, and each of its own kind', (type, payload) => {
    const refused = (value: Value) => expect(() => decodeOperation(type, value)).toThrow(FormatError)
    refused([...payload, null])
    refused(null)
    if (payload.length > 0) refused(payload.slice(1))
    for (const at of payload.keys()) {
      refused(payload.with(at, null))
      refused(payload.with(at, -1))
      const field = payload[at]
      if (field instanceof Uint8Array && type !== 'accept')
        for (const n of [-1, 1]) refused(payload.with(at, new Uint8Array(field.length + n)))
    }
  })

  it('has bounds', () => {
    const refused = (type: string, value: Value) => expect(() => decodeOperation(type, value)).toThrow(FormatError)
    refused('accept', [new Uint8Array(4097)])
    refused('topic', ['x'.repeat(513)])
    refused('policy', ['nobody', false, 1])
    refused('create', payloads.create.with(2, ['triple', 'members', true]))
    refused('create', payloads.create.with(2, ['group', 'members']))
    for (const name of ['admin', 'SYSTEM', 'x', '', '-a', 'a.b', 'ä', 'x'.repeat(33)]) {
      refused('create', payloads.create.with(0, name))
      refused('invite', payloads.invite.with(2, name))
      refused('reject', payloads.reject.with(2, name))
    }
    for (const name of ['x', 'x'.repeat(65), '-a', 'a b', '__']) refused('create', payloads.create.with(4, name))
  })

  it('of an unknown name is refused, whatever objects inherit', () => {
    for (const type of ['', 'Kick', 'kick ', 'toString', '__proto__', 'constructor', 'hasOwnProperty']) {
      expect(() => decodeOperation(type, [])).toThrow('unknown operation')
    }
  })

  it('opens an epoch, or has an entry, or neither', () => {
    const types = all.map(([type]) => type)
    expect(types.filter(opensEpoch)).toEqual(['create', 'kick', 'rotate', 'rekey'])
    expect(types.filter(hasEntry)).toEqual(['accept', 'reject', 'invite'])
  })
})
