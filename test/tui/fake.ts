/**
 * Accounts and rooms in memory, for the component tests of the screen and for trying it out without a store. What other
 * people do is played by calling methods of `FakeWorld`. Nothing here is durable, encrypted or shared.
 */
import { ConclaveError } from '../../src/base/errors.ts'
import type {
  Accounts,
  KnownIdentity,
  LogIn,
  PasswordChanged,
  SignedUp,
  SignUp,
  UnlockedIdentity,
} from '../../src/chat/accounts.ts'
import type {
  Admission,
  Advice,
  ChangedKey,
  Chat,
  Confirm,
  Connection,
  CreateOptions,
  Done,
  HistoryPage,
  HistoryQuery,
  Invitation,
  Knock,
  Member,
  Policy,
  Reading,
  Rekeyed,
  Room,
  Recovery,
  Repair,
  RoomChange,
  RoomSummary,
  SearchOptions,
  SearchResult,
  Sent,
  Standing,
  HeadComparison,
  LastHeard,
  Verification,
} from '../../src/chat/chat.ts'
import type { Draft, Typed, TypedTexts } from '../../src/chat/home/typed-text.ts'
import { UnconfirmedKey } from '../../src/chat/people/unconfirmed-key.ts'
import { rotateText } from '../../src/chat/rotation.ts'
import { isMention } from '../../src/chat/timeline/unread-messages.ts'
import { roomAttention, type Attention } from '../../src/chat/attention.ts'
import { searchPages } from '../chat/plain-search.ts'
import type { AdminItem, MessageContent, MessageItem, PendingItem, Person, TimelineItem } from '../../src/chat/item.ts'

export function person(name: string): Person {
  let seed = 7
  for (const letter of name) seed = (seed * 131 + letter.charCodeAt(0)) % 999_983
  const digits = Array.from({ length: 6 }, (_, group) => String((seed * (group + 3) * 7919) % 10_000).padStart(4, '0'))
  return { name, fingerprint: digits.join(' ') }
}

export function member({ name, fingerprint }: Person, role: Member['role'] = 'member'): Member {
  return { name, fingerprint, id: fingerprint, role }
}

export class FakeRoom implements Room {
  readonly id: string
  readonly name: string
  self: Person
  readonly #world: FakeWorld
  topic = ''
  standing: Standing = 'member'
  endedBy: Person | undefined
  members: Member[] = []
  invitations: Invitation[] = []
  changedKeys: ChangedKey[] = []
  policy: Policy = { acceptBy: 'members', listed: true, rotateDays: 30 }
  tooNew = false
  reading: Reading | undefined
  knocks: Knock[] = []
  pending: PendingItem[] = []
  log: TimelineItem[] = []
  seq = 0
  readUpTo = 0
  mentions = 0
  recovery: Recovery | undefined
  readonly #listeners = new Set<(change: RoomChange) => void>()

  constructor(world: FakeWorld, name: string, self: Person) {
    this.#world = world
    this.self = self
    this.name = name
    this.id = Buffer.from(name.padEnd(32, '.')).toString('hex').slice(0, 64)
  }

  get unread(): number {
    return Math.max(0, this.seq - this.readUpTo)
  }

  say(from: Person, content: MessageContent | string, at = this.#world.now()): void {
    this.seq += 1
    const body: MessageContent = typeof content === 'string' ? { type: 'text', text: content } : content
    const own = from.fingerprint === this.self.fingerprint
    const id = String(this.seq).padStart(32, '0')
    const admin = this.members.some((one) => one.fingerprint === from.fingerprint && one.role === 'admin')
    const author = { ...from, id: from.fingerprint, admin }
    if (!own && 'text' in body && isMention(body.text, this.self.name)) this.mentions += 1
    this.add({ kind: 'message', i: this.log.length, seq: this.seq, id, at, from: author, own, ...body })
  }

