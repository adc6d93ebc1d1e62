/**
 * Timeline items as lines for people: `HH:MM  name │ text`, a divider where a day begins. A text's
 * further lines are put behind the bar, so that none can pose as another message.
 */
import type { MessageItem, TimelineItem } from '../chat/item.ts'
import { sanitize } from '../tui/sanitize.ts'
import { adminText } from '../tui/view/admin-text.ts'
import { clockTime, dayName } from '../tui/view/time.ts'

/** Messages that a reply can still be shown with. */
const quotableMax = 1000
const quoteCharsMax = 60
const nameColumnsMax = 16

export class ItemLines {
  #day = ''
  readonly #quotable = new Map<string, string>()
  readonly #nameColumns: number

  readonly #numbered: boolean

  /** `names` of the members: they decide the width of the column of names. `numbered` shows each message's number. */
  constructor(names: readonly string[], { numbered = false } = {}) {
    this.#numbered = numbered
    const widest = Math.max('<admin>'.length, ...names.map((name) => name.length))
    this.#nameColumns = Math.min(widest, nameColumnsMax)
  }

  /** One or more lines, without the last line's end. */
  lines(item: TimelineItem): string {
    if (item.kind === 'warning') return this.#block('     ', '!', `record ${item.i}: ${item.reason}`)
    const name = item.kind === 'admin' ? '<admin>' : item.from.name
    const text = item.kind === 'admin' ? adminText(item) : this.#messageText(item)
    const number = this.#numbered ? `${String(item.kind === 'message' ? item.seq : '').padStart(7)}  ` : ''
    return `${this.#divider(item.at)}${this.#block(`${number}${clockTime(item.at)}`, name, text)}`
  }

  #block(time: string, name: string, text: string): string {
    const [first = '', ...more] = sanitize(text).split('\n')
    const column = (shown: string): string => shown.padStart(this.#nameColumns)
    return [
      `${time}  ${column(name)} │ ${first}`,
      ...more.map((line) => `${' '.repeat(time.length)}  ${column('')} │ ${line}`),
    ].join('\n')
  }

  #divider(at: number): string {
    const day = dayName(at)
    if (day === this.#day) return ''
    this.#day = day
    return `── ${day} ──\n`
  }

  #messageText(item: MessageItem): string {
    switch (item.type) {
      case 'text':
        this.#remember(item, item.text)
        return item.text
      case 'emote':
        this.#remember(item, item.text)
        return `* ${item.from.name} ${item.text}`
      case 'reply':
        this.#remember(item, item.text)
        return `> ${this.#quote(item.to)}\n${item.text}`
      case 'edit':
        return `(edits: ${this.#quote(item.to)})\n${item.text}`
      case 'delete':
        return `(deletes: ${this.#quote(item.to)})`
      case 'react':
        return `(${item.on ? '' : 'no longer '}${item.emoji} to: ${this.#quote(item.to)})`
      case 'file':
        return `(file "${item.name}", ${item.bytes} bytes)`
      case 'unknown':
        return `(a message of the type "${item.name}", which this version does not know)`
    }
  }

  #remember(item: MessageItem, text: string): void {
    const [line = ''] = text.split('\n', 1)
    const shown = [...line].slice(0, quoteCharsMax).join('')
    this.#quotable.set(item.id, `${item.from.name}: ${shown}${shown === text ? '' : '…'}`)
    const [oldest] = this.#quotable.keys()
    if (this.#quotable.size > quotableMax && oldest !== undefined) this.#quotable.delete(oldest)
  }

  #quote(id: string): string {
    return this.#quotable.get(id) ?? `message ${id.slice(0, 8)}`
  }
}
