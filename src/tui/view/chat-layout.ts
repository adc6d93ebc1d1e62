/** The layout of the chat page, and the lines of its timeline. Pure; scrolling uses it too. */
import { foldPage } from '../state/fold.ts'
import { shownEditor } from '../state/history-search.ts'
import { doubtfulTimes } from '../state/log-time.ts'
import type { ChatPage, State } from '../state/state.ts'
import { unseenLine } from '../state/unseen.ts'
import type { Line } from '../text/style.ts'
import type { EntryContext } from './entry-lines.ts'
import { entryLines } from './entry-lines.ts'
import type { Footer } from './notices.ts'
import { aboutLines, candidateLine, inputFooter, noticeLines } from './notices.ts'
import { nameColours } from './name-colours.ts'
import { ageColumnsOf } from './panels.ts'
import type { Measure } from './viewport.ts'

/** Below this many columns the rooms fold away. */
const roomsFromColumns = 72
/** Below this many columns the gutter is compact. */
const wideGutterFromColumns = 60
/** Below this many columns the members fold away, unless Ctrl-B asks for them. */
export const membersFromColumns = 100

export interface ChatLayout {
  /** 0: folded away. */
  readonly roomColumns: number
  readonly memberColumns: number
  readonly chatColumns: number
  /** Rows of the panes. */
  readonly rows: number
  /** Whether there is room for rules above and below the panes. */
  readonly ruled: boolean
  readonly notice: readonly Line[]
  /** Above the input line: what it is about to do. */
  readonly about: readonly Line[]
  readonly footer: Footer
}

/** Whether nothing but the conversation is shown, and the mouse is left to the terminal. Questions bring all back. */
export function isBare({ page, alarm, confirm, sheet }: State): boolean {
  const isCovered = alarm !== undefined || confirm !== undefined || sheet !== undefined
  return page.kind === 'chat' && page.bare !== undefined && page.panel === undefined && !isCovered
}

export function chatLayout(state: State, page: ChatPage): ChatLayout {
  const { columns, rows } = state.size
  if (isBare(state)) {
    const notice = noticeLines(state, columns)
    return {
      roomColumns: 0,
      memberColumns: 0,
      chatColumns: columns,
      rows: Math.max(1, rows - 1 - notice.length),
      ruled: false,
      notice,
      about: [],
      footer: { lines: [], cursor: undefined },
    }
  }
  const roomsMax = Math.min(26, Math.floor(columns / 5))
  // Also where no name is long: there is room for "12 ask → demo".
  const roomColumns =
    columns < roomsFromColumns
      ? 0
      : clamp(longest(state.rooms.map((room) => room.name)) + 8 + ageColumnsOf(state), 15, roomsMax)
  const wanted = state.showMembers ?? columns >= membersFromColumns
  const { namesakes } = foldPage(page)
  const names = page.room.members.map((member) => namesakes.nameOf(member))
  const memberColumns = wanted && columns >= 50 ? clamp(longest(names) + 4, 12, columns >> 2) : 0
  const ruled = rows >= 12
  const notice =
    page.completion !== undefined && state.confirm === undefined && state.alarm === undefined
      ? [candidateLine(page.completion, columns)]
      : noticeLines(state, columns)
  const footer = inputFooter(state, shownEditor(page), columns, Math.max(1, Math.min(8, rows >> 2)))
  const about = aboutLines(page, columns)
  const chrome = 2 + (ruled ? 2 : 0) + notice.length + about.length + footer.lines.length
  return {
    roomColumns,
    memberColumns,
    chatColumns: columns - (roomColumns === 0 ? 0 : roomColumns + 1) - (memberColumns === 0 ? 0 : memberColumns + 1),
    rows: Math.max(1, rows - chrome),
    ruled,
    notice,
    about,
    footer,
  }
}

export function entryContext(state: State, page: ChatPage, columns: number): EntryContext {
  const folded = foldPage(page)
  const names = page.room.members.map((member) => folded.namesakes.nameOf(member))
  const compact = state.size.columns < wideGutterFromColumns
  const bare = isBare(state)
  return {
    columns,
    bare,
    nameColumns: clamp(longest([...names, '<admin>']), 7, compact ? 8 : columns < 64 ? 10 : 14),
    compact,
    ownName: state.self?.name ?? '',
    online: state.connection.state === 'online',
    top: topText(page),
    unseen: unseenLine(page),
    // Also while the line is about it.
    pickedKey: bare ? undefined : (page.pick?.key ?? page.about?.id),
    uncoveredKey: page.pick?.uncovered === true ? page.pick.key : undefined,
    folded,
    colourOf: nameColours(page.room.members),
    doubtful: doubtfulTimes(page.timeline.entries, state.now),
  }
}

function topText({ timeline, room }: ChatPage): string {
  if (timeline.fetching === 'older') return 'loading older messages…'
  return timeline.moreBefore ? 'PgUp loads more' : `the beginning of ${room.name}`
}

export function measureWith(page: ChatPage, context: EntryContext): Measure {
  const { entries } = page.timeline
  return (index) => entryLines(entries, index, context).length
}

function longest(names: readonly string[]): number {
  return names.reduce((most, name) => Math.max(most, name.length), 0)
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, Math.max(least, most)))
}

export function sheetSpace(state: State): { readonly columns: number; readonly rows: number } {
  if (state.page.kind !== 'chat') return { columns: state.size.columns, rows: Math.max(1, state.size.rows - 5) }
  const { chatColumns, rows } = chatLayout(state, state.page)
  return { columns: chatColumns, rows }
}
