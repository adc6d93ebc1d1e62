/** The status bar of a chat: the store, pending messages, join requests, unread messages elsewhere. Pure. */
import { byUrgency, isLasting, isMuted, type AttentionKind } from '../../chat/attention.ts'
import type { Connection, Reading, RoomSummary } from '../../chat/chat.ts'
import { attentionText } from '../../chat/wording.ts'
import { roomLabel } from '../../chat/room-label.ts'
import type { ChatPage, State } from '../state/state.ts'
import { can, hasSpoiler, pickedItem } from '../state/target.ts'
import type { Line, Span } from '../text/style.ts'
import { fit, lineWidth, span } from '../text/style.ts'
import { recoverySpans } from './notices.ts'

export function statusLine(state: State, page: ChatPage, below: string | undefined): Line {
  if (page.pick?.keys === true) return fit(pickKeys(state, page), state.size.columns)
  const { room } = page
  const parts: Span[] = [...waitingSpans(state, page), connectionSpan(state.connection)]
  if (below !== undefined) parts.unshift(span(below, { bold: true }))
  parts.push(...recoverySpans(state))
  const [changed] = room.changedKeys
  if (changed !== undefined) parts.push(span(`key changed: ${changed.name}`, { colour: 'red', bold: true }))
  if (room.tooNew) parts.push(span('update Conclave to write here', { colour: 'red', bold: true }))
  if (room.reading !== undefined) parts.push(span(readingText(room.reading)))
  if (room.standing !== 'member') parts.push(span(standingText(page), { colour: 'red', bold: true }))
  const failed = room.pending.filter((pending) => pending.state === 'failed').length
  const queued = room.pending.length - failed
  if (failed > 0) parts.push(span(`${failed} not sent`, { colour: 'red', bold: true }))
  // A message being sent needs no notice; one that waits for the store does.
  if (queued > 0 && state.connection.state !== 'online') parts.push(span(`${queued} queued`, { colour: 'yellow' }))
  if (room.knocks.length > 0) parts.push(span(knocksText(page), { colour: 'yellow' }))
  const elsewhere = state.rooms.filter((other) => other.id !== room.id)
  // Of a muted room, what is meant for this person.
  const unread = elsewhere.reduce(
    (sum, { id, unread: all, mentions }) => sum + (isMuted(state.notify, id) ? mentions : all),
    0,
  )
  const forYou = [countText(elsewhere, 'mention', 'mentions'), countText(elsewhere, 'direct', 'direct')]
  if (unread > 0) parts.push(span([`${unread} unread`, ...forYou.flat()].join(', '), { bold: true }))
  if (state.notify.doNotDisturb) parts.push(span('do not disturb', { dim: true }))
  const { columns } = state.size
  const shown = parts.flatMap((part, index) => (index === 0 ? [span(' '), part] : [span(' · ', { dim: true }), part]))
  const help = '/help '
  return lineWidth(shown) + help.length + 1 > columns
    ? fit(shown, columns)
    : [...fit(shown, columns - help.length), span(help, { dim: true })]
}

/** Who asks for something elsewhere: the first of all that does not clear by being read. */
function waitingSpans({ rooms }: State, { room }: ChatPage): readonly Span[] {
  const elsewhere = rooms.filter(({ id }) => id !== room.id)
  const waiting = byUrgency(elsewhere).filter(({ attention: { kind } }) => isLasting(kind))
  const [first] = waiting
  if (first === undefined) return []
  const more = waiting.length === 1 ? '' : ` (+${waiting.length - 1})`
  const label = roomLabel(first.room, rooms)
  return [span(`${attentionText(label, first.attention)}${more}`, { colour: 'yellow', bold: true })]
}

function countText(rooms: readonly RoomSummary[], kind: AttentionKind, words: string): readonly string[] {
  const sum = rooms.flatMap(({ attention }) => attention.filter((one) => one.kind === kind))
  const count = sum.reduce((total, one) => total + one.count, 0)
  return count === 0 ? [] : [`${count} ${count === 1 ? words.replace(/s$/, '') : words}`]
}

/** The actions on the selected message. */
function pickKeys(state: State, page: ChatPage): Line {
  const item = pickedItem(page)
  const offered = acts.flatMap(([act, key, word]) =>
    item !== undefined && can(state, page, act, item) ? [[key, word]] : [],
  )
  const hidden = hasSpoiler(page) ? [['s', page.pick?.uncovered === true ? 'hide' : 'show hidden']] : []
  const keys = [['j/k', 'move'], ...hidden, ...offered, ['y', 'copy'], ['Esc', 'done']]
  // Whole hints only.
  while (keys.length > 2 && hintColumns(keys) > state.size.columns) keys.splice(-2, 1)
  return keys.flatMap(([key = '', word = ''], index): Span[] => [
    span(index === 0 ? ' ' : ' · ', { dim: true }),
    span(key, { bold: true, colour: 'cyan' }),
    span(` ${word}`),
  ])
}

function hintColumns(keys: readonly (readonly string[])[]): number {
  return keys.reduce((sum, [key = '', word = '']) => sum + key.length + word.length + 4, 0)
}

const acts = [
  ['reply', 'r', 'reply'],
  ['edit', 'e', 'edit'],
  ['delete', 'd', 'delete'],
  ['react', '+', 'react'],
] as const

/** Pending messages are sent once everything has been read. */
function readingText({ read, records }: Reading): string {
  return `loading history: ${Math.floor((100 * read) / Math.max(1, records))} %`
}

function standingText({ room }: ChatPage): string {
  if (room.standing === 'kicked') return `removed by ${room.endedBy?.name ?? 'an admin'} · read-only`
  if (room.standing === 'left') return 'you left · read-only'
  return 'you are not in this room'
}

function knocksText({ room }: ChatPage): string {
  const [first] = room.knocks
  if (room.knocks.length === 1) return `1 join request: !${first?.name ?? ''}`
  return `${room.knocks.length} join requests: /requests`
}

export function connectionSpan({ state, detail }: Connection): Span {
  if (state === 'online') return span(detail, { dim: true })
  const text = detail === '' || detail.startsWith(state) ? detail || state : `${state}: ${detail}`
  const isLost = state === 'offline' || state === 'moved'
  return span(text, { colour: isLost ? 'red' : 'yellow', bold: isLost })
}
