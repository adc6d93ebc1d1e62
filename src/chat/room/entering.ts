/** The ways into a room: opening one that is known here, asking to join, accepting an invitation. */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { openPatienceMs, roomIdPrefixBitsMin } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { VaultRoom } from '../../crypto/vault-body.ts'
import type { Card } from '../../protocol/card.ts'
import type { Admission, Confirm, Room } from '../chat.ts'
import type { CopyKeeper } from '../identity/copy-keeper.ts'
import { alreadyIn, isAskedFor, knock, WaitingAdmission, type AdmissionParts } from '../people/admission.ts'
import { findCard, matches, parseRoomRef, type RoomRef } from '../people/directory.ts'
import { checkKey } from '../people/contacts.ts'
import type { Invitations, Invited } from '../people/invitations.ts'
import { followRegistered, isKnown } from '../people/pins.ts'
import { nameOf } from './room-list.ts'
import { isUncreated } from './create-room.ts'
import type { RoomParts } from './room-context.ts'
import type { RoomSession } from './room-session.ts'
import type { RoomSessions } from './room-sessions.ts'

export interface EnteringParts extends Pick<
  RoomParts,
  'store' | 'identity' | 'clock' | 'random' | 'connection' | 'changed'
> {
  readonly copy: CopyKeeper
  readonly sessions: RoomSessions
  readonly invitations: Invitations
  /** Aborts when the chat closes. */
  readonly closing: AbortSignal
}

export class Entering {
  readonly #parts: EnteringParts

  constructor(parts: EnteringParts) {
    this.#parts = parts
  }

