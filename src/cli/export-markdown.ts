/**
 * A room as Markdown (CommonMark). Whatever others wrote is escaped, so that it is no heading, link, picture, list,
 * code or HTML, wherever it stands.
 */
import { adminText } from '../chat/wording.ts'
import { sanitize, sanitizeLine } from '../tui/sanitize.ts'
import { clockTime, dayName } from '../tui/text/time.ts'
import { textNow, type RoomWriter } from './export-writer.ts'

export function markdownWriter(): RoomWriter {
  let day = ''
  const divider = (at: number): string => {
    if (dayName(at) === day) return ''
    day = dayName(at)
    return `## ${day}\n\n`
  }
  const paragraph = (at: number, name: string, text: string): string => {
    return `${divider(at)}**${clockTime(at)} ${line(name)}**  ${block(text)}\n\n`
  }
  return {
    head: ({ name, topic, id }) => {
      return `# ${line(name)}\n\n${topic === '' ? '' : `${line(topic)}\n\n`}Room ${id}\n\n`
    },
    message(item, changed, quoted) {
      const { name } = item.from
      if (changed.deleted) return `${divider(item.at)}**${clockTime(item.at)} ${line(name)}**  *(deleted)*\n\n`
      const text = textNow(item, changed)
      const quote = quoted && `*${line(quoted.name)}: ${quoted.text === undefined ? '(deleted)' : line(quoted.text)}*`
      const edited = changed.text === undefined ? '' : ' *(edited)*'
      const reactions = changed.reactions.map(({ emoji, count }) => `${line(emoji)} ${count}`).join(' · ')
      const shown = item.type === 'emote' ? `*${line(name)}* ${block(text)}` : block(text)
      const parts = [quote === undefined ? shown : `${quote}\\\n${shown}`, ...(reactions === '' ? [] : [reactions])]
      return `${divider(item.at)}**${clockTime(item.at)} ${line(name)}**  ${parts.join('\\\n')}${edited}\n\n`
    },
    admin: (item) => paragraph(item.at, '<admin>', adminText(item)),
    warning: ({ i, reason }) => `**!**  ${line(`record ${i}: ${reason}`)}\n\n`,
    foot: () => '',
  }
}

/** Several lines, each kept as one: no line of it is empty or begins with a blank, so none ends the paragraph. */
function block(text: string): string {
  return sanitize(text)
    .split('\n')
    .map((one) => escaped(one.replace(/^\s+/, (blanks) => '\u00a0'.repeat(blanks.length))) || '\u00a0')
    .join('\\\n')
}

function line(text: string): string {
  return escaped(sanitizeLine(text)).trim()
}

/**
 * One line. A backslash before a character of ASCII's punctuation makes it mean itself (CommonMark 0.31, 2.4): always
 * where it may begin something anywhere, else only at the line's start, or where an address would become a link.
 */
function escaped(text: string): string {
  return text
    .replace(/[\\`*_[\]<>|~$&#]/g, '\\$&')
    .replace(/^[+\-=:]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/\b(www)\./gi, '$1\\.')
}