  admin(event: AdminItem['event'], by: Person, target?: Person, detail?: string): void {
    const about = { ...(target && { target }), ...(detail !== undefined && { detail }) }
    this.add({ kind: 'admin', i: this.log.length, at: this.#world.now(), event, by, ...about })
  }

  add(item: TimelineItem): void {
    this.log.push(item)
    this.tell({ kind: 'items', items: [item] })
    this.#world.changed()
  }

  knock(who: Omit<Knock, 'at'>): void {
    const at = this.#world.now()
    this.knocks.push({ ...who, at })
    this.tell({ kind: 'knock', item: { kind: 'admin', at, event: 'knock', by: who, target: who } })
    this.#world.changed()
  }

  tell(change: RoomChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }

  async send(content: MessageContent | string): Promise<Sent> {
    const body: MessageContent = typeof content === 'string' ? { type: 'text', text: content } : content
    if (this.standing !== 'member') throw new ConclaveError('not-member', `You are not a member of ${this.name}`)
    if (this.#world.connection.state !== 'online') {
      const id = `queued-${this.seq}-${this.pending.length}`
      this.pending.push({ id, at: this.#world.now(), content: body, state: 'queued' })
      this.tell({ kind: 'state' })
      return { id, sent: new Promise(() => undefined) }
    }
    this.say(this.self, body)
    const id = String(this.seq).padStart(32, '0')
    return { id, sent: Promise.resolve({ seq: this.seq, id, i: this.log.length - 1 }) }
  }

  async drop(id: string): Promise<void> {
    this.pending = this.pending.filter((item) => item.id !== id)
    this.tell({ kind: 'state' })
  }

  async history({ limit, before, fromIndex, fromSeq }: HistoryQuery): Promise<HistoryPage> {
    if (fromSeq !== undefined) {
      const at = this.log.findIndex((item) => item.kind === 'message' && item.seq >= fromSeq)
      return at < 0 ? { items: [], more: false } : this.history({ limit, fromIndex: at })
    }
    if (fromIndex !== undefined) {
      return { items: this.log.slice(fromIndex, fromIndex + limit), more: fromIndex + limit < this.log.length }
    }
    const end = before ?? this.log.length
    const start = Math.max(0, end - limit)
    return { items: this.log.slice(start, end), more: start > 0 }
  }

  search(words: readonly string[], options?: SearchOptions, signal?: AbortSignal): Promise<SearchResult> {
    return searchPages(this, words, options, signal)
  }

  async *follow(): AsyncIterable<TimelineItem> {
    yield* this.log
  }

  attend(): void {}

  async refresh(): Promise<void> {}

  async accept(name: string): Promise<Done> {
    const knock = this.take(name)
    this.members.push(member(knock))
    return this.#done('accept', knock)
  }

  async reject(name: string): Promise<Done> {
    return this.#done('reject', this.take(name))
  }

  take(name: string): Knock {
    const knock = this.knocks.find((other) => other.name === name)
    if (knock === undefined) throw new ConclaveError('no-such-user', `nobody called ${name} knocks`)
    this.knocks = this.knocks.filter((other) => other !== knock)
    return knock
  }

  async kick(name: string): Promise<Done> {
    const one = this.invitations.find((other) => other.name === name) ?? this.#member(name)
    this.members = this.members.filter((other) => other !== one)
    this.invitations = this.invitations.filter((other) => other !== one)
    return this.#done('kick', { name: one.name, fingerprint: one.fingerprint })
  }

  #member(name: string): Member {
    const member = this.members.find((other) => other.name === name)
    if (member === undefined) throw new ConclaveError('no-such-user', `nobody called ${name} is in ${this.name}`)
    return member
  }

  async promote(name: string): Promise<Done> {
    return this.#changeRole('promote', name, 'admin')
  }

  async demote(name: string): Promise<Done> {
    return this.#changeRole('demote', name, 'member')
  }

  #changeRole(event: 'promote' | 'demote', name: string, role: Member['role']): Done {
    const member = this.#member(name)
    this.members = this.members.map((other) => (other === member ? { ...member, role } : other))
    return this.#done(event, { name, fingerprint: member.fingerprint })
  }

  #done(event: AdminItem['event'], target?: Person, detail?: string): Done {
    this.admin(event, this.self, target, detail)
    return { i: this.log.length - 1 }
  }

  async setPolicy(policy: Partial<Policy>): Promise<Done> {
    this.policy = { ...this.policy, ...policy }
    const { acceptBy, listed, rotateDays } = this.policy
    return this.#done(
      'policy',
      undefined,
      `${acceptBy} accept, ${listed ? 'listed' : 'unlisted'}, rotate ${rotateText(rotateDays)}`,
    )
  }