  /** @throws no-such-room, not-member; usage when several rooms have the name; unconfirmed-key for direct messages */
  async open(room: string, signal?: AbortSignal): Promise<Room> {
    const ref = parseRoomRef(room)
    await this.#parts.copy.looked()
    const joined = await this.#known(ref, signal)
    if (joined === undefined) {
      const invited = this.#parts.invitations.all.find((one) => matchesInvitation(ref, one))
      if (invited === undefined) await findCard(this.#parts.store, ref, signal)
      const why =
        invited === undefined
          ? `You are not a member of ${room}`
          : `You are invited to ${room}, but have not joined yet`
      throw new ConclaveError('not-member', why, { hint: [command('join', room)] })
    }
    if (isAsking(joined)) await this.#answered(joined.roomId, joined.name, joined.knockHash, signal)
    const session = await this.#parts.sessions.get(joined.roomId)
    if (session.standing === 'waiting' || session.standing === 'rejected') {
      throw new ConclaveError('not-member', `Nobody has let you into ${session.name} yet`, {
        hint: [command('join-and-wait', room)],
      })
    }
    if (session.standing === 'member' || session.state === undefined) await this.#showSoon(session, signal)
    return session
  }

  /**
   * The remembered room that is meant: one this person is in before others. A name alone never decides between two, and
   * direct messages are meant by the key that is known under the name.
   */
  async #known(ref: RoomRef, signal?: AbortSignal): Promise<VaultRoom | undefined> {
    const found = await this.existing(ref, signal)
    const joined = found.filter(({ standing }) => standing === 'member')
    let candidates = joined.length > 0 ? joined : found
    if (ref.idPrefix === '' && ref.name?.startsWith('@') === true) {
      const sessions = await Promise.all(candidates.map(({ roomId }) => this.#parts.sessions.here(roomId)))
      const refusals = sessions.map((session) => session.changedKey)
      candidates = candidates.filter((_, at) => refusals[at] === undefined)
      const [refusal] = refusals
      if (candidates.length === 0 && refusal !== undefined) throw refusal
    }
    if (joined.length > 0 && candidates.length > 1) throw ambiguous(ref, candidates)
    return candidates[0]
  }

  /** What is remembered of such rooms; an interrupted creation counts only once the store shows it. */
  async existing(ref: RoomRef, signal?: AbortSignal): Promise<readonly VaultRoom[]> {
    const found = () => {
      return this.#parts.identity.body.rooms.filter((one) => one.standing !== 'stranger' && matches(ref, one))
    }
    for (const { roomId } of found().filter(isUncreated))
      await this.#tryRefresh(await this.#parts.sessions.get(roomId), signal)
    return found().filter((one) => !isUncreated(one))
  }

  /** A local copy is shown without the store; only if there is none is the newest page waited for. */
  async #showSoon(session: RoomSession, signal?: AbortSignal): Promise<void> {
    const refreshed = this.#tryRefresh(session, signal)
    refreshed.catch((error: unknown) => signal?.aborted === true || this.#parts.connection.doubted(error))
    const patience = session.state === undefined ? [] : [this.#parts.clock.sleep(openPatienceMs, { ref: false })]
    await Promise.race([refreshed, session.previewed, ...patience])
  }

  /** Whether a knock was answered since; does not wait. */
  async #answered(roomId: Bytes, name: string, knockHash: Bytes | null, signal?: AbortSignal): Promise<void> {
    if (knockHash === null) return
    await new WaitingAdmission(await this.#admissionParts(roomId), name, knockHash).look(signal)
  }

  async #tryRefresh(session: RoomSession, signal?: AbortSignal): Promise<void> {
    let isKnown = false
    try {
      await this.#parts.connection.known()
      isKnown = true
      await session.refresh(signal)
      this.#parts.connection.answered()
    } catch (error) {
      if (!isConclaveError(error) || !error.retryable) throw error
      if (isKnown) this.#parts.connection.doubted(error)
      else this.#parts.connection.failed(error)
    }
  }

  /** @throws no-such-room; unconfirmed-key for the invitation of a key that is new here */
  async join(room: string, confirm: Confirm, signal?: AbortSignal): Promise<Admission> {
    const { store, invitations } = this.#parts
    const ref = parseRoomRef(room)
    await this.#parts.copy.looked()
    await invitations.refresh(signal)
    const known = await this.#known(ref, signal)
    if (known?.standing === 'member') {
      const session = await this.#parts.sessions.get(known.roomId)
      await this.#tryRefresh(session, signal)
      if (session.standing === 'member' && (await session.hasKeys(signal))) return alreadyIn(session)
    }
    const found = await findCard(store, ref, signal).catch((error: unknown) => ({ error }))
    const listed = 'error' in found ? undefined : found
    const isDamaged = 'error' in found && !isConclaveError(found.error, 'no-such-room')
    const invited = isDamaged ? undefined : this.#invitationTo(ref, listed?.roomId)
    const asking = known !== undefined && isAsking(known) && known.knockHash !== null ? known : undefined
    if (invited !== undefined && (asking === undefined || this.#isKnown(invited))) {
      // The room that everyone finds under the name: who invites into it selects nothing.
      const isListed = listed !== undefined && ref.idPrefix === ''
      return alreadyIn(await this.enterInvited(invited, isListed ? { trustNew: true } : confirm))
    }
    if (asking?.knockHash && (listed === undefined || hex(listed.roomId) === hex(asking.roomId))) {
      const parts = await this.#admissionParts(asking.roomId)
      const admission = new WaitingAdmission(parts, asking.name, asking.knockHash)
      // Before the look: an answer takes the request away.
      const isLost = !(await isAskedFor(parts, signal))
      await admission.look(signal)
      const isOver = isLost || asking.standing === 'rejected' || admission.isAnsweredInVain
      if (admission.state === 'accepted' || !isOver) return admission
    }
    if ('error' in found) throw found.error
    return this.#knock(found.roomId, found.card)
  }

  async #knock(roomId: Bytes, card: Card): Promise<Admission> {
    const parts = await this.#admissionParts(roomId)
    const remembered = this.#parts.identity.room(roomId)
    // An old card: the head that is remembered here is newer.
    const isOld = remembered?.head !== undefined && remembered.head !== null && card.n < remembered.head.n
    const from = await knock(parts, card, isOld ? remembered.head?.hash : undefined)
    this.#parts.copy.soon()
    return new WaitingAdmission(parts, card.name, this.#parts.identity.room(roomId)?.knockHash ?? zeroHash, from)
  }

  /** @param listed the room that this name means for everyone: an invitation to another one doesn't take its place */
  #invitationTo(ref: RoomRef, listed: Bytes | undefined): Invited | undefined {
    const meant = this.#parts.invitations.all.filter((one) => {
      return matchesInvitation(ref, one) && (listed === undefined || equalBytes(listed, one.roomId))
    })
    const fromKnown = meant.filter((one) => this.#isKnown(one))
    const candidates = fromKnown.length > 0 ? fromKnown : meant
    if (candidates.length > 1) throw ambiguous(ref, candidates)
    return candidates[0]
  }

  #isKnown({ by }: Invited): boolean {
    return isKnown(this.#parts.identity, by)
  }

  async #admissionParts(roomId: Bytes): Promise<AdmissionParts> {
    return {
      ...this.#parts,
      incarnation: await this.#parts.connection.known(),
      roomId,
      closing: this.#parts.closing,
      enter: async () => {
        const session = await this.#parts.sessions.get(roomId)
        await session.readmitted()
        this.#parts.copy.soon()
        return session
      },
      verdictOn: async (i) => {
        const { log } = await this.#parts.sessions.here(roomId)
        return (await log.records(i, i + 1))[0]?.row.verdict
      },
    }
  }

  async enterInvited(invited: Invited, confirm: Confirm): Promise<RoomSession> {
    const { identity, sessions, invitations } = this.#parts
    await followRegistered(this.#parts, invited.by)
    checkKey(identity, invited.by, confirm)
    const isNew = identity.room(invited.roomId) === undefined
    const session = await sessions.here(invited.roomId)
    try {
      await session.enterInvited(invited)
    } catch (error) {
      // Nothing of a room that refuses, or is refused, stays here.
      if (isNew) await sessions.discard(invited.roomId)
      if (isConclaveError(error) && !error.retryable) await invitations.drop(invited)
      throw error
    }
    await invitations.answered(invited.roomId)
    this.#parts.copy.soon()
    return session
  }
}

/** A declined request may have been accepted as well: from outside, no one can tell which of the two counts. */
function isAsking({ standing }: VaultRoom): boolean {
  return standing === 'waiting' || standing === 'rejected'
}

function matchesInvitation(ref: RoomRef, invited: Invited): boolean {
  return matches(ref, { roomId: invited.roomId, name: nameOf(invited) })
}

function ambiguous({ name = '' }: RoomRef, rooms: readonly { readonly roomId: Bytes }[]): ConclaveError {
  const ids = rooms.map(({ roomId }) => `${name}#${hex(roomId).slice(0, roomIdPrefixBitsMin / 4)}`)
  return new ConclaveError('usage', `${rooms.length} rooms are called ${name}`, {
    hint: `Give the beginning of the ID too: ${ids.join(' or ')}`,
  })
}
