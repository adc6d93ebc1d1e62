/**
 * Writing control records: an operation becomes a record, with the wraps of the epoch that it opens. In two steps, because
 * an append may lose its index to others: what is prepared is bound to the head and may be sealed for one index after
 * another while only messages come in between. Once the head has changed, it is prepared again with a new secret, because
 * the wraps of a lost attempt are public.
 */
import { roomIdOf } from './fold.ts'
import type { Bytes } from '../base/bytes.ts'
import { zeroHash } from '../crypto/hash.ts'
import type { Random } from '../crypto/random.ts'
import type { Signer } from '../crypto/sign.ts'
import { signCard } from './card.ts'
import { sealControl } from './control.ts'
import { epochKeys, epochSecretBytes, epochSeed, sealLink, type EpochKeys } from './epoch.ts'
import { decodeKnock, knockId, knockPublicKey } from './knock.ts'
import {
  decodeOperation,
  genesisNonceBytes,
  opensEpoch,
  payloadOf,
  type Operation,
  type RoomPolicy,
} from './operation.ts'
import { entryTagBytes, recordHash, type ControlHeader, type Entry } from './record.ts'
import { headOf, type Room } from './room.ts'
import { apply, checkEpochRecovery, invitationTag } from './rules.ts'
import { FormatError } from '../base/codec.ts'
import { VoidRecord } from './verdict.ts'
import { protocolVersion, suiteHybrid1 } from './version.ts'
import { makeWrapPages, wrapSecret, type WrapContext, type WrapPage, type WrapTarget } from './wraps.ts'

/** A record's place, and what it claims. */
export interface Position {
  readonly i: number
  readonly previousHash: Bytes
  readonly at: number
  readonly seq: number
}

export interface Sealed {
  readonly record: Bytes
  /** Written in the same transaction when the record opens an epoch. */
  readonly card: Bytes | undefined
}

export interface Prepared {
  readonly operation: Operation
  readonly n: number
  /** To be in the store before the record is. */
  readonly wraps: { readonly name: Bytes; readonly pages: readonly WrapPage[] } | undefined
  /** Of the epoch that the record opens, else those in force. */
  readonly keys: EpochKeys
  seal(position: Position): Sealed
}

export interface Author {
  readonly signer: Signer
  readonly random: Random
}

type HeaderRest = Omit<ControlHeader, 'version' | 'suite' | 'i' | 'previousHash'>

export interface NewRoom {
  readonly name: string
  readonly wrapKey: Bytes
  readonly roomName: string
  readonly policy: RoomPolicy
}

export async function prepareGenesis(
  author: Author,
  { name, wrapKey, roomName, policy }: NewRoom,
): Promise<{ readonly roomId: Bytes; readonly prepared: Prepared }> {
  const nonce = author.random(genesisNonceBytes)
  const operation = { type: 'create', name, wrapKey, policy, nonce, roomName } as const
  checkOperation(operation)
  const roomId = roomIdOf(author.signer.publicKey, operation)
  const keys = epochKeys(roomId, 0, zeroHash, author.random(epochSecretBytes))
  const place = { n: 0, previousHead: zeroHash, previousHeadIndex: 0, epoch: 0, under: 0 }
  const rest = { ...place, confirm: null, links: [], wraps: null, entry: null }
  const draft = { author, roomId, under: keys, operation, rest }
  return { roomId, prepared: await openingEpoch(draft, roomName, keys, [{ index: 0, wrapKey }]) }
}

/**
 * @param room for an epoch recovery: as it was right after the record that opened the garbage epoch.
 * @param current keys of the epoch in force; for an epoch recovery, of the one that the garbage epoch's opening was sealed under.
 * @param repaired for `repair`: the keys of the epoch named, and of the one that its link leads to.
 * @throws VoidRecord when the room's rules refuse the operation to this author.
 */
