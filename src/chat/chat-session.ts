/** One identity on one store: its rooms, and the way into others. */
import { abortable } from '../base/abort.ts'
import { hex, type Bytes } from '../base/bytes.ts'
import type { Listener } from '../base/emitter.ts'
import type { Clock } from '../base/clock.ts'
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import { command } from '../base/hint.ts'
import { openPatienceMs } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import type { Random } from '../crypto/random.ts'
import { checkRoomName, skeleton } from '../crypto/skeleton.ts'
import type { VaultRoom } from '../crypto/vault-body.ts'
import type { RoomPolicy } from '../protocol/operation.ts'
import { headOf, type Room as RoomState } from '../protocol/room.ts'
import { compareKeys, findContact, type Contact } from './people/contacts.ts'
import { createRoom, isUncreated } from './room/create-room.ts'
import { pairName, pairPolicy, readInbox } from './people/inbox.ts'
import { renewRegistered } from './identity/renew-keys.ts'
import { zeroHash } from '../crypto/hash.ts'
import type { Store } from '../store/store.ts'
import { ChatListeners } from './chat-listeners.ts'
import type { HomeStore } from './home/home.ts'
import { watchHome } from './home/watch-home.ts'
import { alreadyIn, knock, WaitingAdmission, type AdmissionParts } from './people/admission.ts'
import type {
  Admission,
  Advice,
  Chat,
  ChatEvents,
  Confirm,
  Connection,
  CreateOptions,
  Forgotten,
  Recovery,
  Rekeyed,
  Room,
  RoomSummary,
  SafetyNumber,
  Unsubscribe,
} from './chat.ts'
import { findCard, matches, parseRoomRef, type RoomRef } from './people/directory.ts'
import { Lists } from './people/lists.ts'
import { RoomUpdates } from './room/room-updates.ts'
import type { Identity } from './identity/identity.ts'
import type { Person } from './item.ts'
import { shownConnection } from './connection/connection-state.ts'
import { StoreConnection } from './connection/store-connection.ts'
import { CopyKeeper } from './identity/copy-keeper.ts'
import { Lineage } from './identity/lineage.ts'
import { Outbox } from './outbox/outbox.ts'
import { Replica } from './replica/replica.ts'
import { OwnName } from './identity/own-name.ts'
import { roomList } from './room/room-list.ts'
import { RoomSession } from './room/room-session.ts'
import type { StoreHealth } from './connection/store-health.ts'

export interface ChatParts {
  readonly store: Store
  readonly home: HomeStore
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly health: StoreHealth
  /** Closes the home's store. */
  release(): Promise<void>
}

export class ChatSession implements Chat {
  readonly #parts: ChatParts
  readonly #outbox: Outbox
  readonly #sessions = new Map<string, Promise<RoomSession>>()
  readonly #opened = new Map<string, RoomSession>()
  readonly #listeners: ChatListeners
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>
  #closed: Promise<void> | undefined
  readonly #lists: Lists
  readonly #roomUpdates: RoomUpdates
  readonly #connection: StoreConnection
  readonly #copy: CopyKeeper
  readonly #lineage: Lineage
  readonly #own: OwnName

