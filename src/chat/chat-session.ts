/** One identity on one store: its rooms, and the way into others. */
import { abortable } from '../base/abort.ts'
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import type { Listener } from '../base/emitter.ts'
import type { Clock } from '../base/clock.ts'
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Random } from '../crypto/random.ts'
import type { VaultBody } from '../crypto/vault-body.ts'
import { checkRoomName } from '../crypto/skeleton.ts'
import type { RoomPolicy } from '../protocol/operation.ts'
import type { Room as RoomState } from '../protocol/room.ts'
import { compareKeys, findContact, type Contact } from './people/contacts.ts'
import { createRoom, groupPolicy, pairName, pairPolicy } from './room/create-room.ts'
import { renewRegistered } from './identity/renew-keys.ts'
import type { Store } from '../store/store.ts'
import { ChatListeners } from './chat-listeners.ts'
import type { HomeStore } from './home/home.ts'
import { TypedTextRows, type TypedTexts } from './home/typed-text.ts'
import { watchHome } from './home/watch-home.ts'
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
import { parseRoomRef } from './people/directory.ts'
import { Lists } from './people/lists.ts'
import { isKnown, pinnedAs, type NamedKey } from './people/pins.ts'
import { RoomUpdates } from './room/room-updates.ts'
import type { Identity } from './identity/identity.ts'
import type { Person } from './item.ts'
import { shownConnection } from './connection/connection-state.ts'
import { StoreConnection } from './connection/store-connection.ts'
import { CopyKeeper } from './identity/copy-keeper.ts'
import { Lineage } from './identity/lineage.ts'
import { Outbox } from './outbox/outbox.ts'
import { OwnName } from './identity/own-name.ts'
import { roomList } from './room/room-list.ts'
import { Entering } from './room/entering.ts'
import type { RoomSession } from './room/room-session.ts'
import { RoomSessions } from './room/room-sessions.ts'
import type { StoreHealth } from './connection/store-health.ts'

export interface ChatParts {
  readonly store: Store
  readonly home: HomeStore
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly health: StoreHealth
  /** What the store's copy of the vault held, if this home was made from it just now. */
  readonly fetched?: VaultBody
  /** Closes the home's store. */
  release(): Promise<void>
}

