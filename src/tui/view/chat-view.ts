/** The chat page: topic above, rooms on the left, members on the right, the messages between, status and input below. */
import { count } from '../../chat/wording.ts'
import { keyLabel } from '../state/key-table.ts'
import type { ChatPage, State } from '../state/state.ts'
import { isAtEnd } from '../state/timeline.ts'
import { linkedRows } from '../text/links.ts'
import type { Line, Span } from '../text/style.ts'
import { clickable, fit, lineWidth, span } from '../text/style.ts'
import { fitHints, widthOf } from '../text/width.ts'
import { chatLayout, entryContext, isBare, measureWith } from './chat-layout.ts'
import type { ChatLayout } from './chat-layout.ts'
import type { EntryContext } from './entry-lines.ts'
import { entryLines, pendingLines } from './entry-lines.ts'
import type { Frame } from './frame.ts'
import { frame, raggedFrame } from './frame.ts'
import { announced, between, remark } from './gutter.ts'
import { memberLines, roomLines } from './panels.ts'
import { jumpView, type JumpView } from './jump-panel.ts'
import { requestLines } from './requests-panel.ts'
import { searchLines } from './search-panel.ts'
import { sheetLines } from './sheet.ts'
import { statusLine } from './status.ts'
import { visibleRange } from './viewport.ts'

const dim = { dim: true }

export function chatView(state: State, page: ChatPage): Frame {
  const { columns, rows } = state.size
  const layout = chatLayout(state, page)
  if (isBare(state)) return bareFrame(state, page, layout)
  const middle = middleLines(state, page, layout)
  const rooms = layout.roomColumns === 0 ? undefined : roomLines(state, page, layout.roomColumns, layout.rows)
  const members = layout.memberColumns === 0 ? undefined : memberLines(page, layout.memberColumns, layout.rows)
  const panes = Array.from({ length: layout.rows }, (_, row): Line => {
    const spans: Span[] = []
    if (rooms !== undefined) spans.push(...fit(rooms[row] ?? [], layout.roomColumns), span('│', dim))
    spans.push(...fit(middle[row] ?? [], layout.chatColumns))
    if (members !== undefined) spans.push(span('│', dim), ...fit(members[row] ?? [], layout.memberColumns))
    return spans
  })
  const lines: Line[] = [topicLine(page, columns)]
  if (layout.ruled) lines.push(rule(layout, '┬'))
  lines.push(...panes)
  if (layout.ruled) lines.push(rule(layout, '┴', belowText(state, page)))
  lines.push(
    statusLine(state, page, layout.ruled ? undefined : belowText(state, page)),
    ...layout.notice,
    ...layout.about,
  )
  const { footer } = layout
  const jump = jumpOf(state, page, layout)?.cursor
  const left = layout.roomColumns === 0 ? 0 : layout.roomColumns + 1
  const cursor = footer.cursor
    ? { row: lines.length + footer.cursor.row, column: footer.cursor.column }
    : jump && { row: (layout.ruled ? 2 : 1) + jump.row, column: left + jump.column }
  return frame([...lines, ...footer.lines], columns, rows, cursor)
}

function bareFrame(state: State, page: ChatPage, layout: ChatLayout): Frame {
  const { columns, rows } = state.size
  const leave = [keyLabel(state.preferences, 'bare-mode'), 'Esc'].filter((key) => key !== '').join(', ')
  const { below } = page.timeline
  const news = below > 0 ? [`↓ ${below} new`] : []
  const hint = fitHints([`${leave}: back`, 'bare mode', 'PgUp, PgDn: scroll', ...news].join(' · '), columns - 2)
  const lines = [...timelineLines(state, page, layout), ...layout.notice]
  return raggedFrame([...lines, announced([span(` ${hint}`)])], columns, rows)
}

