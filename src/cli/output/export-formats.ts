/**
 * The formats of an export for people. Texts stand in block quotes, and what the program says about them outside.
 *
 * Markdown (CommonMark): what others wrote is escaped, so that it is no heading, link, picture, list, code or HTML,
 * wherever it stands. HTML: one page without scripts, pictures or anything from elsewhere, which its policy forbids too.
 */
import type { Room } from '../../chat/chat.ts'
import type { AdminItem, MessageItem, WarningItem } from '../../chat/item.ts'
import type { Changed } from '../../chat/timeline/changes.ts'
import { adminText, mark, messageParts, reactionLabel, type Part } from '../../chat/wording.ts'
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
  /** Its author and its beginning. */
  readonly text: string
}

function reactionsText({ reactions }: Changed): string {
  return reactions.map(({ emoji, count }) => `${reactionLabel(emoji)} ${count}`).join(' · ')
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
  const said = (at: number, name: string, parts: readonly Part[]): string => {
    const head = `${divider(at)}**${clockTime(at)} ${markdownLine(name)}**`
    return [head, ...parts.map((part) => (part.kind === 'text' ? blockQuote(part.text) : markdownLine(part.text)))]
      .map((block) => `${block}\n\n`)
      .join('')
  }
  return {
    head: ({ name, topic, id }) => {
      return `# ${markdownLine(name)}\n\n${topic === '' ? '' : `Topic: ${markdownLine(topic)}\n\n`}Room ${id}\n\n`
    },
    message(item, changed, quoted) {
      const reactions = reactionsText(changed)
      return said(item.at, item.from.name, [
        ...(quoted === undefined || changed.deleted ? [] : [mark(`replies to ${quoted.text}`)]),
        ...messageParts(item, changed),
        ...(changed.text === undefined ? [] : [mark('(edited)')]),
        ...(reactions === '' ? [] : [mark(reactions)]),
      ])
    },
    admin: (item) => said(item.at, '<admin>', adminText(item).split('\n').map(mark)),
    warning: ({ i, reason }) => `**!**  ${markdownLine(`record ${i}: ${reason}`)}\n\n`,
    foot: () => '',
  }
}

/** Each line of the text is one of the quote: none is empty or begins with a blank, so none ends it. */
function blockQuote(text: string): string {
  return sanitize(text)
    .split('\n')
    .map((one) => `> ${escapedMarkdown(one.replace(/^\s+/, (blanks) => '\u00a0'.repeat(blanks.length))) || '\u00a0'}`)
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
article p, blockquote { margin: 0; overflow-wrap: anywhere; }
blockquote { white-space: pre-wrap; border-left: 3px solid; padding-left: .5rem; }
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
${topic === '' ? '' : `<p dir="auto">Topic: ${htmlLine(topic)}</p>\n`}<p class="about">Room ${id}</p>
`,
    message(item, changed, quoted) {
      const reactions = reactionsText(changed)
      const parts = [
        ...messageParts(item, changed).map((part) => {
          return part.kind === 'mark'
            ? about(part.text)
            : `<blockquote dir="auto">${escapedHtml(sanitize(part.text))}</blockquote>`
        }),
        ...(changed.text === undefined ? [] : [about('(edited)')]),
        ...(reactions === '' ? [] : [about(reactions)]),
      ]
      const reply =
        quoted && !changed.deleted
          ? `<p class="about"><a href="#m-${quoted.id}">replies to</a> ${htmlLine(quoted.text)}</p>`
          : ''
      return article(item.at, item.from.name, reply + parts.join(''), ` id="m-${item.id}"`)
    },
    admin: (item) => article(item.at, '<admin>', adminText(item).split('\n').map(about).join(''), ' class="admin"'),
    warning: ({ i, reason }) => `<p class="about">! ${htmlLine(`record ${i}: ${reason}`)}</p>\n`,
    foot: () => '</body>\n</html>\n',
  }
}

/** A line of the program's own words. */
function about(text: string): string {
  return `<p class="about">${htmlLine(text)}</p>`
}

function htmlLine(text: string): string {
  return escapedHtml(sanitizeLine(text))
}

function escapedHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
