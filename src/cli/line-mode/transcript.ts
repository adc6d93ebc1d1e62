/**
 * The terminal interface as lines that only ever go on: for screen readers, serial lines and terminals that know no
 * cursor. It prints what has come to the state of the screen since it was asked last. Lines of messages begin with a time,
 * and stand behind a bar; the program's own begin with `*`, which no message can. On a terminal each is wrapped here, since
 * a terminal would go on in its first column.
 */
import type { Member } from '../../chat/chat.ts'
import { bars, count } from '../../chat/wording.ts'
import { requestRows } from '../../tui/state/requests.ts'
import { roomLabel } from '../../chat/room-label.ts'
import { roomRows } from '../../tui/state/room-list.ts'
import { isIgnoredItem } from '../../tui/state/ignored.ts'
import type { ChatPage, SearchPanel, State } from '../../tui/state/state.ts'
import type { Entry } from '../../tui/state/timeline.ts'
import { textOfLine } from '../../tui/text/style.ts'
import { clockTime, dayName } from '../../tui/text/time.ts'
import { widthOf } from '../../tui/text/width.ts'
import { noticeLines } from '../../tui/view/notices.ts'
import { wrap } from '../../tui/text/wrap.ts'
import { hang, ItemLines, ownRows } from '../output/item-text.ts'

/** Of a room that is opened, or of the place that was jumped to. */
const entriesShown = 20
const hitsShown = 20
/** Notices come whole, and are wrapped here. */
const wholeColumns = 1000
/** In fewer, texts stand under the line that they belong to. */
const textColumnsMin = 20
const rowColumnsMin = 8

export class Transcript {
  readonly #columns: () => number | undefined
  #lines: ItemLines
  #members: readonly Member[] = []
  readonly #printed = new Set<string>()
  readonly #failed = new Set<string>()

  constructor(columns: () => number | undefined) {
    this.#columns = columns
    this.#lines = this.#emptyLines()
  }

