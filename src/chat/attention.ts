/**
 * What waits for this person in a room: who asks to join, invitations, messages. One list a room, the most urgent first;
 * whatever draws attention (marks, counts, sounds) is drawn from it. Derived from the room's state alone, so that it is
 * the same in every program, and clears by itself: a request once it is answered, expired or withdrawn; an invitation
 * once it is taken up or withdrawn; a message once it is read. Pure.
 */
import { notifyRoomsMax } from '../base/limits.ts'
import type { Person } from './item.ts'

/** By urgency. `first-direct`: someone begins direct messages; `message`: any other one that is unread. */
export const attentionKinds = ['request', 'invitation', 'first-direct', 'mention', 'direct', 'message'] as const
export type AttentionKind = (typeof attentionKinds)[number]

export interface Attention {
  readonly kind: AttentionKind
  readonly count: number
  /** When the oldest and the newest of them were written, by their authors' clocks: milliseconds since the epoch. */
  readonly since: number
  readonly newest: number
  /** Who wrote the newest. */
  readonly by: Person
  /** Of an invitation: whether `by` is a key that this person knows. Otherwise it may be anyone of that name. */
  readonly known?: boolean
  /** Name each request or invitation, or the newest message. What was not among them before has just come. */
  readonly ids: readonly string[]
  /** Whose they are, in the order of each person's newest; of messages that were not read yet, there may be more. */
  readonly shares: readonly AttentionShare[]
}

export interface AttentionShare {
  readonly by: Person
  readonly count: number
  readonly since: number
  readonly newest: number
  readonly ids: readonly string[]
}

/** How much is announced: everything, what is meant for this person, or nothing. What waits is marked anyway. */
export const notifyLevels = ['all', 'mentions', 'none'] as const
export type NotifyLevel = (typeof notifyLevels)[number]

export interface NotifySettings {
  readonly level: NotifyLevel
  /** Announces nothing. */
  readonly doNotDisturb: boolean
  /** By room id, instead of `level`. */
  readonly rooms: Readonly<Record<string, NotifyLevel>>
}

export const notifyDefaults: NotifySettings = { level: 'mentions', doNotDisturb: false, rooms: {} }

/** What is absent stays. */
export interface NotifyChange {
  readonly level?: NotifyLevel | undefined
  readonly doNotDisturb?: boolean | undefined
  /** Without a level, the room is as the others. */
  readonly room?: { readonly id: string; readonly level: NotifyLevel | undefined } | undefined
}

export function changedNotify(settings: NotifySettings, change: NotifyChange): NotifySettings {
  const { level = settings.level, doNotDisturb = settings.doNotDisturb, room } = change
  const others = Object.entries(settings.rooms).filter(([id]) => id !== room?.id)
  const own = room?.level === undefined ? [] : [[room.id, room.level] as const]
  return { level, doNotDisturb, rooms: Object.fromEntries([...others, ...own].slice(-notifyRoomsMax)) }
}

/** Where the settings are kept; several programs use it. */
export interface NotifyStore {
  read(): Promise<NotifySettings>
  save(change: NotifyChange): Promise<void>
}

/** An unread message by someone else. */
export interface UnreadMessage {
  readonly seq: number
  readonly at: number
  readonly from: Person
}

/** @param requests those that this person may answer, oldest first. @param forYou unread messages for this person */
export function roomAttention(facts: {
  readonly direct: boolean
  readonly requests: readonly (Person & { readonly at: number })[]
  readonly forYou: readonly UnreadMessage[]
  readonly others: readonly UnreadMessage[]
  readonly unread: number
}): readonly Attention[] {
  const { direct, requests, forYou, others, unread } = facts
  const asked = requests.map(({ name, fingerprint, at }) => ({ at, from: { name, fingerprint } }))
  const requestIds = requests.map(({ fingerprint, at }) => `${fingerprint} ${at}`)
  const idsOf = (messages: readonly UnreadMessage[]): readonly string[] => messages.map(({ seq }) => String(seq))
  return [
    ...together('request', asked, requestIds),
    ...together(direct ? 'direct' : 'mention', forYou, idsOf(forYou)),
    ...together('message', others, idsOf(others), Math.max(others.length, unread - forYou.length)),
  ]
}

export function invitationAttention(invitation: {
  readonly direct: boolean
  readonly at: number
  readonly by: Person & { readonly known: boolean }
}): readonly Attention[] {
  const { direct, at, by } = invitation
  const { name, fingerprint, known } = by
  const [one] = together(direct ? 'first-direct' : 'invitation', [{ at, from: { name, fingerprint } }], [fingerprint])
  return one === undefined ? [] : [{ ...one, known }]
}

