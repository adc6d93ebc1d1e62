/** Styled text: what a view is made of. Colours are never the only sign of anything. */
import type { Clickable } from './clickable.ts'
import { padEnd, truncate, widthOf } from './width.ts'

export type Hue = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan'

/** One of as many as a terminal has for names: `few` of sixteen, `many` of 256 and more. */
export interface NameColour {
  readonly few: number
  readonly many: number
}

export const nameColourCounts: NameColour = { few: 9, many: 24 }

export type Colour = Hue | NameColour

export interface Style {
  readonly colour?: Colour
  readonly bold?: boolean
  readonly dim?: boolean
  readonly italic?: boolean
  readonly inverse?: boolean
  readonly underline?: boolean
  /** The web address that the text leads to, as its author wrote it. */
  readonly link?: string
}

export interface Span {
  readonly text: string
  readonly style: Style
  /** What a click on it means. */
  readonly on?: Clickable
}

/** One row of a pane, or of the screen. */
export type Line = readonly Span[]

const plainStyle: Style = {}

export function span(text: string, style: Style = plainStyle): Span {
  return { text, style }
}

/** The line, and whatever fills it up: a click on it means this. */
export function clickable(line: Line, on: Clickable): Line {
  return line.map((part) => ({ ...part, on }))
}

export function lineWidth(spans: Line): number {
  return spans.reduce((width, part) => width + widthOf(part.text), 0)
}

/** Exactly `columns` wide: cut with an ellipsis, or filled with spaces in `fill`, which stand for what is before them. */
export function fit(spans: Line, columns: number, fill: Style = plainStyle): Line {
  const fitted: Span[] = []
  let left = columns
  for (const [index, part] of spans.entries()) {
    const width = widthOf(part.text)
    const last = index === spans.length - 1
    if (width > left || (width === left && !last && spans.slice(index + 1).some((rest) => rest.text !== ''))) {
      fitted.push({ ...part, text: padEnd(truncate(width > left ? part.text : `${part.text}…`, left), left) })
      return fitted
    }
    fitted.push(part)
    left -= width
  }
  if (left > 0) fitted.push({ ...spans.at(-1), text: ' '.repeat(left), style: fill })
  return fitted
}

export function textOfLine(spans: Line): string {
  return spans.map((part) => part.text).join('')
}
