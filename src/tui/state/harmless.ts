/**
 * The border that everything written by others crosses on its way to the screen: names, topics, messages, reasons of
 * errors. Behind it no text holds anything but what can be seen.
 */
import type { KnownIdentity } from '../../chat/accounts.ts'
import type {
  ChangedKey,
  Connection,
  Invitation,
  Knock,
  Member,
  Policy,
  Reading,
  Recovery,
  Repair,
  Room,
  RoomSummary,
  SafetyNumber,
  Standing,
  Verification,
} from '../../chat/chat.ts'
import type { LostItem, MessageContent, PendingItem, Person, TimelineItem } from '../../chat/item.ts'
import { sanitize, sanitizeLine } from '../sanitize.ts'

/** A room as the screen knows it: a copy, so that a state never changes under a view. */
export interface RoomView {
  readonly id: string
  readonly name: string
  readonly topic: string
  readonly standing: Standing
  readonly endedBy: Person | undefined
  readonly members: readonly Member[]
  readonly invitations: readonly Invitation[]
  readonly changedKeys: readonly ChangedKey[]
  readonly policy: Policy
  readonly tooNew: boolean
  readonly reading: Reading | undefined
  readonly knocks: readonly Knock[]
  readonly pending: readonly PendingItem[]
  readonly seq: number
  readonly readUpTo: number
  readonly recovery: Recovery | undefined
}

export function harmlessRoom(room: Room): RoomView {
  return {
    id: room.id,
    name: sanitizeLine(room.name),
    topic: sanitizeLine(room.topic),
    standing: room.standing,
    endedBy: room.endedBy && harmlessPerson(room.endedBy),
    members: room.members.map((member) => ({ ...harmlessPerson(member), role: member.role })),
    invitations: room.invitations.map((one) => ({ ...harmlessPerson(one), by: sanitizeLine(one.by) })),
    changedKeys: room.changedKeys.map((one) => ({ ...harmlessPerson(one), known: sanitizeLine(one.known) })),
    policy: room.policy,
    tooNew: room.tooNew,
    reading: room.reading,
    knocks: room.knocks.map((knock) => ({ ...knock, ...harmlessPerson(knock) })),
    pending: room.pending.map(harmlessPending),
    seq: room.seq,
    readUpTo: room.readUpTo,
    recovery: room.recovery && harmlessRecovery(room.recovery),
  }
}

export function harmlessRecovery(recovery: Recovery): Recovery {
  // A command of the command line; here it is one with a slash.
  const onScreen = (text: string): string => sanitizeLine(text).replace(/conclave verify \S+ --repair/g, '/repair')
  return { ...recovery, text: onScreen(recovery.text), hint: onScreen(recovery.hint), short: onScreen(recovery.short) }
}

export function harmlessRepair({ again, left, corrected }: Repair): Repair {
  const harmless = <T extends Repair['again'][number]>(one: T): T => {
    return { ...one, ...(one.target && { target: harmlessPerson(one.target) }) }
  }
  const told = left.map((one) => ({ ...harmless(one), reason: sanitizeLine(one.reason) }))
  return { again: again.map(harmless), left: told, corrected }
}

export function harmlessSummary(room: RoomSummary): RoomSummary {
  return { ...room, name: sanitizeLine(room.name) }
}

export function harmlessConnection({ state, detail }: Connection): Connection {
  return { state, detail: sanitizeLine(detail) }
}

export function harmlessIdentity(identity: KnownIdentity): KnownIdentity {
  return { ...harmlessPerson(identity), lastUsedAt: identity.lastUsedAt }
}

export function harmlessItem(item: TimelineItem): TimelineItem {
  switch (item.kind) {
    case 'message': {
      const { kind, i, seq, id, at, from, own } = item
      return { kind, i, seq, id, at, own, from: { ...from, ...harmlessPerson(from) }, ...harmlessContent(item) }
    }
    case 'admin':
      return {
        ...item,
        by: harmlessPerson(item.by),
        ...(item.target && { target: harmlessPerson(item.target) }),
        ...(item.detail !== undefined && { detail: sanitizeLine(item.detail) }),
      }
    case 'lost':
      return { ...item, item: harmlessItem(item.item) as LostItem['item'] }
    case 'warning':
      return { ...item, reason: sanitizeLine(item.reason) }
  }
}

export function harmlessVerification(verification: Verification): Verification {
  const harmless = (found: { i: number; reason: string }) => ({ i: found.i, reason: sanitizeLine(found.reason) })
  return { ...verification, voids: verification.voids.map(harmless), damage: verification.damage.map(harmless) }
}

export function harmlessNumber(compared: SafetyNumber): SafetyNumber {
  return { ...compared, ...harmlessPerson(compared), number: sanitizeLine(compared.number) }
}

export function harmlessPerson({ name, fingerprint }: Person): Person {
  return { name: sanitizeLine(name), fingerprint: sanitizeLine(fingerprint) }
}

function harmlessPending(pending: PendingItem): PendingItem {
  const content = harmlessContent(pending.content)
  return { ...pending, content, ...(pending.reason !== undefined && { reason: sanitizeLine(pending.reason) }) }
}

function harmlessContent(content: MessageContent): MessageContent {
  switch (content.type) {
    case 'text':
    case 'emote':
      return { type: content.type, text: sanitize(content.text) }
    case 'reply':
    case 'edit':
      return { type: content.type, to: content.to, text: sanitize(content.text) }
    case 'delete':
      return { type: content.type, to: content.to }
    case 'react':
      return { type: content.type, to: content.to, emoji: sanitizeLine(content.emoji), on: content.on }
    case 'file': {
      const { type, name, bytes, mediaType } = content
      return { type, name: sanitizeLine(name), bytes, mediaType: sanitizeLine(mediaType) }
    }
    case 'unknown':
      return { type: 'unknown', name: sanitizeLine(content.name) }
  }
}
