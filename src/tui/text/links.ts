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
  let url = found
  for (;;) {
    const last = url.at(-1) ?? ''
    const opening = last === ')' ? '(' : last === ']' ? '[' : undefined
    const isOpened = opening !== undefined && count(url, opening) >= count(url, last)
    if (isOpened || !/['.,;:!?)\]]/.test(last)) return url
    url = url.slice(0, -1)
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

/** The rows that a text was wrapped into, with its links underlined. */
export function linkedRows(text: string, rows: readonly string[], style: Style): readonly Line[] {
  const links = linksIn(text)
  if (links.length === 0) return rows.map((row) => [span(row, style)])
  let at = 0
  return rows.map((row) => {
    const spans: Span[] = []
    let [begun, current]: [number, string | undefined] = [0, undefined]
    const close = (end: number, following: string | undefined): void => {
      if (end > begun) spans.push(span(row.slice(begun, end), linkStyle(style, current)))
      ;[begun, current] = [end, following]
    }
    for (let index = 0; index < row.length; index += 1) {
      // Wrapping drops blanks where it breaks, and puts some in front of what follows.
      while (at < text.length && text[at] !== row[index] && /\s/.test(text[at] ?? '')) at += 1
      const isAdded = row[index] === ' ' && text[at] !== ' '
      const url = isAdded ? undefined : links.find(({ from, to }) => from <= at && at < to)?.url
      if (url !== current) close(index, url)
      if (!isAdded) at += 1
    }
    close(row.length, undefined)
    return spans
  })
}

function linkStyle(style: Style, link: string | undefined): Style {
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
