/**
 * What the mouse points at. It is looked for on the screens that were drawn, as the person saw them, and not in the state,
 * which may have changed since. Pure.
 */
import type { Click, Mouse, Wheel } from '../input/key.ts'
import { isSameClickable, type Clickable } from '../text/clickable.ts'
import { widthOf } from '../text/width.ts'
import type { Frame } from './frame.ts'

/** Nobody sees and presses faster than this. */
const seenMs = 200

export interface Drawn {
  readonly frame: Frame
  /** In milliseconds, by any clock. */
  readonly at: number
}

export function hitAt({ rows }: Frame, row: number, column: number): Clickable | undefined {
  let end = 0
  for (const { text, style, on } of rows[row] ?? []) {
    end += widthOf(text)
    if (column < end) return style.link === undefined ? on : { kind: 'link', url: style.link }
  }
  return undefined
}

/** Undefined: a click on nothing. `drawn`: the last one at the end. */
export function pointed({ act, row, column }: Mouse, drawn: readonly Drawn[], now: number): Click | Wheel | undefined {
  const hits = recent(drawn, now).map(({ frame }) => hitAt(frame, row, column))
  const on = hits.at(-1)
  if (act !== 'press') return { kind: 'wheel', up: act === 'wheel-up', on }
  return on && { kind: 'click', on, isSeen: hits.every((hit) => isSameClickable(hit, on)) }
}

/** Those that may have been on the screen when a button was pressed that is heard of now. */
export function recent(drawn: readonly Drawn[], now: number): readonly Drawn[] {
  const at = drawn.findLastIndex((one) => one.at <= now - seenMs)
  return at <= 0 ? drawn : drawn.slice(at)
}
