/**
 * Timeline items as lines for people: `HH:MM  name │ text`, a divider where a day begins. Further lines of a text are
 * printed behind the bar, so that none can pose as another message.
 *
 * Edits, deletions and reactions that are known before a message is printed are applied to it; later ones are lines of
 * their own.
 */
import type { MessageItem, TimelineItem } from '../../chat/item.ts'
import { ChangingMessage, counts, isChange, type Change } from '../../chat/timeline/changes.ts'
import { adminText, lostNote, messageText, reactionText } from '../../chat/wording.ts'
import { sanitize } from '../../tui/sanitize.ts'
import { clockTime, dayName } from '../../tui/text/time.ts'

/** Messages that a later one can still be shown with. */
const rememberedMax = 1000
const quoteCharsMax = 60
const nameColumnsMax = 16

export interface LineOptions {
  /** Of the members: they decide the width of the name column. */
  readonly names: readonly string[]
  /** Each message's number before it. */
  readonly numbered?: boolean
  /** The changes of messages that are still to be printed. */
  readonly ahead?: ChangesAhead
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
  readonly #nameColumns: number
  readonly #numbered: boolean
  readonly #ahead: ChangesAhead | undefined

  constructor({ names, numbered = false, ahead }: LineOptions) {
    const widest = Math.max('<admin>'.length, ...names.map((name) => name.length))
    this.#nameColumns = Math.min(widest, nameColumnsMax)
    this.#numbered = numbered
    this.#ahead = ahead
  }

  /** One or more lines, without the final line break; none for changes that show in a message printed already. */
  lines(item: TimelineItem): string {
    if (item.kind === 'warning') return this.#block('     ', '', '!', `record ${item.i}: ${item.reason}`)
    if (item.kind === 'lost') return `${this.lines(item.item)}  (${lostNote})`
    if (item.kind === 'admin') {
      return `${this.#divider(item.at)}${this.#block(clockTime(item.at), '', '<admin>', adminText(item))}`
    }
    if (isChange(item) && this.#ahead?.isShown(item) === true) return ''
    const text = isChange(item) ? this.#changeText(item) : this.#messageText(item)
    return `${this.#divider(item.at)}${this.#block(clockTime(item.at), String(item.seq), item.from.name, text)}`
  }

  #block(time: string, seq: string, name: string, text: string): string {
    const [first = '', ...more] = sanitize(text).split('\n')
    const number = this.#numbered ? `${seq.padStart(6)}  ` : ''
    const column = (shown: string): string => shown.padStart(this.#nameColumns)
    const under = ' '.repeat(number.length)
    return [
      `${number}${time}  ${column(name)} │ ${first}`,
      ...more.map((line) => `${under}       ${column('')} │ ${line}`),
    ].join('\n')
  }

  #divider(at: number): string {
    const day = dayName(at)
    if (day === this.#day) return ''
    this.#day = day
    return `── ${day} ──\n`
  }

  #messageText(item: MessageItem): string {
    const changed = new ChangingMessage(item, this.#ahead?.about(item))
    this.#remembered.set(item.id, { now: changed })
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > rememberedMax && oldest !== undefined) this.#remembered.delete(oldest)
    if (changed.deleted) return '(deleted)'
    const quote = item.type === 'reply' ? `> ${this.#quote(item.to)}\n` : ''
    const edited = changed.text === undefined ? '' : ' (edited)'
    const reactions = reactionText(changed)
    return `${quote}${messageText(item, changed)}${edited}${reactions === '' ? '' : `\n${reactions}`}`
  }

  #changeText(item: ChangeItem): string {
    const target = this.#remembered.get(item.to)
    const quote = this.#quote(item.to)
    if (target !== undefined && !counts(item, target.now.target)) {
      return `(${quote}: only ${target.now.target.from.name} can ${item.type} it)`
    }
    target?.now.add(item)
    if (target !== undefined && item.type !== 'react') target.quote = undefined
    switch (item.type) {
      case 'edit':
        return `(edits: ${quote})\n${item.text}`
      case 'delete':
        return `(deletes: ${quote})`
      case 'react':
        return `(${item.on ? '' : 'no longer '}${item.emoji} to: ${quote})`
    }
  }

  /** As it reads now. */
  #quote(id: string): string {
    const known = this.#remembered.get(id)
    if (known === undefined) return `message ${id.slice(0, 8)}`
    return (known.quote ??= quoteOf(known.now))
  }
}

function quoteOf(now: ChangingMessage): string {
  const text = messageText(now.target, now)
  const [line = ''] = text.split('\n', 1)
  const shown = [...line].slice(0, quoteCharsMax).join('')
  return `${now.target.from.name}: ${shown}${shown === text ? '' : '…'}`
}