/** The messages, or what covers them. */
function middleLines(state: State, page: ChatPage, layout: ChatLayout): readonly Line[] {
  const { chatColumns, rows } = layout
  if (state.sheet !== undefined) return sheetLines(state.sheet, chatColumns, rows)
  if (page.panel?.kind === 'requests') return requestLines(state, page, page.panel, chatColumns, rows)
  if (page.panel?.kind === 'search') return searchLines(page.panel, page, state.now, chatColumns, rows)
  const messages = timelineLines(state, page, layout)
  const jump = jumpOf(state, page, layout)?.lines ?? []
  return [...jump, ...messages.slice(jump.length)]
}

function jumpOf(state: State, page: ChatPage, { chatColumns, rows }: ChatLayout): JumpView | undefined {
  return page.panel?.kind === 'jump' && state.sheet === undefined
    ? jumpView(state, page, page.panel, chatColumns, rows)
    : undefined
}

function timelineLines(state: State, page: ChatPage, layout: ChatLayout): readonly Line[] {
  const { timeline } = page
  const context = entryContext(state, page, layout.chatColumns)
  const below = timeline.anchor === undefined && !timeline.moreAfter ? waitingLines(page, context) : []
  const rows = Math.max(0, layout.rows - below.length)
  const { from, to, hidden } = visibleRange(timeline.entries, timeline.anchor, rows, measureWith(page, context))
  const lines: Line[] = timeline.entries.length === 0 ? [between(remark(context.top, layout.chatColumns), context)] : []
  for (let index = from; index < to; index += 1) {
    lines.push(...entryLines(timeline.entries, index, context))
  }
  if (hidden > 0) lines.length -= hidden
  const shown = [...lines, ...below].slice(-layout.rows)
  // A short conversation sits at the bottom, next to the input.
  return [...Array.from({ length: Math.max(0, layout.rows - shown.length) }, (): Line => []), ...shown]
}

/** This identity's messages that the store has not acknowledged yet. */
function waitingLines(page: ChatPage, context: EntryContext): readonly Line[] {
  return page.room.pending
    .filter((pending) => !context.folded.messages.has(pending.id))
    .slice(-20)
    .flatMap((pending) => pendingLines(pending, context))
}

function topicLine({ room }: ChatPage, columns: number): Line {
  const { length } = room.members
  const here = room.members.filter((member) => member.here === true).length
  // Oneself alone is no news.
  const present = here > 1 ? `, ${here} here` : ''
  const members = length === 0 ? '' : `  ${count(length, 'member')}${present} `
  const [topic = []] = linkedRows(room.topic, [room.topic], {})
  const left: Line = [span(` ${room.name}`, { bold: true }), span(room.topic === '' ? '' : '   '), ...topic]
  const space = Math.max(0, columns - widthOf(members))
  return lineWidth(left) + 2 > space && room.topic === ''
    ? fit(left, columns)
    : [...fit(left, space), span(members, dim)]
}

/** When scrolled up, says that there is more below. */
function belowText({ preferences }: State, { timeline, pick }: ChatPage): string | undefined {
  if (timeline.anchor === undefined) return undefined
  // Selecting holds the screen still; at the newest that needs no notice.
  if (pick?.following === true && isAtEnd(timeline)) return undefined
  if (timeline.fetching === 'newer' || timeline.fetching === 'newest') return 'loading newer messages…'
  const label = keyLabel(preferences, 'newest')
  if (timeline.below > 0) return `↓ ${timeline.below} new${label === '' ? '' : ` · ${label}`}`
  return `scrolled back${label === '' ? '' : ` · ${label}: newest`}`
}

function rule(layout: ChatLayout, joint: string, text?: string): Line {
  const left = layout.roomColumns === 0 ? '' : '─'.repeat(layout.roomColumns) + joint
  const right = layout.memberColumns === 0 ? '' : joint + '─'.repeat(layout.memberColumns)
  if (text === undefined) return [span(left + '─'.repeat(layout.chatColumns) + right, dim)]
  const label = ` ${fitHints(text, layout.chatColumns - 4)} `
  const dashes = Math.max(0, layout.chatColumns - widthOf(label) - 2)
  const newest = clickable([span(label, { bold: true })], { kind: 'newest' })
  return [span(`${left}${'─'.repeat(dashes)}`, dim), ...newest, span(`──${right}`, dim)]
}
