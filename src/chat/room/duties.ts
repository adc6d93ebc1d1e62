/**
 * What a room needs from its members' clients unasked: an epoch without those who left or in place of one that has
 * lasted long enough, a link that leads back, the new keys of a member who changed them elsewhere. Which duty is due is a pure question; each is tried once.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { isConclaveError } from '../../base/errors.ts'
import { dutyDelayMs, epochAgeCheckMs, linksLookedAtMax } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { Signer } from '../../crypto/sign.ts'
import { openLink } from '../../protocol/epoch.ts'
import type { Operation } from '../../protocol/operation.ts'
import { memberByKey, type Room } from '../../protocol/room.ts'
import { VoidRecord } from '../../protocol/verdict.ts'
import { labels } from '../../protocol/version.ts'
import type { Identity } from '../identity/identity.ts'
import type { LogState } from '../replay/log-state.ts'
import type { RoomLog } from '../log/room-log.ts'
import { isEpochOver, type Moment } from '../rotation.ts'
import { writeAs, type RoomContext } from './room-context.ts'

interface Duty {
  readonly signer: Signer
  readonly operation: Operation
}

export class Duties {
  readonly #room: RoomContext
  /** Already tried: failures are not retried for ever. */
  readonly #tried = new Set<string>()
  #running: Promise<unknown> | undefined
  /** When this process first saw the epoch that is in force. */
  #seen: { readonly confirm: Bytes; readonly at: number } | undefined

  constructor(room: RoomContext) {
    this.#room = room
  }

  /** Delayed a little, and not in step with everyone else: usually one client is enough. */
  async fulfilSoon(signal: AbortSignal): Promise<void> {
    await this.#room.parts.clock.sleep(dutyDelayMs * (0.5 + Math.random()), { signal, ref: false })
    await this.fulfil()
  }

  /** Also with only the store's copy of the chain: finishes an interrupted change of keys. */
  async fulfil(): Promise<void> {
    const room = this.#room
    const { log } = room
    // A new epoch's link is checked at once, and that takes its key.
    if (room.standing === 'member') await log.currentKeys()
    const { state } = room
    const duty = state && this.#dutyOf(state)
    if (state === undefined || duty === undefined) return
    // One at a time: in a large room each takes a while, and the next is chosen afresh whenever the room has changed.
    if (this.#running !== undefined) return void (await this.#running.catch(() => undefined))
    const name = `${duty.operation.type} ${hex(state.marks.last()?.hash ?? state.id)}`
    if (this.#tried.has(name)) return
    this.#tried.add(name)
    this.#running = writeAs(room, duty.signer, (current) => {
      const now = this.#dutyOf(current)
      if (now?.operation.type !== duty.operation.type) throw new VoidRecord('another client did it')
      return now.operation
    }).catch((error: unknown) => {
      // A store that did not answer is asked again the next time.
      if (isConclaveError(error) && error.retryable) this.#tried.delete(name)
      throw error
    })
    await this.#running.finally(() => (this.#running = undefined))
  }

  /** Asks now and then whether the epoch has lasted long enough, each client at a moment of its own. */
  async watchAge(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#room.parts.clock.sleep(epochAgeCheckMs * (0.5 + Math.random()), { signal, ref: false })
      await this.fulfil().catch((error: unknown) => {
        const { parts } = this.#room
        if (!signal.aborted) parts.log.warn('room.age', { error: String(error) })
      })
    }
  }

  #dutyOf(room: Room): Duty | undefined {
    const { log, parts } = this.#room
    return dutyOf(room, log, parts.identity, this.#momentOf(room))
  }

  #momentOf(room: Room): Moment {
    const { log, parts } = this.#room
    const now = parts.clock.now()
    const confirm = room.openings.get(room.epoch)?.confirm ?? zeroHash
    if (this.#seen === undefined || !equalBytes(this.#seen.confirm, confirm)) this.#seen = { confirm, at: now }
    return { next: log.state.checkpoint.next, now, seenAt: this.#seen.at }
  }
}

function dutyOf(
  room: Room,
  { state, reconciler }: Pick<RoomLog, 'state' | 'reconciler'>,
  identity: Identity,
  moment: Moment,
): Duty | undefined {
  const { signer } = identity
  const former = identity.formerSigners.find(({ publicKey }) => memberByKey(room, publicKey) !== undefined)
  const self = memberByKey(room, signer.publicKey)
  if (self === undefined) return former && { signer: former, operation: rekeyOf(room.id, former, identity) }
  const isDue = leftInThisEpoch(room) || reconciler.withheld.hasInvalidEpochRecovery || isEpochOver(room, moment)
  if (self.admin && isDue) return { signer, operation: { type: 'rotate' } }
  const epoch = brokenLink(room, state)
  return epoch === undefined ? undefined : { signer, operation: { type: 'repair', epoch } }
}

function rekeyOf(roomId: Bytes, former: Signer, { signer, wrapKey }: Identity): Operation {
  const proof = signer.sign(labels.rekey, [roomId, former.publicKey, signer.publicKey, wrapKey])
  return { type: 'rekey', rootKey: signer.publicKey, wrapKey, proof }
}

/** A member left who still has the current secret. */
function leftInThisEpoch(room: Room): boolean {
  const openedAt = room.openings.get(room.epoch)?.n ?? 0
  const gone = [...room.departures].some(
    ([key, { n, kind }]) => kind === 'left' && n > openedAt && !room.members.has(key),
  )
  return gone && room.policy.kind === 'group'
}

/**
 * The newest epoch whose link does not lead back, and that no one has repaired. Each sound one is checked once, in
 * batches small enough not to block the event loop.
 */
function brokenLink(room: Room, { keyring, links, sound, tried }: LogState): number | undefined {
  let left = linksLookedAtMax
  for (let epoch = room.epoch; epoch > 0 && left > 0; epoch -= 1) {
    const opening = room.openings.get(epoch)
    const before = opening && room.openings.get(opening.under)
    const of = keyring.get(opening)
    if (opening === undefined || before === undefined || opening === before) continue
    if (of === undefined || keyring.get(before) === undefined || sound.has(hex(opening.confirm))) continue
    left -= 1
    const name = hex(opening.confirm)
    const known = links(opening)
    // Each once: a member may offer any number of bad ones.
    const leadsBack = known.slice(tried.get(name)).some((link) => openLink(room.id, of, link, before) !== undefined)
    tried.set(name, known.length)
    if (!leadsBack) return epoch
    sound.add(name)
  }
  return undefined
}
