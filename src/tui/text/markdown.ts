/**
 * How a message is to be drawn: which of its characters are bold, italic, code, quoted or hidden, and which were only
 * markup. The text itself is never changed, so that nothing of it can become a link, an image, HTML or a control. Linear in
 * the text but for its marks, of which it reads a bounded number (docs/adr/0033-message-formatting.md). Pure.
 */
import { createRequire } from 'node:module'
import type * as Lezer from '@lezer/markdown'
import { widthOf } from './width.ts'

/** What is known of each code unit of a text, as bits. */
export const format = {
  bold: 1,
  italic: 2,
  code: 4,
  /** Of a fence: its lines and spaces stay as they are. */
  fenced: 8,
  quote: 16,
  spoiler: 32,
  /** Markup that stays visible: of code and quotes. */
  mark: 64,
  /** Markup that is not shown. */
  dropped: 128,
} as const

/** A text with more of them is shown as it is: the parser's work grows with their square (8 ms for as many). */
const marksMax = 1000

const markup = /[*_`|>]|~~~/
const marks = /[*_`|>~\\]/g

/** Undefined: nothing is marked up. As many numbers as the text has code units. */
export function formatsOf(text: string): Uint8Array | undefined {
  if (!markup.test(text) || (text.match(marks)?.length ?? 0) > marksMax) return undefined
  const formats = new Uint8Array(text.length)
  const add = (from: number, to: number, bits: number): void => {
    for (let at = from; at < to; at += 1) formats[at] = (formats[at] ?? 0) | bits
  }
  parser ??= makeParser()
  parser.parse(text).iterate({
    enter({ name, from, to }) {
      switch (name) {
        case 'Bold':
          return add(from, to, format.bold)
        case 'Italic':
          return add(from, to, format.italic)
        case 'BoldItalic':
          return add(from, to, format.bold | format.italic)
        case 'Spoiler':
          return add(from, to, format.spoiler)
        case 'StyleMark':
          return add(from, to, format.dropped)
        case 'InlineCode':
          return add(from, to, format.code)
        case 'FencedCode':
          return add(from, to, format.code | format.fenced)
        case 'CodeMark':
        case 'CodeInfo':
          return add(from, to, format.mark)
        case 'QuoteMark': {
          // `>_<` is no quote. Lines without the mark are none either, whatever is above them.
          if (!/[\s>]/.test(text[to] ?? ' ')) return
          const isQuoted = ((formats[from] ?? 0) & format.quote) !== 0
          add(from, to, format.mark)
          if (isQuoted) return
          const end = text.indexOf('\n', to)
          return add(from, end < 0 ? text.length : end, format.quote)
        }
        case 'Escape':
          // An underscore needs no backslash inside a word, and in ¯\_(ツ)_/¯ it is meant.
          if (/[*`|]/.test(text[from + 1] ?? '')) add(from, from + 1, format.dropped)
          return
        default:
          return
      }
    },
  })
  return formats.some((bits) => bits !== 0) ? formats : undefined
}

/** In the place of what a spoiler hides: as wide as that, so that showing it moves nothing. */
const block = '█'

export function blocks(hidden: string): string {
  return hidden
    .split('\n')
    .map((line) => block.repeat(widthOf(line)))
    .join('\n')
}

/** The text with its spoilers covered, for where it is quoted; all else is as its author wrote it. */
export function withoutSpoilers(text: string): string {
  const formats = text.includes('||') ? formatsOf(text) : undefined
  if (formats === undefined) return text
  let shown = ''
  for (const { from, to, bits } of runsOf(formats)) {
    const part = text.slice(from, to)
    if ((bits & format.spoiler) === 0) shown += part
    else if ((bits & format.dropped) === 0) shown += blocks(part)
  }
  return shown
}

interface Run {
  readonly from: number
  readonly to: number
  readonly bits: number
}

/** Neighbours that are alike. */
export function runsOf(formats: Uint8Array): readonly Run[] {
  const runs: Run[] = []
  let from = 0
  for (let at = 1; at <= formats.length; at += 1) {
    if (at < formats.length && formats[at] === formats[from]) continue
    runs.push({ from, to: at, bits: formats[from] ?? 0 })
    from = at
  }
  return runs
}

const load = createRequire(import.meta.url)
/** Loaded for the first text that has markup. */
let parser: Lezer.MarkdownParser | undefined

const styles: Readonly<Record<string, string>> = {
  '*': 'Bold',
  '**': 'Bold',
  '***': 'BoldItalic',
  _: 'Italic',
  __: 'Bold',
  '||': 'Spoiler',
}

/** Of the parser's own there remain quotes, code and backslashes. Headings, lists, links, images and HTML stay text. */
const others = [
  'LinkReference',
  'HorizontalRule',
  'BulletList',
  'OrderedList',
  'ATXHeading',
  'SetextHeading',
  'HTMLBlock',
  'Entity',
  'HTMLTag',
  'Emphasis',
  'HardBreak',
  'Link',
  'Image',
  'LinkEnd',
]

function makeParser(): Lezer.MarkdownParser {
  const { parser: commonMark } = load('@lezer/markdown') as typeof Lezer
  const delimiters = new Map(
    Object.entries(styles).map(([mark, resolve]) => [mark, { resolve, mark: 'StyleMark' }] as const),
  )
  const config: Lezer.MarkdownConfig = {
    remove: others,
    defineNodes: [...new Set(Object.values(styles)), 'StyleMark'],
    parseInline: [
      { name: 'Address', before: 'Escape', parse: skipAddress },
      {
        name: 'Style',
        parse(context, next, pos) {
          if (next !== star && next !== underscore && next !== bar) return -1
          let end = pos + 1
          while (context.char(end) === next) end += 1
          const delimiter = delimiters.get(context.slice(pos, end))
          const [before, after] = [around(context, pos - 1), around(context, end)]
          // Neither in a word nor beside a blank: 5*3*2 and a || b are no markup.
          const opens = !/\s/.test(after) && !isInWord(before)
          const closes = !/\s/.test(before) && !isInWord(after)
          return delimiter === undefined || !(opens || closes)
            ? end
            : context.addDelimiter(delimiter, pos, end, opens, closes)
        },
      },
    ],
  }
  return commonMark.configure(config)
}

const [star, underscore, bar] = [42, 95, 124]

/** A blank stands for the ends of the text. */
function around(context: Lezer.InlineContext, at: number): string {
  return at < context.offset || at >= context.end ? ' ' : context.slice(at, at + 1)
}

/** Scripts that put no blanks between words have none beside the marks either. */
function isInWord(character: string): boolean {
  return /[[\p{L}\p{N}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]]/v.test(character)
}

/** Underscores and stars of a web address are its own. */
function skipAddress(context: Lezer.InlineContext, next: number, pos: number): number {
  if (next !== 104 || !/^https?:\/\//.test(context.slice(pos, Math.min(pos + 8, context.end)))) return -1
  let end = pos
  while (end < context.end && !/[\s<>"`]/.test(context.slice(end, end + 1))) end += 1
  while (/[*_|.,;:!?)'\]]/.test(context.slice(end - 1, end))) end -= 1
  return end
}