export async function prepareControl(
  author: Author,
  room: Room,
  operation: Operation,
  current: EpochKeys,
  repaired?: { readonly of: EpochKeys; readonly to: EpochKeys },
): Promise<Prepared> {
  const { signer, random } = author
  checkOperation(operation)
  const head = headOf(room)
  const n = room.marks.size
  const opens = opensEpoch(operation.type)
  const epoch = opens ? room.epoch + 1 : room.epoch
  const base: HeaderRest = {
    n,
    previousHead: head.hash,
    previousHeadIndex: head.i,
    epoch,
    under: current.epoch,
    confirm: null,
    links: repaired ? [sealLink(room.id, repaired.of, repaired.to, random)] : [],
    wraps: null,
    entry: await entryFor(room, operation, { roomId: room.id, n, previousHead: head.hash, epoch }, epochSeed(current)),
  }
  // Refused here if it would be void, before any of it is written.
  const trial = { ...base, version: protocolVersion, suite: suiteHybrid1, i: head.i + 1, previousHash: head.hash }
  const next = apply(room, signer.publicKey, operation, { i: trial.i, n, header: trial })
  if (current.epoch !== room.epoch) checkEpochRecovery(room, signer.publicKey)
  const draft = { author, roomId: room.id, under: current, operation, rest: base }
  if (!opens) {
    const seal = (position: Position) => ({ record: sealRecord(draft, position), card: undefined })
    return { operation, n, wraps: undefined, keys: current, seal }
  }
  const keys = epochKeys(room.id, epoch, head.hash, random(epochSecretBytes))
  const rest = { ...base, links: [sealLink(room.id, keys, current, random)] }
  return openingEpoch({ ...draft, rest }, room.name, keys, wrapTargets(next))
}

/** A control record but for what changes with its position. */
interface Draft {
  readonly author: Author
  readonly roomId: Bytes
  readonly under: EpochKeys
  readonly operation: Operation
  readonly rest: HeaderRest
}

async function openingEpoch(
  draft: Draft,
  name: string,
  keys: EpochKeys,
  targets: readonly WrapTarget[],
): Promise<Prepared> {
  const { author, roomId, operation } = draft
  const { n, previousHead, epoch } = draft.rest
  const wraps = await makeWrapPages({ roomId, n, previousHead, epoch }, targets, keys)
  const knockKey = await knockPublicKey(keys)
  const whole = { ...draft, rest: { ...draft.rest, confirm: keys.confirm, wraps: wraps.name } }
  const seal = (position: Position) => {
    const record = sealRecord(whole, position)
    return { record, card: signCard(author.signer, { roomId, name, n, epoch, head: recordHash(record), knockKey }) }
  }
  return { operation, n, wraps, keys, seal }
}

function sealRecord({ author, roomId, under, operation, rest }: Draft, { i, previousHash, at, seq }: Position): Bytes {
  const header = { version: protocolVersion, suite: suiteHybrid1, i, previousHash, ...rest }
  return sealControl(roomId, under, author.signer, header, { operation, at, seq }, author.random)
}

/** What readers would refuse is refused before any of it is written. */
function checkOperation(operation: Operation): void {
  try {
    decodeOperation(operation.type, payloadOf(operation))
    if (operation.type === 'accept') decodeKnock(operation.knock)
  } catch (error) {
    if (error instanceof FormatError) throw new VoidRecord(error.message, { cause: error })
    throw error
  }
}

/** Who gets the secret of an epoch opened now: members and guests. */
function wrapTargets(room: Room): readonly WrapTarget[] {
  const invited = [...room.invitations.values()].map(({ wrapKey }, k) => ({ index: room.nextIndex + k, wrapKey }))
  return [...room.members.values(), ...invited]
}

async function entryFor(room: Room, operation: Operation, context: WrapContext, seed: Bytes): Promise<Entry | null> {
  switch (operation.type) {
    case 'accept': {
      const { wrapKey } = decodeKnock(operation.knock)
      const tag = knockId(operation.knock).slice(0, entryTagBytes)
      return { tag, wrapped: (await wrapSecret(context, wrapKey, seed)) ?? null }
    }
    case 'invite': {
      const tag = invitationTag(room.id, operation.rootKey)
      return { tag, wrapped: (await wrapSecret(context, operation.wrapKey, seed)) ?? null }
    }
    case 'reject':
      return { tag: operation.knockId.slice(0, entryTagBytes), wrapped: null }
    default:
      return null
  }
}
