/**
 * The rules of a room once more, on plain sets and maps: names instead of keys, facts instead of cryptography. Written
 * from docs/protocol.md, apart from the program; rules-model.test.ts holds the two against one another.
 */
export interface Claim {
  readonly kind:
    | 'accept'
    | 'reject'
    | 'invite'
    | 'kick'
    | 'leave'
    | 'rotate'
    | 'rekey'
    | 'promote'
    | 'demote'
    | 'policy'
    | 'topic'
    | 'repair'
  /** Where it stands in the log. */
  readonly i: number
  readonly by: string
  /** Its place, its shape, its seal, its signatures and proofs are what they ought to be: C1–C3, C6, C8, A1, A3, J3, I4, Y3. */
  readonly isGenuine: boolean
  /** The record that it says it follows, and its n. */
  readonly follows: number
  readonly n: number
  /** The epoch that it says it is sealed under, and the record that opened the epoch whose key it took. */
  readonly under: number
  readonly sealedBy: number
  /** The epoch that it says is in force after it. */
  readonly epoch: number
  readonly root?: string
  readonly wrap?: string
  readonly knock?: { readonly id: string; readonly root: string; readonly wrap: string; readonly head: number }
  readonly acceptBy?: 'members' | 'admins'
  readonly version?: number
  readonly repairs?: { readonly epoch: number; readonly of: number; readonly to: number }
}

interface Person {
  readonly index: number
  readonly wrap: string
  readonly isAdmin: boolean
}

interface State {
  readonly isPair: boolean
  version: number
  acceptBy: 'members' | 'admins'
  members: Map<string, Person>
  invited: Map<string, { readonly wrap: string; readonly by: number }>
  used: Set<string>
  gone: Map<string, { readonly n: number; readonly how: 'left' | 'kicked' | 'retired' }>
  seats: number
  /** By epoch; null once it was skipped. */
  openings: ({ readonly i: number; readonly n: number; readonly under: number } | null)[]
}

interface Step {
  readonly i: number
  readonly author: number
  readonly byAdmin: boolean
  readonly after: State
}

export class RulesModel {
  #chain: readonly Step[]

  constructor(creator: string, wrap: string, isPair: boolean) {
    const members = new Map([[creator, { index: 0, wrap, isAdmin: true }]])
    const rest = { invited: new Map(), used: new Set<string>(), gone: new Map(), seats: 1 }
    const after: State = {
      isPair,
      version: 1,
      acceptBy: 'members',
      members,
      ...rest,
      openings: [{ i: 0, n: 0, under: 0 }],
    }
    this.#chain = [{ i: 0, author: 0, byAdmin: true, after }]
  }

