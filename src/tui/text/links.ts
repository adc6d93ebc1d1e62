/**
 * Web addresses in texts, also where wrapping has broken them. A text can name any address: what a terminal is given of it
 * is printable ASCII of bounded length (`addressOf`). Pure.
 */
import { span, type Line, type Span, type Style } from './style.ts'

/** Terminals ignore longer ones (VTE: 2083 bytes); one that is cut would lead elsewhere. */
const addressBytesMax = 2000

interface Link {
  readonly from: number
  readonly to: number
  readonly url: string
}

/** Without the punctuation of the sentence around them. */
export function linksIn(text: string): readonly Link[] {
  if (!/:\/\//.test(text)) return []
  return Array.from(text.matchAll(/\bhttps?:\/\/[^\s<>"]+/gi)).flatMap(({ 0: found, index: from }) => {
    const url = trimmed(found)
    // The text around it was cut short, and the address with it.
    if (url.endsWith('…') || /\/\/$/.test(url)) return []
    return [{ from, to: from + url.length, url }]
  })
}

/** A closing bracket belongs to the address if it was opened there. */
function trimmed(found: string): string {
  let round = count(found, ')') - count(found, '(')
  let square = count(found, ']') - count(found, '[')
  let end = found.length
  for (; end > 0; end -= 1) {
    const last = found[end - 1] ?? ''
    if (last === ')' ? round <= 0 : last === ']' ? square <= 0 : !/['.,;:!?]/.test(last)) break
    if (last === ')') round -= 1
    if (last === ']') square -= 1
  }
  return found.slice(0, end)
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

/** The rows that a text was wrapped into, with its links underlined. */
export function linkedRows(text: string, rows: readonly string[], style: Style): readonly Line[] {
  const links = linksIn(text)
  if (links.length === 0) return rows.map((row) => [span(row, style)])
  const linkAt = along(links)
  const styled = new Map(links.map((link) => [link, linkStyle(style, link.url)]))
  return spansAlong(text, rows, (at) => {
    const link = linkAt(at)
    return (link && styled.get(link)) ?? style
  })
}

/** Which link a place is in; to be asked of places in their order. */
export function along(links: readonly Link[]): (at: number) => Link | undefined {
  let next = 0
  return (at) => {
    while ((links[next]?.to ?? Infinity) <= at) next += 1
    const link = links[next]
    return link !== undefined && link.from <= at ? link : undefined
  }
}

const plain: Style = {}

/** The rows that a text was wrapped into, each character in the style of its place in the text. */
export function spansAlong(text: string, rows: readonly string[], styleAt: (at: number) => Style): readonly Line[] {
  let at = 0
  return rows.map((row) => {
    const spans: Span[] = []
    let begun = 0
    let current: Style | undefined
    for (let index = 0; index < row.length; index += 1) {
      // Wrapping drops blanks where it breaks, and puts some in front of what follows.
      while (at < text.length && text[at] !== row[index] && /\s/.test(text[at] ?? '')) at += 1
      const isAdded = row[index] === ' ' && text[at] !== ' '
      const style = isAdded ? plain : styleAt(at)
      if (style !== current) {
        if (index > begun) spans.push(span(row.slice(begun, index), current))
        ;[begun, current] = [index, style]
      }
      if (!isAdded) at += 1
    }
    spans.push(span(row.slice(begun), current))
    return spans
  })
}

export function linkStyle(style: Style, link: string | undefined): Style {
  return link === undefined ? style : { ...style, underline: true, link }
}

/** As RFC 3986 writes it, for OSC 8; undefined: nothing that a terminal should open. */
export function addressOf(url: string): string | undefined {
  if (!/^https?:\/\//i.test(url)) return undefined
  const address = url.replace(/[^\x21-\x7e]+/gu, (part) => {
    return Array.from(Buffer.from(part), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
  })
  return address.length > addressBytesMax ? undefined : address
}

/** The same for all pieces of an address that wrapping has broken: terminals underline them together. */
export function linkId(address: string): string {
  let hash = 7
  for (const character of address) hash = (hash * 31 + character.charCodeAt(0)) % 2_147_483_647
  return hash.toString(36)
}