  #emptyLines(): ItemLines {
    return new ItemLines({ people: () => this.#members, columns: this.#columns })
  }

  /** Each may be several lines. */
  next(before: State, after: State): readonly string[] {
    return [
      ...this.#pageLines(before, after),
      ...connectionLines(before, after),
      ...sheetLines(before, after),
      ...noticesSince(before, after),
    ].flatMap((line) => this.#rows(line.trimEnd()))
  }

  /** Messages have been wrapped beside their bar. */
  #rows(line: string): readonly string[] {
    return line.startsWith('*') ? ownRows(line, Math.max(rowColumnsMin, this.#columns() ?? Infinity)) : [line]
  }

  /** What others wrote, under a line of the program's or beside its head. */
  #barred(head: string, text: string): readonly string[] {
    // As many as #rows leaves in one row: what it wrapped again would stand without its bar.
    const columns = (this.#columns() ?? Infinity) - hang.length - widthOf(head) - 3
    if (columns < textColumnsMin && head.trim() !== '*') return [`${head}:`, ...this.#barred('*  ', text)]
    return wrap(text, Math.max(rowColumnsMin, columns)).map((row, index) => {
      return `${index === 0 ? head : '*'.padEnd(widthOf(head))} ${bars.text} ${row}`
    })
  }

  #pageLines(before: State, { page, ...after }: State): readonly string[] {
    switch (page.kind) {
      case 'login':
        return []
      case 'rooms':
        return before.page.kind === 'rooms' && before.rooms === after.rooms
          ? []
          : roomsLines(before, { page, ...after })
      case 'waiting':
        if (before.page.kind === 'waiting' && before.page.roomId === page.roomId) return []
        return [
          `* You've asked to join ${page.roomName}. Someone in the room has to let you in; this program keeps waiting.`,
          '* w: withdraw the request · empty line: back to the rooms',
        ]
      case 'chat':
        return this.#chatLines(before, page, { page, ...after })
    }
  }

  #chatLines(before: State, page: ChatPage, after: State): readonly string[] {
    const was = before.page.kind === 'chat' && before.page.room.id === page.room.id ? before.page : undefined
    const lines: string[] = []
    if (was === undefined) {
      const { topic, members } = page.room
      const name = roomLabel(page.room, after.rooms)
      this.#members = members
      this.#printed.clear()
      this.#lines = this.#emptyLines()
      lines.push(`* ${name}: ${count(members.length, 'member')}. Type to send · /help · /rooms · /quit`)
      if (topic !== '') lines.push(...this.#barred('*   topic', topic))
      if (page.editor.text !== '')
        lines.push('* Not sent, and kept for later:', ...this.#barred('*  ', page.editor.text))
    }
    this.#members = page.room.members
    lines.push(...this.#entryLines(page, was))
    for (const { id, state, reason } of page.room.pending) {
      if (state !== 'failed' || this.#failed.has(id)) continue
      this.#failed.add(id)
      lines.push(`* Not sent${reason === undefined ? '' : `: ${reason}`}. /drop discards it.`)
    }
    if (page.panel !== undefined && page.panel !== was?.panel) lines.push(...this.#panelLines(after, page))
    return lines
  }

  #entryLines({ timeline, ignored }: ChatPage, was: ChatPage | undefined): readonly string[] {
    const { anchor, fetching } = timeline
    if (was !== undefined && timeline.entries === was.timeline.entries) return []
    const entries = timeline.entries.filter(({ item }) => !isIgnoredItem(ignored, item))
    if (anchor !== undefined) {
      if (fetching !== undefined) return []
      const from = entries.findIndex(({ key }) => key === anchor.key)
      const shown = entries.slice(Math.max(0, from), Math.max(0, from) + entriesShown)
      return [...this.#printAll(shown), '* An empty line leads back to the newest message.']
    }
    // The place that was asked for is on the newest page.
    if (was?.timeline.fetching === 'around') return this.#printAll(entries.slice(-entriesShown))
    const fresh = entries.filter(({ key }) => !this.#printed.has(key))
    return this.#printAll(was === undefined ? fresh.slice(-entriesShown) : fresh)
  }

  #printAll(entries: readonly Entry[]): readonly string[] {
    return entries.flatMap(({ key, item }) => {
      this.#printed.add(key)
      const text = this.#lines.lines(item)
      return text === '' ? [] : [text]
    })
  }

  #panelLines(state: State, page: ChatPage): readonly string[] {
    if (page.panel?.kind === 'search') return this.#searchLines(page.panel)
    if (page.panel?.kind !== 'requests') return []
    return requestRows(state, page).map((row) => {
      if ('room' in row) return `* ${roomLabel(row.room, state.rooms)}: ${count(row.count, 'request')} to join`
      const { name, fingerprint, at } = row.knock
      return `* ${clockTime(at)} ${name}, fingerprint ${fingerprint}: !${name} accepts, /reject ${name} declines`
    })
  }

  #searchLines({ hits, looking, more, words, everywhere }: SearchPanel): readonly string[] {
    if (looking !== undefined) return []
    const shown = hits.slice(0, hitsShown).reverse()
    const lines = shown.flatMap(({ at, name, text, roomName }) => {
      const head = `*   ${dayName(at)} ${clockTime(at)}, ${everywhere ? `${roomName}, ` : ''}${name}`
      return this.#barred(head, text)
    })
    const all = `${hits.length}${more ? '+' : ''}`
    return [
      `* ${all} found with ${words.join(' ')}${hits.length > hitsShown ? `; the newest ${hitsShown}` : ''}`,
      ...lines,
    ]
  }
}

/** Again where they have changed since they were listed. */
function roomsLines(before: State, { rooms }: State): readonly string[] {
  const lines = roomLines(rooms)
  if (before.page.kind === 'rooms' && lines.join('\n') === roomLines(before.rooms).join('\n')) return []
  return [
    lines.length === 0 ? '* No rooms yet. /create NAME makes one.' : '* Rooms; type a name to open one:',
    ...lines,
  ]
}

function roomLines(rooms: State['rooms']): readonly string[] {
  return roomRows(rooms, '').flatMap(({ room, label }) => {
    if (room === undefined) return []
    const unread = room.unread > 0 ? `, ${count(room.unread, 'unread message')}` : ''
    return [`*   ${label}: ${room.standing}${unread}`]
  })
}

function connectionLines(before: State, { connection, page }: State): readonly string[] {
  if (connection.state === before.connection.state || page.kind === 'login') return []
  return [`* The store is ${connection.state}${connection.detail === '' ? '' : ` (${connection.detail})`}.`]
}

function sheetLines(before: State, { sheet }: State): readonly string[] {
  if (sheet === undefined || sheet === before.sheet) return []
  return [`* ${sheet.title}`, ...sheet.lines.filter((line) => line.trim() !== '').map((line) => `* ${line}`)]
}

/** A question, an alarm, an error or a remark. */
function noticesSince(before: State, after: State): readonly string[] {
  const isNew =
    after.flash !== before.flash || after.confirm?.question !== before.confirm?.question || after.alarm !== before.alarm
  if (!isNew || (after.flash ?? after.confirm ?? after.alarm) === undefined) return []
  const lines = noticeLines({ ...after, busy: undefined }, wholeColumns).map((line) => `*${textOfLine(line)}`)
  const word = after.alarm !== undefined || after.confirm?.answer !== undefined
  return word ? [...lines, '* Type the whole word to go on; anything else cancels.'] : lines
}
