/**
 * The formats of an export for people.
 *
 * Markdown (CommonMark): what others wrote is escaped, so that it is no heading, link, picture, list, code or HTML,
 * wherever it stands. HTML: one page without scripts, pictures or anything from elsewhere, which its policy forbids too.
 */
import type { Room } from '../../chat/chat.ts'
import type { AdminItem, MessageItem, WarningItem } from '../../chat/item.ts'
import type { Changed } from '../../chat/timeline/changes.ts'
import { adminText, messageText } from '../../chat/wording.ts'
import { sanitize, sanitizeLine } from '../../tui/sanitize.ts'
import { clockTime, dayName } from '../../tui/text/time.ts'
import { isoTime } from './item-json.ts'

/** One format. It gets texts as their authors wrote them, and escapes them. */
export interface RoomWriter {
  head(room: Pick<Room, 'name' | 'topic' | 'id'>): string
  message(item: MessageItem, changed: Changed, quoted: Quoted | undefined): string
  admin(item: AdminItem): string
  warning(item: WarningItem): string
  foot(): string
}

/** The message that a reply answers. */
export interface Quoted {
  readonly id: string
  readonly name: string
  /** Its beginning; undefined if it was deleted. */
  readonly text: string | undefined
}

/** A message as it reads now; the name in an emote is set apart by the format. */
export function exportedText(item: MessageItem, changed: Changed): string {
  return item.type === 'emote' ? (changed.text ?? item.text) : messageText(item, changed)
}

/** Nothing, or a heading where a day begins. */
function dayDivider(heading: (day: string) => string): (at: number) => string {
  let last = ''
  return (at) => {
    const day = dayName(at)
    if (day === last) return ''
    last = day
    return heading(day)
  }
}

export function markdownWriter(): RoomWriter {
  const divider = dayDivider((day) => `## ${day}\n\n`)
  const paragraph = (at: number, name: string, text: string): string => {
    return `${divider(at)}**${clockTime(at)} ${markdownLine(name)}**  ${markdownBlock(text)}\n\n`
  }
  return {
    head: ({ name, topic, id }) => {
      return `# ${markdownLine(name)}\n\n${topic === '' ? '' : `${markdownLine(topic)}\n\n`}Room ${id}\n\n`
    },
    message(item, changed, quoted) {
      const { name } = item.from
      if (changed.deleted) return `${divider(item.at)}**${clockTime(item.at)} ${markdownLine(name)}**  *(deleted)*\n\n`
      const text = exportedText(item, changed)
      const quote =
        quoted &&
        `*${markdownLine(quoted.name)}: ${quoted.text === undefined ? '(deleted)' : markdownLine(quoted.text)}*`
      const edited = changed.text === undefined ? '' : ' *(edited)*'
      const reactions = changed.reactions.map(({ emoji, count }) => `${markdownLine(emoji)} ${count}`).join(' · ')
      const shown = item.type === 'emote' ? `*${markdownLine(name)}* ${markdownBlock(text)}` : markdownBlock(text)
      const parts = [quote === undefined ? shown : `${quote}\\\n${shown}`, ...(reactions === '' ? [] : [reactions])]
      return `${divider(item.at)}**${clockTime(item.at)} ${markdownLine(name)}**  ${parts.join('\\\n')}${edited}\n\n`
    },
    admin: (item) => paragraph(item.at, '<admin>', adminText(item)),
    warning: ({ i, reason }) => `**!**  ${markdownLine(`record ${i}: ${reason}`)}\n\n`,
    foot: () => '',
  }
}

/** Several lines, each kept as one: no line of it is empty or begins with a blank, so none ends the paragraph. */
function markdownBlock(text: string): string {
  return sanitize(text)
    .split('\n')
    .map((one) => escapedMarkdown(one.replace(/^\s+/, (blanks) => '\u00a0'.repeat(blanks.length))) || '\u00a0')
    .join('\\\n')
}

function markdownLine(text: string): string {
  return escapedMarkdown(sanitizeLine(text)).trim()
}

/**
 * One line. A backslash before an ASCII punctuation character makes it literal (CommonMark 0.31, 2.4): always if it may
 * start something anywhere, otherwise only at the line's start, or where an address would become a link.
 */
function escapedMarkdown(text: string): string {
  return text
    .replace(/[\\`*_[\]<>|~$&#]/g, '\\$&')
    .replace(/^[+\-=:]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/\b(www)\./gi, '$1\\.')
}

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1rem; border-bottom: 1px solid; }
article { display: grid; grid-template-columns: 4rem 10rem 1fr; gap: 0 1rem; }
article > b { overflow-wrap: anywhere; text-align: right; }
article p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.about, .admin, time { opacity: .7; }
`

export function htmlWriter(): RoomWriter {
  const divider = dayDivider((day) => `<h2>${escapedHtml(day)}</h2>\n`)
  const article = (at: number, name: string, body: string, attributes = ''): string => {
    const time = `<time datetime="${isoTime(at)}">${clockTime(at)}</time>`
    return `${divider(at)}<article${attributes}>${time}<b>${htmlLine(name)}</b><div>${body}</div></article>\n`
  }
  return {
    head: ({ name, topic, id }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${htmlLine(name)}</title>
<style>${style}</style>
</head>
<body>
<h1>${htmlLine(name)}</h1>
${topic === '' ? '' : `<p dir="auto">${htmlLine(topic)}</p>\n`}<p class="about">Room ${id}</p>
`,
    message(item, changed, quoted) {
      const id = ` id="m-${item.id}"`
      if (changed.deleted) return article(item.at, item.from.name, '<p class="about">(deleted)</p>', id)
      const quote =
        quoted &&
        `<p class="about" dir="auto"><a href="#m-${quoted.id}">${htmlLine(quoted.name)}</a>: ${
          quoted.text === undefined ? '(deleted)' : htmlLine(quoted.text)
        }</p>`
      const text = escapedHtml(sanitize(exportedText(item, changed)))
      const shown = item.type === 'emote' ? `<i>${htmlLine(item.from.name)}</i> ${text}` : text
      const edited = changed.text === undefined ? '' : ' <span class="about">(edited)</span>'
      const reactions = changed.reactions.map(({ emoji, count }) => `${htmlLine(emoji)} ${count}`).join(' · ')
      const under = reactions === '' ? '' : `<p class="about">${reactions}</p>`
      return article(item.at, item.from.name, `${quote ?? ''}<p dir="auto">${shown}${edited}</p>${under}`, id)
    },
    admin: (item) => article(item.at, '<admin>', `<p>${escapedHtml(sanitize(adminText(item)))}</p>`, ' class="admin"'),
    warning: ({ i, reason }) => `<p class="about">! ${htmlLine(`record ${i}: ${reason}`)}</p>\n`,
    foot: () => '</body>\n</html>\n',
  }
}

function htmlLine(text: string): string {
  return escapedHtml(sanitizeLine(text))
}

function escapedHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