  async setTopic(topic: string): Promise<Done> {
    this.topic = topic
    return this.#done('topic', undefined, topic)
  }

  async rotate(): Promise<Done> {
    return this.#done('rotate')
  }

  async invite(name: string, { fingerprint }: Confirm = {}): Promise<Done> {
    this.#world.checkKey(name, fingerprint)
    this.invitations = [...this.invitations, { ...person(name), by: this.self.name }]
    return this.#done('invite', person(name))
  }

  async leave(): Promise<Done> {
    this.standing = 'left'
    this.members = this.members.filter(({ name }) => name !== this.self.name)
    return this.#done('leave')
  }

  async markRead(seq: number): Promise<void> {
    this.readUpTo = Math.max(this.readUpTo, seq)
    this.mentions = 0
    this.tell({ kind: 'state' })
    this.#world.changed()
  }

  async verify(): Promise<Verification> {
    const messages = this.log.filter((item) => item.kind === 'message').length
    const controls = this.log.length - messages
    return {
      records: this.log.length,
      messages,
      controls,
      voids: [],
      damage: [],
      putBack: 0,
      head: this.id,
      headPhrase: 'six of these words are here',
      lastHeard: [],
    }
  }

  async compareHead(): Promise<HeadComparison> {
    return 'same'
  }

  async lastHeard(): Promise<readonly LastHeard[]> {
    return this.members
  }

  async repair(): Promise<Repair> {
    return { again: [], left: [], corrected: [] }
  }

  on(): () => void {
    return () => undefined
  }

  off(): void {}

  subscribe(listener: (change: RoomChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  summary(): RoomSummary {
    const { name, id, standing, unread, mentions } = this
    const members = standing === 'member' ? this.members.length : 0
    const isVerified = name.startsWith('@') && this.members.some(({ verified }) => verified)
    const attention = standing === 'member' ? this.#attention() : []
    const newest = this.log.findLast((item) => item.kind === 'message')
    const at = newest?.kind === 'message' && standing === 'member' ? { newestAt: newest.at } : {}
    return { name, id, standing, unread, mentions, members, attention, ...at, ...(isVerified && { verified: true }) }
  }

  #attention(): readonly Attention[] {
    const { self, knocks, readUpTo, unread } = this
    const messages = this.log.flatMap((item) => {
      return item.kind === 'message' && !item.own && item.seq > readUpTo ? [item] : []
    })
    const direct = this.name.startsWith('@')
    const isForYou = (item: MessageItem): boolean => direct || ('text' in item && isMention(item.text, self.name))
    const [forYou, others] = [messages.filter(isForYou), messages.filter((item) => !isForYou(item))]
    return roomAttention({ direct, requests: knocks, forYou, others, unread })
  }
}

/** What was typed, as a home keeps it. */
export class FakeTyped implements TypedTexts {
  readonly drafts = new Map<string, Draft>()
  readonly lines = new Map<string, readonly string[]>()
  /** Nothing can be read or written, as on a full disk. */
  broken = false

  async read(roomId: string): Promise<Typed> {
    this.#check()
    return { draft: this.drafts.get(roomId), lines: this.lines.get(roomId) ?? [] }
  }

  async saveDraft(roomId: string, draft: Draft | undefined): Promise<void> {
    this.#check()
    if (draft === undefined) this.drafts.delete(roomId)
    else this.drafts.set(roomId, draft)
  }

  async addLines(roomId: string, lines: readonly string[]): Promise<void> {
    this.#check()
    this.lines.set(roomId, [...(this.lines.get(roomId) ?? []), ...lines])
  }

