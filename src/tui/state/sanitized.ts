/**
 * The border that everything written by others crosses on its way to the screen: names, topics, messages, reasons of
 * errors. Every string is sanitized, however deeply nested, so that none is forgotten; beyond the border, text holds
 * only visible characters.
 */
import type { Room } from '../../chat/chat.ts'
import { recoveryOnScreen, type RecoveryOnScreen } from '../hints.ts'
import { sanitize, sanitizeLine } from '../sanitize.ts'

/** A copy of plain data. Only the text of a message may have several lines. */
export function sanitized<T>(value: T): T {
  return copy(value) as T
}

function copy(value: unknown): unknown {
  if (typeof value === 'string') return sanitizeLine(value)
  if (Array.isArray(value)) return value.map(copy)
  if (typeof value !== 'object' || value === null) return value
  const isMessage = 'type' in value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]: [string, unknown]) => [
      key,
      isMessage && key === 'text' && typeof part === 'string' ? sanitize(part) : copy(part),
    ]),
  )
}

/** A room as the screen knows it: a copy, so that a state never changes under a view. */
export type RoomView = Pick<
  Room,
  | 'id'
  | 'name'
  | 'topic'
  | 'standing'
  | 'endedBy'
  | 'members'
  | 'invitations'
  | 'changedKeys'
  | 'policy'
  | 'tooNew'
  | 'reading'
  | 'knocks'
  | 'pending'
  | 'seq'
  | 'readUpTo'
> & { readonly recovery: RecoveryOnScreen | undefined }

export function sanitizedRoom(room: Room): RoomView {
  const { id, name, topic, standing, endedBy, members, invitations, changedKeys, policy, tooNew, reading } = room
  const { knocks, pending, seq, readUpTo, recovery } = room
  const facts = { id, name, topic, standing, endedBy, members, invitations, changedKeys, policy, tooNew, reading }
  return sanitized({ ...facts, knocks, pending, seq, readUpTo, recovery: recovery && recoveryOnScreen(recovery) })
}