  get room(): State {
    return (this.#chain.at(-1) as Step).after
  }

  /** The places of the valid control records in force. */
  get chain(): readonly number[] {
    return this.#chain.map(({ i }) => i)
  }

  /** Whether the record is valid; the room changes if it is. */
  take(claim: Claim): boolean {
    const now = this.room
    const before = this.#chain[claim.n - 1]
    if (!claim.isGenuine || now.version !== 1 || before?.i !== claim.follows) return false
    const guest = claim.kind === 'accept' ? now.invited.get(claim.by) : undefined
    const author = now.members.get(claim.by)
    if (author === undefined && guest === undefined) return false
    const epoch = now.openings.length - 1
    if (now.openings[claim.under]?.i !== claim.sealedBy) return false

    let ground: State | undefined
    if (claim.n === this.#chain.length && claim.under === epoch) ground = copy(now)
    else ground = this.#behind(claim, before, author)
    const opens = claim.kind === 'kick' || claim.kind === 'rotate' || claim.kind === 'rekey'
    if (ground === undefined || claim.epoch !== ground.openings.length - (opens ? 0 : 1)) return false
    if (!allowed(ground, claim, this.chain)) return false
    if (opens) ground.openings.push({ i: claim.i, n: claim.n, under: claim.under })
    const step = { i: claim.i, author: author?.index ?? ground.seats, byAdmin: author?.isAdmin ?? false, after: ground }
    this.#chain = [...this.#chain.slice(0, claim.n), step]
    return true
  }

  /** The room that an epoch recovery applies to, if it is one: W1 to W7. */
  #behind(claim: Claim, opened: Step, author: Person | undefined): State | undefined {
    const ground = copy(opened.after)
    const left = ground.openings.length - 1
    const inForce = this.room.openings[left]
    const isOpening = claim.n >= 2 && inForce?.i === opened.i && inForce.under === claim.under
    const then = ground.members.get(claim.by)
    if (!isOpening || !author?.isAdmin || !then?.isAdmin || !['kick', 'rotate'].includes(claim.kind)) return undefined
    if (this.#chain.slice(claim.n).some((step) => step.byAdmin && step.author !== author.index)) return undefined
    if (opened.author === then.index && adminCount(ground) > 1) return undefined
    ground.openings[left] = null
    return ground
  }
}

/** Whether the operation is the author's to do; if it is, `room` is what it makes of it. */
function allowed(room: State, claim: Claim, chain: readonly number[]): boolean {
  const { by, kind, n, knock, root = '', wrap = '' } = claim
  const author = room.members.get(by)
  const isAdmin = author?.isAdmin === true
  const letsIn = author !== undefined && (isAdmin || room.acceptBy === 'members')
  switch (kind) {
    case 'accept': {
      if (knock === undefined || room.used.has(knock.id)) return false
      room.used.add(knock.id)
      const present = room.members.get(knock.root)
      if (present) return author !== undefined && present.wrap === knock.wrap
      const offer = by === knock.root ? room.invited.get(by) : undefined
      if (offer ? offer.wrap !== knock.wrap : !letsIn) return false
      const seen = chain.indexOf(knock.head)
      if (seen < 0 || seen < (room.gone.get(knock.root)?.n ?? 0)) return false
      if (!mayCome(room, knock.root, knock.wrap, isAdmin || offer !== undefined)) return false
      seat(room, knock.root, { index: room.seats, wrap: knock.wrap, isAdmin: room.isPair })
      return true
    }
    case 'reject':
      if (!letsIn || knock === undefined || room.used.has(knock.id)) return false
      room.used.add(knock.id)
      return true
    case 'invite': {
      if (!letsIn || room.members.has(root) || !mayCome(room, root, wrap, isAdmin)) return false
      const standing = room.invited.get(root)
      if (standing && !isAdmin && standing.by !== author.index) return false
      room.invited.set(root, { wrap, by: author.index })
      return true
    }
    case 'kick':
      if (!isAdmin || room.isPair || root === by || !(room.members.has(root) || room.invited.has(root))) return false
      remove(room, root, n, 'kicked')
      return true
    case 'leave':
      remove(room, by, n, 'left')
      return true
    case 'rotate':
      return isAdmin
    case 'rekey':
      if (author === undefined || room.members.has(root) || room.gone.has(root)) return false
      if (author.wrap === wrap || isTaken(room, wrap, by)) return false
      room.members.delete(by)
      room.gone.set(by, { n, how: 'retired' })
      seat(room, root, { ...author, wrap })
      return true
    case 'promote':
    case 'demote': {
      const target = room.members.get(root)
      if (!isAdmin || target === undefined || target.isAdmin === (kind === 'promote')) return false
      if (kind === 'demote' && adminCount(room) === 1) return false
      room.members.set(root, { ...target, isAdmin: kind === 'promote' })
      return true
    }
    case 'policy':
      if (!isAdmin || (claim.version ?? 1) < room.version) return false
      room.acceptBy = claim.acceptBy ?? room.acceptBy
      room.version = claim.version ?? room.version
      return true
    case 'topic':
      return author !== undefined
    case 'repair': {
      const { epoch, of, to } = claim.repairs ?? { epoch: -1, of: -1, to: -1 }
      const opening = room.openings[epoch]
      return (
        author !== undefined &&
        opening !== undefined &&
        opening !== null &&
        epoch > 0 &&
        of === epoch &&
        to === opening.under
      )
    }
  }
}

function mayCome(room: State, root: string, wrap: string, byAdmin: boolean): boolean {
  const how = room.gone.get(root)?.how
  if (how === 'retired' || (how === 'kicked' && !byAdmin) || isTaken(room, wrap, root)) return false
  const others = [...room.members.keys(), ...room.invited.keys()].filter((key) => key !== root).length
  return !room.isPair || (others < 2 && (room.seats === 1 || how !== undefined))
}

function isTaken(room: State, wrap: string, owner: string): boolean {
  return [...room.members, ...room.invited].some(([key, other]) => key !== owner && other.wrap === wrap)
}

function seat(room: State, key: string, person: Person): void {
  room.members.set(key, person)
  room.invited.delete(key)
  room.seats = Math.max(room.seats, person.index + 1)
}

function remove(room: State, key: string, n: number, how: 'left' | 'kicked'): void {
  const index = room.members.get(key)?.index
  room.gone.set(key, { n, how })
  room.members.delete(key)
  room.invited.delete(key)
  for (const [guest, { by }] of room.invited) if (by === index) room.invited.delete(guest)
  if (adminCount(room) > 0 || room.members.size === 0) return
  const [eldest, person] = [...room.members].reduce((a, b) => (a[1].index < b[1].index ? a : b))
  room.members.set(eldest, { ...person, isAdmin: true })
}

function adminCount(room: State): number {
  return [...room.members.values()].filter(({ isAdmin }) => isAdmin).length
}

function copy(room: State): State {
  return {
    ...room,
    members: new Map(room.members),
    invited: new Map(room.invited),
    used: new Set(room.used),
    gone: new Map(room.gone),
    openings: [...room.openings],
  }
}
