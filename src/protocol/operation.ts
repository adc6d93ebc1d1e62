/** The operations that change a room, and their payloads: positional, one encoding each. */
import type { Value } from '../base/codec.ts'
import { FormatError } from '../base/codec.ts'
import { boolean, bytes, fixed, oneOf, readValue, text, tuple, unsigned, type Held } from '../base/format.ts'
import { knockBytesMax, roomNameCharsMax, rotateDaysMax, topicBytesMax, userNameCharsMax } from '../base/limits.ts'
import { hashBytes } from '../crypto/hash.ts'
import { publicKeyFormat, signatureBytes } from '../crypto/sign.ts'
import { roomNameFault, userNameFault } from '../crypto/skeleton.ts'
import { wrapKeyFormat } from '../crypto/wrap.ts'

const nameWithout = (faultIn: (name: string) => string | undefined) => (name: string) =>
  faultIn(name) === undefined ? undefined : 'not a name'

/** Names that could deceive a terminal or pass for the program's own lines (`<admin>`) enter no room. */
export const userNameText = text(userNameCharsMax, nameWithout(userNameFault))
export const roomNameText = text(roomNameCharsMax, nameWithout(roomNameFault))

const acceptBy = oneOf(['members', 'admins'], 'unknown policy')
/** How often an admin's client opens a new epoch; 0: never. Clocks being claims, no verdict depends on it. */
const rotateDays = unsigned(rotateDaysMax)
const policy = tuple({
  /** A pair is a direct message: nobody can be kicked from it, and no third person can enter. */
  kind: oneOf(['group', 'pair'], 'unknown kind of room'),
  acceptBy,
  /** Whether the room is in the directory. */
  listed: boolean,
  rotateDays,
})
export type RoomPolicy = Held<typeof policy>

export const genesisNonceBytes = 32
const rootKey = publicKeyFormat
const wrapKey = wrapKeyFormat

const payloads = {
  create: tuple({ name: userNameText, wrapKey, policy, nonce: fixed(genesisNonceBytes), roomName: roomNameText }),
  /**
   * The target's signed knock. By a member: lets them in, or wraps the secret for a present member again. By the target:
   * takes up an invitation.
   */
  accept: tuple({ knock: bytes(knockBytesMax) }),
  reject: tuple({ knockId: fixed(hashBytes), rootKey, name: userNameText }),
  invite: tuple({ rootKey, wrapKey, name: userNameText }),
  kick: tuple({ rootKey }),
  leave: tuple({}),
  rotate: tuple({}),
  /** New keys for the author; `proof` is the new root key's signature over the room and both old and new keys. */
  rekey: tuple({ rootKey, wrapKey, proof: fixed(signatureBytes) }),
  promote: tuple({ rootKey }),
  demote: tuple({ rootKey }),
  policy: tuple({ acceptBy, listed: boolean, rotateDays, version: unsigned() }),
  topic: tuple({ topic: text(topicBytesMax) }),
  /** A correct link for an epoch whose own does not lead back; the link itself is in the header. */
  repair: tuple({ epoch: unsigned() }),
}

export type OperationType = keyof typeof payloads
export type Operation = { [T in OperationType]: { readonly type: T } & Held<(typeof payloads)[T]> }[OperationType]

/** Those that open an epoch, and so exclude everyone who is no member after them. */
export function opensEpoch(type: OperationType): boolean {
  return type === 'create' || type === 'kick' || type === 'rotate' || type === 'rekey'
}

/** Those whose header carries something for one person, found by its tag. */
export function hasEntry(type: OperationType): boolean {
  return type === 'accept' || type === 'reject' || type === 'invite'
}

export function policyValue(item: RoomPolicy): Value {
  return policy.write(item)
}

export function payloadOf(operation: Operation): Value {
  return payloads[operation.type].write(operation as never)
}

/** @throws FormatError for an unknown operation or a payload that is not its own. */
export function decodeOperation(type: string, payload: Value): Operation {
  if (!Object.hasOwn(payloads, type)) throw new FormatError('unknown operation')
  return { type, ...readValue(payloads[type as OperationType], payload) } as Operation
}