  constructor(parts: ChatParts) {
    this.#parts = parts
    this.#listeners = new ChatListeners({
      log: parts.log,
      connection: () => this.connection,
      wanted: () => parts.health.subscribe(() => this.#listeners.tell()),
    })
    this.#outbox = new Outbox(parts.home, parts.identity.local, parts.random)
    this.#connection = new StoreConnection({
      ...parts,
      changed: (state, before) => {
        if (state.kind === 'online' && before.kind === 'connecting') this.#own.look()
        this.#listeners.tell()
      },
      restored: () => this.#restored(),
    })
    this.#lineage = new Lineage({ ...parts, life: this.#connection })
    const [changed, putBack] = [() => this.#listeners.tell(), () => this.#copy.soon()]
    this.#roomUpdates = new RoomUpdates({
      ...parts,
      connection: this.#connection,
      load: (roomId) => this.#loaded(roomId),
    })
    this.#lists = new Lists({ ...parts, connection: this.#connection, changed })
    this.#copy = new CopyKeeper({ ...parts, changed })
    this.#own = new OwnName({ ...parts, life: this.#connection, lineage: this.#lineage, changed, putBack })
    const watcher = {
      ...parts,
      vaultChanged: () => this.#vaultChanged(),
      readMoved: async (roomId: Bytes | undefined) => {
        const moved = roomId === undefined ? [...this.#opened.values()] : [this.#opened.get(hex(roomId))]
        for (const session of moved) await session?.readElsewhere()
      },
    }
    this.#watching = watchHome(watcher, this.#closing.signal)
  }

  /** Another program of this home, or this one, has changed the vault. */
  async #vaultChanged(): Promise<void> {
    if (!(await this.#parts.identity.reload())) return
    for (const { roomId, standing } of this.#parts.identity.body.rooms) {
      if (standing === 'member' && !this.#sessions.has(hex(roomId))) {
        this.#session(roomId).catch((error: unknown) => this.#note('room.load', error))
      }
    }
    this.#listeners.tell()
  }

  #note(event: string, error: unknown): void {
    if (!this.#closing.signal.aborted) this.#parts.log.warn(event, { error: String(error) })
  }

  get self(): Person {
    return this.#parts.identity.self
  }

  get connection(): Connection {
    return shownConnection(this.#connection.state, this.#parts.health)
  }

  get advice(): Advice | undefined {
    return this.#copy.advice
  }

  rooms(signal?: AbortSignal): Promise<readonly RoomSummary[]> {
    return abortable(signal, () => this.#rooms(signal))
  }

  async #rooms(signal: AbortSignal | undefined): Promise<readonly RoomSummary[]> {
    await this.#copy.looked()
    try {
      await this.#lists.refresh(signal)
      this.#connection.answered()
      this.#lists.follow()
      await this.#roomUpdates.all(signal)
    } catch (error) {
      if (!isConclaveError(error) || !error.retryable) throw error
      this.#connection.failed(error)
    }
    return this.knownRooms()
  }

  knownRooms(): readonly RoomSummary[] {
    return roomList(this.#parts.identity.body.rooms, this.#opened, this.#lists.listed)
  }

  async create(name: string, options: CreateOptions = {}, signal?: AbortSignal): Promise<Room> {
    checkRoomName(name)
    const { unlisted = false, acceptBy = 'members' } = options
    return abortable(signal, () => this.#create(name, { kind: 'group', acceptBy, listed: !unlisted }))
  }

  async #create(name: string, policy: RoomPolicy): Promise<RoomSession> {
    const roomId = await createRoom(this.#parts, this.#connection, name, policy)
    const session = await this.#session(roomId)
    await session.refresh()
    this.#copy.soon()
    return session
  }

  dm(name: string, confirm: Confirm = {}, signal?: AbortSignal): Promise<Room> {
    return abortable(signal, () => this.#dm(name, confirm, signal))
  }

  async #dm(name: string, confirm: Confirm, signal: AbortSignal | undefined): Promise<Room> {
    await this.rooms(signal)
    const known = this.#pairWith(name)
    if (known?.standing === 'member') return this.#session(known.roomId)
    if (known?.standing === 'invited') return this.#enterInvited(known.roomId)
    const contact = await this.#contact(name, confirm)
    if (contact.name === this.self.name) {
      throw new ConclaveError('usage', 'a chat with yourself', { hint: 'Give the name of someone else.' })
    }
    const session = await this.#create(pairName(this.self.name, contact.name), pairPolicy)
    await session.invite(contact.name, { trustNew: true })
    return session
  }

  /** A chat with this person that is not over. */
  #pairWith(name: string): VaultRoom | undefined {
    const wanted = skeleton(name)
    return this.#parts.identity.body.rooms.find(({ roomId, name: roomName, standing }) => {
      if (standing !== 'member' && standing !== 'invited') return false
      const shown = this.#opened.get(hex(roomId))?.name ?? roomName
      return shown.startsWith('@') && skeleton(shown.slice(1)) === wanted
    })
  }

  async #enterInvited(roomId: Bytes): Promise<RoomSession> {
    const session = await this.#session(roomId)
    await session.enterInvited()
    this.#copy.soon()
    return session
  }

  safetyNumber(name: string, signal?: AbortSignal): Promise<SafetyNumber> {
    return abortable(signal, () => compareKeys(this.#parts.store, this.#parts.identity, name))
  }

  confirmKey(name: string, fingerprint: string, signal?: AbortSignal): Promise<void> {
    return abortable(signal, async () => void (await this.#contact(name, { fingerprint })))
  }

  rekey(signal?: AbortSignal): Promise<Rekeyed> {
    return abortable(signal, () => this.#rekey())
  }

  async #rekey(): Promise<Rekeyed> {
    const { identity, store, clock, random } = this.#parts
    await this.rooms()
    await renewRegistered(store, await this.#connection.known(), identity, random, clock.now())
    await this.#copy.now()
    let rooms = 0
    for (const { roomId, standing } of identity.body.rooms) {
      if (standing !== 'member') continue
      const done = await this.#roomUpdates.alone(roomId, async () => {
        const session = await this.#session(roomId)
        await session.refresh()
        await session.fulfilDuties()
        return true
      })
      if (done) rooms += 1
    }
    return { ...this.self, rooms }
  }

  #states(): readonly RoomState[] {
    return [...this.#opened.values()].flatMap(({ state }) => state ?? [])
  }

  #contact(name: string, confirm: Confirm): Promise<Contact> {
    const { store, identity, clock } = this.#parts
    return findContact(store, identity, this.#states(), name, confirm, clock.now())
  }

  open(room: string, signal?: AbortSignal): Promise<Room> {
    return abortable(signal, () => this.#open(room, signal))
  }

  async #open(room: string, signal: AbortSignal | undefined): Promise<Room> {
    const ref = parseRoomRef(room)
    await this.#copy.looked()
    const known = await this.#existing(ref, signal)
    const joined = known.find(({ standing }) => standing === 'member') ?? known[0]
    if (joined === undefined) {
      await findCard(this.#parts.store, ref, signal)
      throw new ConclaveError('not-member', `you are not a member of ${room}`, { hint: [command('join', room)] })
    }
    if (joined.standing === 'waiting') await this.#answered(joined.roomId, joined.name, joined.knockHash, signal)
    const session = await this.#session(joined.roomId)
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

  /** What is remembered of such rooms; those of one's own whose creation was cut off only once the store shows them. */
  async #existing(ref: RoomRef, signal?: AbortSignal): Promise<readonly VaultRoom[]> {
    const found = () => {
      return this.#parts.identity.body.rooms.filter((one) => one.standing !== 'stranger' && matches(ref, one))
    }
    for (const { roomId } of found().filter(isUncreated)) await this.#tryRefresh(await this.#session(roomId), signal)
    return found().filter((one) => !isUncreated(one))
  }

  /** What lies here is shown without the store; only where nothing does its newest page is waited for. */
  async #showSoon(session: RoomSession, signal?: AbortSignal): Promise<void> {
    const refreshed = this.#tryRefresh(session, signal)
    refreshed.catch((error: unknown) => signal?.aborted === true || this.#connection.doubted(error))
    const patience = session.state === undefined ? [] : [this.#parts.clock.sleep(openPatienceMs, { ref: false })]
    await Promise.race([refreshed, session.previewed, ...patience])
  }

  /** Whether a knock was answered meanwhile; does not wait. */
  async #answered(roomId: Bytes, name: string, knockHash: Bytes | null, signal?: AbortSignal): Promise<void> {
    if (knockHash === null) return
    await new WaitingAdmission(await this.#admissionParts(roomId), name, knockHash).look(signal)
  }

  async #tryRefresh(session: RoomSession, signal?: AbortSignal): Promise<void> {
    let isKnown = false
    try {
      await this.#connection.known()
      isKnown = true
      await session.refresh(signal)
      this.#connection.answered()
    } catch (error) {
      if (!isConclaveError(error) || !error.retryable) throw error
      if (isKnown) this.#connection.doubted(error)
      else this.#connection.failed(error)
    }
  }

  forget(room: string, signal?: AbortSignal): Promise<Forgotten> {
    return abortable(signal, () => this.#forget(room))
  }

  async #forget(room: string): Promise<Forgotten> {
    const known = await this.#existing(parseRoomRef(room))
    const { roomId } = known.find(({ standing }) => standing === 'member') ?? known[0] ?? {}
    if (roomId === undefined) throw new ConclaveError('no-such-room', `there is no copy of ${room}`)
    const { name, state, log } = await this.#session(roomId)
    await this.#unload(roomId)
    await this.#dropCopy(roomId, state)
    await this.#parts.home.shrink?.()
    return { name, records: log.end.i }
  }

  /** What is remembered of the room stays, so that a store that was rolled back is still noticed. */
  async #dropCopy(roomId: Bytes, state: RoomState | undefined): Promise<void> {
    const { home, identity } = this.#parts
    const remembered = identity.room(roomId)
    if (state !== undefined && remembered !== undefined) {
      const head = { n: state.marks.size - 1, hash: headOf(state).hash }
      if (head.n > (remembered.head?.n ?? -1)) await identity.setRoom({ ...remembered, head })
    }
    if (await new Replica(home, roomId).forget()) return
    throw new ConclaveError('not-allowed', 'messages wait to be sent to this room, so its copy stays', {
      hint: 'They are sent with the next command in this room once the store answers. The terminal interface can discard what can’t be sent.',
    })
  }

  async #unload(roomId: Bytes): Promise<void> {
    await this.#opened.get(hex(roomId))?.close()
    this.#opened.delete(hex(roomId))
    this.#sessions.delete(hex(roomId))
  }

  join(room: string, signal?: AbortSignal): Promise<Admission> {
    return abortable(signal, () => this.#join(room, signal))
  }

  async #join(room: string, signal: AbortSignal | undefined): Promise<Admission> {
    const { store, identity } = this.#parts
    const ref = parseRoomRef(room)
    await this.#copy.looked()
    await readInbox(store, identity, signal)
    const [known] = await this.#existing(ref, signal)
    if (known?.standing === 'member') {
      const session = await this.#session(known.roomId)
      await this.#tryRefresh(session, signal)
      if (session.standing === 'member' && (await session.hasKeys(signal))) return alreadyIn(session)
    }
    if (known?.standing === 'invited') return alreadyIn(await this.#enterInvited(known.roomId))
    if (known?.standing === 'waiting' && known.knockHash !== null) {
      const entry = await findCard(store, ref, signal).catch(() => undefined)
      if (entry === undefined || hex(entry.roomId) === hex(known.roomId)) {
        const admission = new WaitingAdmission(await this.#admissionParts(known.roomId), known.name, known.knockHash)
        await admission.look(signal)
        return admission
      }
    }
    const { roomId, card } = await findCard(store, ref, signal)
    const parts = await this.#admissionParts(roomId)
    const remembered = identity.room(roomId)
    if (remembered?.head && card.n < remembered.head.n) {
      // An old card: what one remembers oneself is newer.
      await knock(parts, card, remembered.head.hash)
    } else {
      await knock(parts, card, undefined)
    }
    this.#copy.soon()
    return new WaitingAdmission(parts, card.name, identity.room(roomId)?.knockHash ?? zeroHash)
  }

  async #admissionParts(roomId: Bytes): Promise<AdmissionParts> {
    return {
      ...this.#parts,
      incarnation: await this.#connection.known(),
      roomId,
      closing: this.#closing.signal,
      enter: async () => {
        const session = await this.#session(roomId)
        await session.readmitted()
        this.#copy.soon()
        return session
      },
      changed: () => this.#listeners.tell(),
    }
  }

  /** A room's session, which follows the room. */
  async #session(roomId: Bytes): Promise<RoomSession> {
    const session = await this.#loaded(roomId)
    session.start()
    return session
  }

  /** A room's session as it lies here; nothing is asked of the store. */
  #loaded(roomId: Bytes): Promise<RoomSession> {
    const name = hex(roomId)
    let session = this.#sessions.get(name)
    if (session === undefined) {
      session = this.#load(roomId)
      this.#sessions.set(name, session)
      session.catch(() => this.#sessions.delete(name))
    }
    return session
  }

  async #load(roomId: Bytes): Promise<RoomSession> {
    const session = await RoomSession.open({
      ...this.#parts,
      outbox: this.#outbox,
      incarnation: this.#connection,
      isOurs: (signal) => this.#lineage.isOurs(signal),
      roomId,
      contact: (name, confirm) => this.#contact(name, confirm),
      connection: this.#connection,
      changed: () => this.#listeners.tell(),
    })
    this.#opened.set(hex(roomId), session)
    this.#connection.start()
    return session
  }

  subscribe(listener: () => void): Unsubscribe {
    return this.#listeners.on('change', listener)
  }

  on<E extends keyof ChatEvents>(event: E, listener: Listener<ChatEvents[E]>): Unsubscribe {
    return this.#listeners.on(event, listener)
  }

  off<E extends keyof ChatEvents>(event: E, listener: Listener<ChatEvents[E]>): void {
    this.#listeners.off(event, listener)
  }

  get recoveries(): readonly Recovery[] {
    return [this.#own, ...this.#opened.values()].flatMap(({ recovery }) => recovery ?? [])
  }

  /** What was read of the store may be missing there now. */
  #restored(): void {
    for (const session of this.#opened.values()) session.restored()
    this.#own.look()
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    this.#listeners.close()
    await this.#watching
    await this.#lists.close()
    await this.#own.close()
    await this.#connection.close()
    const sessions = await Promise.allSettled(this.#sessions.values())
    for (const session of sessions) if (session.status === 'fulfilled') await session.value.close()
    await this.#copy.close()
    await this.#outbox.close()
    await this.#parts.release()
  }
}
