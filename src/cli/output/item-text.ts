/**
 * Timeline items as lines for people: `HH:MM  name │ text`, a divider where a day begins. What an author wrote stands
 * behind the bar `│`, line by line, and what the program says about a message behind a dot: no text can imitate it. On a
 * terminal lines are wrapped here, since a terminal would go on in its first column.
 *
 * Edits, deletions and reactions that are known before a message is printed are applied to it; later ones are lines of
 * their own.
 */
import type { AdminItem, MessageItem, Participant, TimelineItem } from '../../chat/item.ts'
import { Namesakes } from '../../chat/people/namesakes.ts'
import { ChangingMessage, counts, isChange, type Change } from '../../chat/timeline/changes.ts'
import {
  adminText,
  bars,
  lostNote,
  mark,
  messageParts,
  quoteText,
  reactionLabel,
  reactionText,
  type Part,
} from '../../chat/wording.ts'
import { sanitize, sanitizeLine } from '../../tui/sanitize.ts'
import { clockTime, dayName } from '../../tui/text/time.ts'
import { truncate, widthOf } from '../../tui/text/width.ts'
import { wrap } from '../../tui/text/wrap.ts'

/** Messages that a later one can still be shown with. */
const rememberedMax = 1000
const quoteColumnsMax = 60
const nameColumnsMax = 16
/** In fewer beside the name, texts stand under it. */
const textColumnsMin = 20
const narrowColumnsMin = 8
/** The program's own words go on further in, so that what they quote begins no line. */
export const hang = '  '

export interface LineOptions {
  /** They decide the width of the name column, and who is shown with digits, as they share a name. */
  readonly people?: () => Iterable<Participant>
  /** Each message's number before it. */
  readonly numbered?: boolean
  /** The changes of messages that are still to be printed. */
  readonly ahead?: ChangesAhead
  /** Of the terminal; undefined for a file or a pipe, whose lines stay whole. */
  readonly columns?: () => number | undefined
}

type ChangeItem = MessageItem & Change

interface Remembered {
  readonly now: ChangingMessage
  /** As it reads now, if that was asked for since it last changed. */
  quote?: string | undefined
}

/**
 * The changes in a stretch of history, collected before it is printed: a deleted message is then not printed at all.
 * Only the changes are held, so a long history takes no more memory than what was changed in it.
 */
export class ChangesAhead {
  readonly #changes = new Map<string, ChangeItem[]>()
  readonly #shown = new Set<string>()

  static async of(items: AsyncIterable<TimelineItem> | readonly TimelineItem[]): Promise<ChangesAhead> {
    const ahead = new ChangesAhead()
    for await (const item of items) {
      if (item.kind !== 'message' || !isChange(item)) continue
      const known = ahead.#changes.get(item.to)
      if (known === undefined) ahead.#changes.set(item.to, [item])
      else known.push(item)
    }
    return ahead
  }

  /** The changes of this message, which is being printed. */
  about(target: MessageItem): readonly Change[] {
    const changes = (this.#changes.get(target.id) ?? []).filter((change) => counts(change, target))
    for (const { id } of changes) this.#shown.add(id)
    return changes
  }

  /** Whether it was printed with its message. */
  isShown(change: MessageItem): boolean {
    return this.#shown.has(change.id)
  }
}

export class ItemLines {
  #day = ''
  readonly #remembered = new Map<string, Remembered>()
  readonly #namesakes = new Namesakes()
  readonly #people: NonNullable<LineOptions['people']>
  #known: unknown
  #nameColumns = '<admin>'.length
  readonly #numbered: boolean
  readonly #ahead: ChangesAhead | undefined
  readonly #columns: () => number | undefined

  constructor({ people = () => [], numbered = false, ahead, columns = () => undefined }: LineOptions) {
    this.#people = people
    this.#numbered = numbered
    this.#ahead = ahead
    this.#columns = columns
  }

  /** One or more lines, without the final line break; none for changes that show in a message printed already. */
  lines(item: TimelineItem): string {
    this.#meet(item)
    if (item.kind === 'warning') return this.#block('     ', '', '!', [`record ${item.i}: ${item.reason}`])
    if (item.kind === 'lost') return this.#shown(item.item, [mark(`(${lostNote})`)])
    return this.#shown(item, [])
  }