export class ChatSession implements Chat {
  readonly typed: TypedTexts
  readonly #parts: ChatParts
  readonly #outbox: Outbox
  readonly #sessions: RoomSessions
  readonly #entering: Entering
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
    this.typed = new TypedTextRows(parts.home, parts.identity.local)
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
    const [changed, restored] = [() => this.#listeners.tell(), () => this.#copy.soon()]
    this.#roomUpdates = new RoomUpdates({
      ...parts,
      connection: this.#connection,
      load: (roomId) => this.#sessions.here(roomId),
    })
    this.#lists = new Lists({ ...parts, connection: this.#connection, changed })
    this.#copy = new CopyKeeper({
      ...parts,
      connection: this.#connection,
      changed,
      learned: () => this.#learned(),
    })
    this.#own = new OwnName({ ...parts, life: this.#connection, lineage: this.#lineage, changed, restored })
    const connection = this.#connection
    this.#sessions = new RoomSessions({
      ...parts,
      connection,
      changed,
      outbox: this.#outbox,
      incarnation: connection,
      isOurs: (signal) => this.#lineage.isOurs(signal),
      contact: (name, confirm) => this.#contact(name, confirm),
    })
    const [copy, sessions, closing] = [this.#copy, this.#sessions, this.#closing.signal]
    const { invitations } = this.#lists
    this.#entering = new Entering({ ...parts, connection, changed, copy, sessions, invitations, closing })
    const watcher = {
      ...parts,
      vaultChanged: () => this.#vaultChanged(),
      readMoved: async (roomId: Bytes | undefined) => {
        const moved =
          roomId === undefined ? [...this.#sessions.loaded.values()] : [this.#sessions.loaded.get(hex(roomId))]
        for (const session of moved) await session?.readElsewhere()
      },
    }
    parts.identity.sharesRoom = (rootKey) => this.#states().some(({ members }) => members.has(hex(rootKey)))
    this.#watching = watchHome(watcher, this.#closing.signal)
  }

  /** Another program of this home, or this one, has changed the vault. */
  async #vaultChanged(): Promise<void> {
    if (await this.#parts.identity.reload()) this.#learned()
    this.#copy.changed()
  }

  /** Rooms that another program or machine of this person has entered are here too. */
  #learned(): void {
    if (this.#closing.signal.aborted) return
    for (const { roomId, standing } of this.#parts.identity.body.rooms) {
      if (standing === 'member' && !this.#sessions.has(roomId)) {
        this.#sessions.get(roomId).catch((error: unknown) => this.#note('room.load', error))
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
      this.#copy.watch()
      await this.#roomUpdates.all(signal)
    } catch (error) {
      if (!isConclaveError(error) || !error.retryable) throw error
      this.#connection.failed(error)
    }
    return this.knownRooms()
  }

  knownRooms(): readonly RoomSummary[] {
    const { identity } = this.#parts
    const { listed, invitations } = this.#lists
    const known = (person: NamedKey): boolean => isKnown(identity, person)
    return roomList(identity.body.rooms, this.#sessions.loaded, listed, invitations.all, known)
  }

  async create(name: string, options: CreateOptions = {}, signal?: AbortSignal): Promise<Room> {
    checkRoomName(name)
    const policy = groupPolicy(options)
    return abortable(signal, () => this.#create(name, policy))
  }

  async #create(name: string, policy: RoomPolicy): Promise<RoomSession> {
    const roomId = await createRoom(this.#parts, this.#connection, name, policy)
    const session = await this.#sessions.get(roomId)
    await session.refresh()
    this.#copy.soon()
    return session
  }

  dm(name: string, confirm: Confirm = {}, signal?: AbortSignal): Promise<Room> {
    return abortable(signal, () => this.#dm(name, confirm, signal))
  }

  async #dm(name: string, confirm: Confirm, signal: AbortSignal | undefined): Promise<Room> {
    await this.rooms(signal)
    const pin = confirm.fingerprint === undefined ? pinnedAs(this.#parts.identity, name) : undefined
    const pinned = pin && this.#sessions.pairWith(pin.rootKey)
    if (pinned !== undefined && pinned.changedKey === undefined) return pinned
    const contact = await this.#contact(name, confirm)
    const standing = this.#sessions.pairWith(contact.rootKey)
    if (standing !== undefined) return standing
    const invited = this.#lists.invitations.all.find(
      ({ direct, by }) => direct && equalBytes(by.rootKey, contact.rootKey),
    )
    if (invited !== undefined) return this.#entering.enterInvited(invited, { trustNew: true })
    if (contact.name === this.self.name) {
      throw new ConclaveError('usage', 'You can’t message yourself', { hint: 'Give the name of someone else.' })
    }
    const session = await this.#create(pairName(this.self.name, contact.name), pairPolicy)
    await session.inviteKey(contact)
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
    await this.#own.require()
    await renewRegistered(store, await this.#connection.known(), identity, random, clock.now())
    await this.#copy.now()
    let rooms = 0
    for (const { roomId, standing } of identity.body.rooms) {
      if (standing !== 'member') continue
      const done = await this.#roomUpdates.alone(roomId, async () => {
        const session = await this.#sessions.get(roomId)
        await session.refresh()
        await session.fulfilDuties()
        return true
      })
      if (done) rooms += 1
    }
    return { ...this.self, rooms }
  }

  #states(): readonly RoomState[] {
    return [...this.#sessions.loaded.values()].flatMap(({ state }) => state ?? [])
  }

  async #contact(name: string, confirm: Confirm): Promise<Contact> {
    const { store, identity, clock } = this.#parts
    const { pins } = identity.body
    const contact = await findContact(store, identity, this.#states(), name, confirm, clock.now())
    // What was decided about a key is in the copy when the program ends.
    if (identity.body.pins !== pins) this.#copy.soon()
    return contact
  }

  open(room: string, signal?: AbortSignal): Promise<Room> {
    return abortable(signal, () => this.#entering.open(room, signal))
  }

  forget(room: string, signal?: AbortSignal): Promise<Forgotten> {
    return abortable(signal, () => this.#forget(room))
  }

  async #forget(room: string): Promise<Forgotten> {
    const known = await this.#entering.existing(parseRoomRef(room))
    const { roomId } = known.find(({ standing }) => standing === 'member') ?? known[0] ?? {}
    if (roomId === undefined) throw new ConclaveError('no-such-room', `There is no copy of ${room} on this machine`)
    const forgotten = await this.#sessions.forget(roomId)
    await this.#parts.home.shrink?.()
    return forgotten
  }

  join(room: string, confirm: Confirm = {}, signal?: AbortSignal): Promise<Admission> {
    return abortable(signal, () => this.#entering.join(room, confirm, signal))
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
    return [this.#own, ...this.#sessions.loaded.values()].flatMap(({ recovery }) => recovery ?? [])
  }

  /** What was read from the store may be missing there now. */
  #restored(): void {
    for (const session of this.#sessions.loaded.values()) session.restored()
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
    await this.#sessions.close()
    await this.#copy.close()
    await this.#outbox.close()
    await this.#parts.release()
  }
}
