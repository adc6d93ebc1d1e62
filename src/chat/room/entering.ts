/** The ways into a room: opening one that is known here, asking to join, accepting an invitation. */
import { hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { openPatienceMs } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { VaultRoom } from '../../crypto/vault-body.ts'
import type { Admission, Room } from '../chat.ts'
import type { CopyKeeper } from '../identity/copy-keeper.ts'
import { alreadyIn, knock, WaitingAdmission, type AdmissionParts } from '../people/admission.ts'
import { findCard, matches, parseRoomRef, type RoomRef } from '../people/directory.ts'
import { readInbox } from '../people/inbox.ts'
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
  /** Aborts when the chat closes. */
  readonly closing: AbortSignal
}

export class Entering {
  readonly #parts: EnteringParts

  constructor(parts: EnteringParts) {
    this.#parts = parts
  }

  /** @throws no-such-room, not-member */
  async open(room: string, signal?: AbortSignal): Promise<Room> {
    const ref = parseRoomRef(room)
    await this.#parts.copy.looked()
    const known = await this.existing(ref, signal)
    const joined = known.find(({ standing }) => standing === 'member') ?? known[0]
    if (joined === undefined) {
      await findCard(this.#parts.store, ref, signal)
      throw new ConclaveError('not-member', `you are not a member of ${room}`, { hint: [command('join', room)] })
    }
    if (isAsking(joined)) await this.#answered(joined.roomId, joined.name, joined.knockHash, signal)
    const session = await this.#parts.sessions.get(joined.roomId)
    if (session.standing === 'invited') {
      throw new ConclaveError('not-member', `you are invited into ${session.name}`, { hint: [command('join', room)] })
    }
    if (session.standing === 'waiting' || session.standing === 'rejected') {
      throw new ConclaveError('not-member', `nobody has let you into ${session.name} yet`, {
        hint: [command('join-and-wait', room)],
      })
    }
    if (session.standing === 'member' || session.state === undefined) await this.#showSoon(session, signal)
    return session
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

  /** @throws no-such-room */
  async join(room: string, signal?: AbortSignal): Promise<Admission> {
    const { store, identity } = this.#parts
    const ref = parseRoomRef(room)
    await this.#parts.copy.looked()
    await readInbox(store, identity, signal)
    const [known] = await this.existing(ref, signal)
    if (known?.standing === 'member') {
      const session = await this.#parts.sessions.get(known.roomId)
      await this.#tryRefresh(session, signal)
      if (session.standing === 'member' && (await session.hasKeys(signal))) return alreadyIn(session)
    }
    if (known?.standing === 'invited') return alreadyIn(await this.enterInvited(known.roomId))
    if (known !== undefined && isAsking(known) && known.knockHash !== null) {
      const entry = await findCard(store, ref, signal).catch(() => undefined)
      if (entry === undefined || hex(entry.roomId) === hex(known.roomId)) {
        const admission = new WaitingAdmission(await this.#admissionParts(known.roomId), known.name, known.knockHash)
        await admission.look(signal)
        const isOver = known.standing === 'rejected' || admission.isAnsweredInVain
        if (admission.state === 'accepted' || !isOver) return admission
      }
    }
    const { roomId, card } = await findCard(store, ref, signal)
    const parts = await this.#admissionParts(roomId)
    const remembered = identity.room(roomId)
    if (remembered?.head && card.n < remembered.head.n) {
      // An old card: the head that is remembered here is newer.
      await knock(parts, card, remembered.head.hash)
    } else {
      await knock(parts, card, undefined)
    }
    this.#parts.copy.soon()
    return new WaitingAdmission(parts, card.name, identity.room(roomId)?.knockHash ?? zeroHash)
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
    }
  }

  async enterInvited(roomId: Bytes): Promise<RoomSession> {
    const session = await this.#parts.sessions.get(roomId)
    await session.enterInvited()
    this.#parts.copy.soon()
    return session
  }
}

/** Whoever was declined may have been accepted as well: nobody outside can tell which of the two counts. */
function isAsking({ standing }: VaultRoom): boolean {
  return standing === 'waiting' || standing === 'rejected'
}
