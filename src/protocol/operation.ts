/** The operations that change a room, and their payloads: positional, one encoding each. */
import { Fields, FormatError, type Value } from '../base/codec.ts'
import { knockBytesMax, roomNameCharsMax, topicBytesMax, userNameCharsMax } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { hashBytes } from '../crypto/hash.ts'
import { publicKeyBytes, signatureBytes } from '../crypto/sign.ts'
import { roomNameFault, userNameFault } from '../crypto/skeleton.ts'
import { wrapKeyBytes } from '../crypto/wrap.ts'

export interface RoomPolicy {
  /** A pair is a two-person chat: nobody is kicked from it, and a third can't enter. */
  readonly kind: 'group' | 'pair'
  readonly acceptBy: 'members' | 'admins'
  /** Whether the room stands in the directory. */
  readonly listed: boolean
}

export const genesisNonceBytes = 32

export type Operation =
  | {
      readonly type: 'create'
      readonly name: string
      readonly wrapKey: Bytes
      readonly policy: RoomPolicy
      readonly nonce: Bytes
      readonly roomName: string
    }
  /** The target's signed knock. By a member: lets him in, or wraps the secret for a present member again. By himself: takes up an invitation. */
  | { readonly type: 'accept'; readonly knock: Bytes }
  | { readonly type: 'reject'; readonly knockId: Bytes; readonly rootKey: Bytes; readonly name: string }
  | { readonly type: 'invite'; readonly rootKey: Bytes; readonly wrapKey: Bytes; readonly name: string }
  | { readonly type: 'kick'; readonly rootKey: Bytes }
  | { readonly type: 'leave' }
  | { readonly type: 'rotate' }
  /** New keys for the author; `proof` is the new root key's signature over the room and both old and new keys. */
  | { readonly type: 'rekey'; readonly rootKey: Bytes; readonly wrapKey: Bytes; readonly proof: Bytes }
  | { readonly type: 'promote'; readonly rootKey: Bytes }
  | { readonly type: 'demote'; readonly rootKey: Bytes }
  | {
      readonly type: 'policy'
      readonly acceptBy: 'members' | 'admins'
      readonly listed: boolean
      readonly version: number
    }
  | { readonly type: 'topic'; readonly topic: string }
  /** The right link for an epoch whose own does not lead back; the link itself stands outside. */
  | { readonly type: 'repair'; readonly epoch: number }

export type OperationType = Operation['type']

/** Those that open an epoch, and so exclude whoever is no member after them. */
export function opensEpoch(type: OperationType): boolean {
  return type === 'create' || type === 'kick' || type === 'rotate' || type === 'rekey'
}

/** Those that carry something for one person outside, found by its tag. */
export function hasEntry(type: OperationType): boolean {
  return type === 'accept' || type === 'reject' || type === 'invite'
}

export function policyValue(policy: RoomPolicy): Value {
  return [policy.kind, policy.acceptBy, policy.listed]
}

export function payloadOf(operation: Operation): Value {
  switch (operation.type) {
    case 'create':
      return [operation.name, operation.wrapKey, policyValue(operation.policy), operation.nonce, operation.roomName]
    case 'accept':
      return [operation.knock]
    case 'reject':
      return [operation.knockId, operation.rootKey, operation.name]
    case 'invite':
      return [operation.rootKey, operation.wrapKey, operation.name]
    case 'kick':
    case 'promote':
    case 'demote':
      return [operation.rootKey]
    case 'leave':
    case 'rotate':
      return []
    case 'rekey':
      return [operation.rootKey, operation.wrapKey, operation.proof]
    case 'policy':
      return [operation.acceptBy, operation.listed, operation.version]
    case 'topic':
      return [operation.topic]
    case 'repair':
      return [operation.epoch]
  }
}

/** @throws FormatError for an unknown operation or a payload that is not its own. */
export function decodeOperation(type: string, payload: Value): Operation {
  const read = readers[type as OperationType]
  if (!Object.hasOwn(readers, type)) throw new FormatError('unknown operation')
  return read(payload)
}

const key = (fields: Fields) => fields.fixed(publicKeyBytes)
const wrapKey = (fields: Fields) => fields.fixed(wrapKeyBytes)

const readers: { readonly [T in OperationType]: (payload: Value) => Extract<Operation, { type: T }> } = {
  create(payload) {
    const fields = new Fields(payload, 5)
    return {
      type: 'create',
      name: userNameField(fields),
      wrapKey: wrapKey(fields),
      policy: decodePolicy(fields.next()),
      nonce: fields.fixed(genesisNonceBytes),
      roomName: roomNameField(fields),
    }
  },
  accept: (payload) => ({ type: 'accept', knock: new Fields(payload, 1).bytes(knockBytesMax) }),
  reject(payload) {
    const fields = new Fields(payload, 3)
    return { type: 'reject', knockId: fields.fixed(hashBytes), rootKey: key(fields), name: userNameField(fields) }
  },
  invite(payload) {
    const fields = new Fields(payload, 3)
    return { type: 'invite', rootKey: key(fields), wrapKey: wrapKey(fields), name: userNameField(fields) }
  },
  kick: (payload) => ({ type: 'kick', rootKey: key(new Fields(payload, 1)) }),
  leave: (payload) => (new Fields(payload, 0), { type: 'leave' }),
  rotate: (payload) => (new Fields(payload, 0), { type: 'rotate' }),
  rekey(payload) {
    const fields = new Fields(payload, 3)
    return { type: 'rekey', rootKey: key(fields), wrapKey: wrapKey(fields), proof: fields.fixed(signatureBytes) }
  },
  promote: (payload) => ({ type: 'promote', rootKey: key(new Fields(payload, 1)) }),
  demote: (payload) => ({ type: 'demote', rootKey: key(new Fields(payload, 1)) }),
  policy(payload) {
    const fields = new Fields(payload, 3)
    return { type: 'policy', acceptBy: acceptBy(fields), listed: fields.boolean(), version: fields.unsigned() }
  },
  topic: (payload) => ({ type: 'topic', topic: new Fields(payload, 1).text(topicBytesMax) }),
  repair: (payload) => ({ type: 'repair', epoch: new Fields(payload, 1).unsigned() }),
}

function decodePolicy(value: Value): RoomPolicy {
  const fields = new Fields(value, 3)
  const kind = fields.text(8)
  if (kind !== 'group' && kind !== 'pair') throw new FormatError('unknown kind of room')
  return { kind, acceptBy: acceptBy(fields), listed: fields.boolean() }
}

function acceptBy(fields: Fields): 'members' | 'admins' {
  const by = fields.text(8)
  if (by !== 'members' && by !== 'admins') throw new FormatError('unknown policy')
  return by
}

/** Names that could deceive a terminal or pass for the program's own lines (`<admin>`) enter no room. */
export function userNameField(fields: Fields): string {
  const name = fields.text(userNameCharsMax)
  if (userNameFault(name) !== undefined) throw new FormatError('not a name')
  return name
}

export function roomNameField(fields: Fields): string {
  const name = fields.text(roomNameCharsMax)
  if (roomNameFault(name) !== undefined) throw new FormatError('not a name')
  return name
}
