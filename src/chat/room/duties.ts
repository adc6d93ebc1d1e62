/**
 * What a room needs from whoever is in, without being asked: an epoch without those who left, a link that leads back, the
 * new keys of somebody who changed them elsewhere. A pure question; room-session.ts does what it answers.
 */
import { hex, type Bytes } from '../../base/bytes.ts'
import { linksLookedAtMax } from '../../base/limits.ts'
import type { Signer } from '../../crypto/sign.ts'
import { openLink } from '../../protocol/epoch.ts'
import type { Operation } from '../../protocol/operation.ts'
import { memberByKey, type Room } from '../../protocol/room.ts'
import { labels } from '../../protocol/version.ts'
import type { Identity } from '../identity/identity.ts'
import type { Ledger } from '../log/ledger.ts'
import type { RoomLog } from '../log/room-log.ts'

export interface Duty {
  readonly signer: Signer
  readonly operation: Operation
}

export function dutyOf(
  room: Room,
  { ledger, withheld }: Pick<RoomLog, 'ledger' | 'withheld'>,
  identity: Identity,
): Duty | undefined {
  const { signer } = identity
  const former = identity.formerSigners.find(({ publicKey }) => memberByKey(room, publicKey) !== undefined)
  const self = memberByKey(room, signer.publicKey)
  if (self === undefined) return former && { signer: former, operation: rekeyOf(room.id, former, identity) }
  if (self.admin && (leftInThisEpoch(room) || withheld.hasInvalidEpochRecovery))
    return { signer, operation: { type: 'rotate' } }
  const epoch = brokenLink(room, ledger)
  return epoch === undefined ? undefined : { signer, operation: { type: 'repair', epoch } }
}

function rekeyOf(roomId: Bytes, former: Signer, { signer, wrapKey }: Identity): Operation {
  const proof = signer.sign(labels.rekey, [roomId, former.publicKey, signer.publicKey, wrapKey])
  return { type: 'rekey', rootKey: signer.publicKey, wrapKey, proof }
}

/** Somebody left who still has the secret in force. */
function leftInThisEpoch(room: Room): boolean {
  const openedAt = room.openings.get(room.epoch)?.n ?? 0
  const gone = [...room.departures].some(
    ([key, { n, kind }]) => kind === 'left' && n > openedAt && !room.members.has(key),
  )
  return gone && room.policy.kind === 'group'
}

/**
 * The newest epoch whose link does not lead back, and that nobody has repaired. Each sound one is looked at once, and no
 * more of them at a time than may keep the event loop.
 */
function brokenLink(room: Room, { keyring, links, sound }: Ledger): number | undefined {
  let left = linksLookedAtMax
  for (let epoch = room.epoch; epoch > 0 && left > 0; epoch -= 1) {
    const opening = room.openings.get(epoch)
    const before = opening && room.openings.get(opening.under)
    const of = keyring.get(opening)
    if (opening === undefined || before === undefined || opening === before) continue
    if (of === undefined || keyring.get(before) === undefined || sound.has(hex(opening.confirm))) continue
    left -= 1
    if (!links(epoch).some((link) => openLink(room.id, of, link, before) !== undefined)) return epoch
    sound.add(hex(opening.confirm))
  }
  return undefined
}

/** Names a duty, so that one that failed is not tried for ever. */
export function dutyName(room: Room, { operation }: Duty): string {
  return `${operation.type} ${hex(room.marks.last()?.hash ?? room.id)}`
}