  #check(): void {
    if (this.broken) throw new ConclaveError('unavailable', 'The disk is full')
  }
}

/** One home, one person at a time, rooms that only this process knows. */
export class FakeWorld implements Accounts {
  connection: Connection = { state: 'online', detail: 'local store' }
  readonly known: KnownIdentity[] = []
  readonly rooms: FakeRoom[] = []
  readonly listed: RoomSummary[] = []
  /** What a password is checked against, and how long that takes. */
  passwords = new Map<string, string>()
  unlockMs = 0
  /** Names whose keys were never seen, and those that were known by other fingerprints. */
  readonly newKeys = new Set<string>()
  readonly otherKeys = new Map<string, string>()
  readonly verified = new Set<string>()
  advice: Advice | undefined
  readonly typed = new FakeTyped()
  #clock: () => number
  readonly #listeners = new Set<() => void>()
  #self: Person = person('nobody')

  constructor(clock: () => number = Date.now) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock()
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  checkKey(name: string, fingerprint: string | undefined): void {
    const known = this.otherKeys.get(name)
    if (fingerprint !== undefined && fingerprint !== person(name).fingerprint) {
      throw new UnconfirmedKey(person(name), known, 'has another fingerprint', '')
    }
    if (fingerprint !== undefined || (known === undefined && !this.newKeys.has(name))) return
    throw new UnconfirmedKey(person(name), known, 'is unknown', '')
  }

  room(name: string, self: Person, others: readonly Person[] = []): FakeRoom {
    const room = new FakeRoom(this, name, self)
    room.members = [member(self, 'admin'), ...others.map((other) => member(other))]
    room.admin('create', self)
    this.rooms.push(room)
    this.rooms.sort((a, b) => a.name.localeCompare(b.name))
    return room
  }

  async recoveryCode(): Promise<string> {
    return 'AAAA-BBBB'
  }

  async identities(): Promise<readonly KnownIdentity[]> {
    return this.known
  }

  suggestPassphrase(): string {
    return 'orbit canvas timber velvet monkey thrive'
  }

  async weakness(password: string): Promise<string | undefined> {
    return password.length < 12 ? 'It is short: a dozen characters that are no common words.' : undefined
  }

  async signUp({ name, password, chosen }: SignUp): Promise<SignedUp> {
    await this.#work()
    if (this.passwords.has(name)) {
      throw new ConclaveError('name-taken', `the name ${name} is taken`, { hint: 'Choose another one.' })
    }
    this.passwords.set(name, password)
    const chat = this.#chat(name)
    return chosen ? { chat, recoveryCode: 'K4QD-99ZX-PPLM-2TRC-JW3H-0VAY' } : { chat }
  }

  async changePassword(): Promise<PasswordChanged> {
    throw new ConclaveError('not-allowed', 'nobody changes a password here')
  }

  async unlock(): Promise<UnlockedIdentity> {
    throw new ConclaveError('not-allowed', 'nobody is kept unlocked here')
  }

  async logInUnlocked({ name }: { readonly name: string }): Promise<Chat> {
    return this.#chat(name)
  }

  async logIn({ name, password }: LogIn): Promise<Chat> {
    await this.#work()
    const right = this.passwords.get(name)
    if (right === undefined) throw new ConclaveError('no-such-user', `nobody is called ${name}`)
    if (right !== password) {
      throw new ConclaveError('wrong-password', 'That passphrase does not open these keys.', { hint: 'Try again.' })
    }
    return this.#chat(name)
  }

