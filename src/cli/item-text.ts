/**
 * Timeline items as lines for people: `HH:MM  name │ text`, a divider where a day begins. A text's
 * further lines are put behind the bar, so that none can pose as another message.
 */
import type { AdminItem, MessageItem, TimelineItem } from '../chat/item.ts'
import { sanitize } from '../tui/sanitize.ts'

/** Messages that a reply can still be shown with. */
const quotableMax = 1000
const quoteCharsMax = 60
const nameColumnsMax = 16

export class ItemLines {
  #day = ''
  readonly #quotable = new Map<string, string>()
  readonly #nameColumns: number

  /** `names` of the members: they decide the width of the column of names. */
  constructor(names: readonly string[]) {
    const widest = Math.max('<admin>'.length, ...names.map((name) => name.length))
    this.#nameColumns = Math.min(widest, nameColumnsMax)
  }

  /** One or more lines, without the last line's end. */
  lines(item: TimelineItem): string {
    if (item.kind === 'warning') return this.#block('     ', '!', `record ${item.i}: ${item.reason}`)
    const at = new Date(item.at)
    const name = item.kind === 'admin' ? '<admin>' : item.from.name
    const text = item.kind === 'admin' ? adminText(item) : this.#messageText(item)
    return `${this.#divider(at)}${this.#block(clock(at), name, text)}`
  }

  #block(time: string, name: string, text: string): string {
    const [first = '', ...more] = sanitize(text).split('\n')
    const column = (shown: string): string => shown.padStart(this.#nameColumns)
    return [`${time}  ${column(name)} │ ${first}`, ...more.map((line) => `       ${column('')} │ ${line}`)].join('\n')
  }

  #divider(at: Date): string {
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

function adminText({ event, by, target, detail }: AdminItem): string {
  const whom = target?.name ?? 'somebody'
  switch (event) {
    case 'create':
      return `${by.name} created this room`
    case 'knock': {
      const { name, fingerprint } = target ?? by
      return `User ${name} would like to join! Please type "!${name}" to accept   ${fingerprint}`
    }
    case 'accept':
      return `${by.name} accepted ${whom}`
    case 'reject':
      return `${by.name} rejected ${whom}`
    case 'invite':
      return `${by.name} invited ${whom}`
    case 'kick':
      return `${by.name} kicked ${whom}`
    case 'leave':
      return `${by.name} left`
    case 'rotate':
      return `${by.name} changed the room's keys`
    case 'rekey':
      return `${by.name} has new keys`
    case 'promote':
      return `${by.name} made ${whom} an admin`
    case 'demote':
      return `${whom} is no longer an admin (${by.name})`
    case 'policy':
      return `${by.name} changed the rules: ${detail ?? ''}`
    case 'topic':
      return detail ? `${by.name} set the topic: ${detail}` : `${by.name} removed the topic`
    case 'repair':
      return `${by.name} repaired the room's keys`
  }
}

function clock(at: Date): string {
  if (Number.isNaN(at.getTime())) return '--:--'
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' })

function dayName(at: Date): string {
  return Number.isNaN(at.getTime()) ? 'at an impossible date' : dayFormat.format(at).replace(',', '')
}