function together(
  kind: AttentionKind,
  all: readonly { readonly at: number; readonly from: Person }[],
  ids: readonly string[],
  count = all.length,
): readonly Attention[] {
  const [oldest, latest] = [all[0], all.at(-1)]
  if (oldest === undefined || latest === undefined) return []
  const named = isLasting(kind) ? ids : ids.slice(-1)
  return [
    { kind, count, since: oldest.at, newest: latest.at, by: latest.from, ids: named, shares: sharesOf(kind, all, ids) },
  ]
}

function sharesOf(
  kind: AttentionKind,
  all: readonly { readonly at: number; readonly from: Person }[],
  ids: readonly string[],
): readonly AttentionShare[] {
  const shares = new Map<string, AttentionShare>()
  for (const [index, { at, from }] of all.entries()) {
    const before = shares.get(from.fingerprint)
    // The newest goes last.
    shares.delete(from.fingerprint)
    const id = ids[index] ?? ''
    shares.set(from.fingerprint, {
      by: from,
      count: (before?.count ?? 0) + 1,
      since: before?.since ?? at,
      newest: at,
      ids: isLasting(kind) ? [...(before?.ids ?? []), id] : [id],
    })
  }
  return [...shares.values()]
}

/** What is left where these people don't count. The same objects where nothing is theirs. */
export function withoutPeople(
  attention: readonly Attention[],
  isLeftOut: (fingerprint: string) => boolean,
): readonly Attention[] {
  return attention.flatMap((one) => {
    const left = one.shares.filter(({ by }) => !isLeftOut(by.fingerprint))
    if (left.length === one.shares.length) return [one]
    const gone = one.shares.reduce((sum, share) => sum + (left.includes(share) ? 0 : share.count), 0)
    const latest = left.at(-1)
    if (latest === undefined) return []
    const { by, newest } = latest
    const since = Math.min(...left.map((share) => share.since))
    const ids = isLasting(one.kind) ? left.flatMap((share) => share.ids) : latest.ids
    return [{ ...one, count: one.count - gone, since, newest, by, ids, shares: left }]
  })
}

/** Everything but messages that are only unread. */
export function isForYou({ kind }: Attention): boolean {
  return kind !== 'message'
}

/** Waits for an answer, however often it was seen; the others are over once they are read. */
export function isLasting(kind: AttentionKind): boolean {
  return kind === 'request' || kind === 'invitation' || kind === 'first-direct'
}

interface AttentiveRoom {
  readonly id: string
  readonly attention: readonly Attention[]
}

/** How many things in these rooms are meant for this person. */
export function countForYou(rooms: readonly AttentiveRoom[]): number {
  return rooms.reduce((sum, { attention }) => {
    return sum + attention.reduce((count, one) => count + (isForYou(one) ? one.count : 0), 0)
  }, 0)
}

export interface Noticed<R extends AttentiveRoom> {
  readonly room: R
  readonly attention: Attention
}

/** All that waits, the most urgent first; equally urgent in the order of the rooms. */
export function byUrgency<R extends AttentiveRoom>(rooms: readonly R[]): readonly Noticed<R>[] {
  const all = rooms.flatMap((room) => room.attention.map((attention) => ({ room, attention })))
  return all.toSorted((a, b) => rank(a.attention) - rank(b.attention))
}

function rank({ kind }: Attention): number {
  return attentionKinds.indexOf(kind)
}

/** What has come since, the most urgent first. */
export function news<R extends AttentiveRoom>(
  before: readonly AttentiveRoom[],
  now: readonly R[],
): readonly Noticed<R>[] {
  const known = new Set(before.flatMap(({ id, attention }) => attention.flatMap((one) => keysOf(id, one))))
  return byUrgency(now).filter(({ room, attention }) => keysOf(room.id, attention).some((key) => !known.has(key)))
}

/** A name for each id, unique among all rooms. */
export function keysOf(roomId: string, { kind, ids }: Attention): readonly string[] {
  return ids.map((id) => `${roomId} ${kind} ${id}`)
}

/** Announces nothing, and only what is meant for the person counts as unread. */
export function isMuted({ rooms }: NotifySettings, roomId: string): boolean {
  return rooms[roomId] === 'none'
}

export function isAnnounced({ room, attention }: Noticed<AttentiveRoom>, settings: NotifySettings): boolean {
  if (settings.doNotDisturb) return false
  const level = settings.rooms[room.id] ?? settings.level
  return level === 'all' || (level === 'mentions' && isForYou(attention))
}