  /** Those who have come since, and authors who are no longer there. */
  #meet(item: TimelineItem): void {
    const people = this.#people()
    if (people !== this.#known) {
      this.#known = people
      this.#namesakes.add(people)
      for (const person of people) {
        const columns = widthOf(this.#namesakes.nameOf(person))
        this.#nameColumns = Math.min(nameColumnsMax, Math.max(this.#nameColumns, columns))
      }
    }
    if (item.kind === 'message') this.#namesakes.add([item.from])
  }

  #shown(written: MessageItem | AdminItem, more: readonly Part[]): string {
    const item = this.#namesakes.shown(written)
    const time = clockTime(item.at)
    if (item.kind === 'admin') {
      const words = [...adminText(item).split('\n'), ...more.map(({ text }) => text)]
      return this.#divider(item.at) + this.#block(time, '', '<admin>', words)
    }
    if (isChange(item) && this.#ahead?.isShown(item) === true) return ''
    const parts = isChange(item) ? this.#changeParts(item) : this.#messageParts(item)
    return this.#divider(item.at) + this.#block(time, String(item.seq), item.from.name, [...parts, ...more])
  }

  /** Under a name that no person can have, every line is the program's, and needs no dot. */
  #block(time: string, seq: string, name: string, parts: readonly (Part | string)[]): string {
    const number = this.#numbered ? `${seq.padStart(6)}  ` : ''
    const head = `${number}${time}  ${name.padStart(this.#nameColumns)}`
    const width = this.#columns()
    const beside = (width ?? Infinity) - head.length - 3
    const isNarrow = beside < textColumnsMin
    const columns = isNarrow ? Math.max(narrowColumnsMin, (width ?? 0) - hang.length - 2) : beside
    const rows = parts.flatMap((part) => {
      if (typeof part === 'string') return ownRows(part, columns).map((row) => `${bars.text} ${row}`)
      const shown = part.kind === 'mark' ? ownRows(part.text, columns) : wrap(sanitize(part.text), columns)
      return shown.map((row) => `${bars[part.kind]} ${row}`)
    })
    if (isNarrow) return [head.trim(), ...rows.map((row) => hang + row)].join('\n')
    return rows.map((row, index) => `${index === 0 ? head : ' '.repeat(head.length)} ${row}`).join('\n')
  }

  #divider(at: number): string {
    const day = dayName(at)
    if (day === this.#day) return ''
    this.#day = day
    return `── ${day} ──\n`
  }

  #messageParts(item: MessageItem): readonly Part[] {
    const changed = new ChangingMessage(item, this.#ahead?.about(item))
    this.#remembered.set(item.id, { now: changed })
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > rememberedMax && oldest !== undefined) this.#remembered.delete(oldest)
    const reactions = reactionText(changed)
    return [
      ...(item.type === 'reply' && !changed.deleted ? [mark(`> ${this.#quote(item.to)}`)] : []),
      ...messageParts(item, changed),
      ...(changed.text === undefined ? [] : [mark('(edited)')]),
      ...(reactions === '' ? [] : [mark(reactions)]),
    ]
  }

  #changeParts(item: ChangeItem): readonly Part[] {
    const target = this.#remembered.get(item.to)
    const quote = this.#quote(item.to)
    if (target !== undefined && !counts(item, target.now.target)) {
      return [mark(`(only ${target.now.target.from.name} can ${item.type} it) ${quote}`)]
    }
    target?.now.add(item)
    if (target !== undefined && item.type !== 'react') target.quote = undefined
    switch (item.type) {
      case 'edit':
        return [mark(`(edits) ${quote}`), { kind: 'text', text: item.text }]
      case 'delete':
        return [mark(`(deletes) ${quote}`)]
      case 'react':
        return [mark(`(${item.on ? '' : 'no longer '}${reactionLabel(item.emoji)}) ${quote}`)]
    }
  }

  /** As it reads now. */
  #quote(id: string): string {
    const known = this.#remembered.get(id)
    if (known === undefined) return `message ${id.slice(0, 8)}`
    return (known.quote ??= truncate(sanitizeLine(quoteText(known.now.target, known.now)), quoteColumnsMax))
  }
}

/** A line of the program's, in as many rows as it takes. */
export function ownRows(text: string, columns: number): readonly string[] {
  const [first = '', ...more] = wrap(sanitizeLine(text), columns - hang.length)
  return [first, ...more.map((row) => hang + row)]
}