  async #work(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.unlockMs))
  }

  #chat(name: string): Chat {
    // The chat is an object of getters over this world.
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const world = this
    this.#self = person(name)
    const summaries = (): readonly RoomSummary[] => [...world.rooms.map((room) => room.summary()), ...world.listed]
    return {
      typed: world.typed,
      get self() {
        return world.#self
      },
      get connection() {
        return world.connection
      },
      get advice() {
        return world.advice
      },
      rooms: async () => summaries(),
      recoveries: [],
      knownRooms: summaries,
      create: async (room: string, _options?: CreateOptions) => world.#create(room),
      dm: async (other: string, { fingerprint }: Confirm = {}) => {
        world.checkKey(other, fingerprint)
        const known = world.rooms.find((room) => room.name === `@${other}`)
        const room = known ?? world.room(`@${other}`, world.#self)
        if (known === undefined) await room.invite(other, { fingerprint: person(other).fingerprint })
        return room
      },
      safetyNumber: async (other: string) => ({
        ...person(other),
        number: Array.from({ length: 12 }, (_, group) => String(10_000 + group * 1234)).join(' '),
        confirmed: world.verified.has(other),
        ...(world.otherKeys.has(other) && { known: world.otherKeys.get(other) ?? '' }),
      }),
      confirmKey: async (other: string) => {
        world.otherKeys.delete(other)
        world.newKeys.delete(other)
        world.verified.add(other)
        for (const room of world.rooms) {
          room.changedKeys = room.changedKeys.filter(({ name }) => name !== other)
          room.members = room.members.map((one) => (one.name === other ? { ...one, verified: true } : one))
        }
      },
      rekey: async () => world.#rekey({ name, fingerprint: person(`${name} anew`).fingerprint }),
      forget: async (room: string) => ({ name: room, records: 0 }),
      open: async (room: string) => world.#open(room),
      join: async (room: string) => world.#join(room),
      subscribe: (listener: () => void) => {
        world.#listeners.add(listener)
        return () => world.#listeners.delete(listener)
      },
      on: () => () => undefined,
      off: () => undefined,
      close: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  #rekey(self: Person): Rekeyed {
    const before = this.#self.fingerprint
    this.#self = self
    for (const room of this.rooms) {
      room.self = self
      room.members = room.members.map((one) => (one.fingerprint === before ? { ...one, ...self } : one))
      room.admin('rekey', self, self)
    }
    return { ...self, rooms: this.rooms.length }
  }

  #create(name: string): FakeRoom {
    if (this.rooms.some((room) => room.name === name)) throw new ConclaveError('name-taken', `there is a room ${name}`)
    const room = this.room(name, this.#self)
    this.changed()
    return room
  }

  #open(wanted: string): FakeRoom {
    const room = this.rooms.find((other) => other.id === wanted || other.name === wanted.split('#')[0])
    if (room === undefined) throw new ConclaveError('no-such-room', `There is no room ${wanted}`)
    return room
  }

  /** Rooms named in `listed` let one in when `admit` is called. */
  readonly admissions = new Map<string, { accept: () => void; reject: () => void }>()

  async #join(wanted: string): Promise<Admission> {
    const known = [...this.rooms, ...this.listed].find((room) => room.id === wanted)
    const name = known?.name ?? wanted.split('#')[0] ?? ''
    const mine = this.rooms.find((room) => room.name === name)
    if (mine !== undefined) {
      return {
        roomId: mine.id,
        roomName: name,
        state: 'accepted',
        wait: async () => mine,
        withdraw: async () => undefined,
      }
    }
    if (!this.listed.some((room) => room.name === name))
      throw new ConclaveError('no-such-room', `There is no room ${name}`)
    const room = new FakeRoom(this, name, this.#self)
    const answer = Promise.withResolvers<Room>()
    let state: Admission['state'] = 'waiting'
    answer.promise.catch(() => undefined)
    const unlist = (): void =>
      void this.listed.splice(
        this.listed.findIndex((other) => other.name === name),
        1,
      )
    this.admissions.set(name, {
      accept: () => {
        unlist()
        state = 'accepted'
        room.members = [member(this.#self)]
        this.rooms.push(room)
        answer.resolve(room)
        this.changed()
      },
      reject: () => {
        state = 'rejected'
        answer.reject(new ConclaveError('rejected', `rejected at ${name}`))
      },
    })
    return {
      roomId: room.id,
      roomName: name,
      get state() {
        return state
      },
      wait: () => answer.promise,
      withdraw: async () => undefined,
    }
  }
}
