/**
 * Which lines of a timeline are on the screen, and the effect of scrolling. Only visible entries are laid out: lines
 * are counted from the anchor upwards, entry by entry. Pure.
 */
import type { Anchor, Entry } from '../state/timeline.ts'

/** The lines of the entry at an index. */
export type Measure = (index: number) => number

interface Place {
  readonly index: number
  readonly hidden: number
}

/** The indices that cover `rows` lines upwards from the anchor, oldest first, and how many lines to cut below. */
export function visibleRange(
  entries: readonly Entry[],
  anchor: Anchor | undefined,
  rows: number,
  measure: Measure,
): { readonly from: number; readonly to: number; readonly hidden: number } {
  const { index, hidden } = placeOf(entries, anchor, measure)
  let from = index + 1
  let lines = -hidden
  while (from > 0 && lines < rows) {
    from -= 1
    lines += measure(from)
  }
  return { from, to: index + 1, hidden }
}

interface Scrolled {
  /** Undefined: back at the end. */
  readonly anchor: Anchor | undefined
  /** The window's beginning is in view. */
  readonly atTop: boolean
  readonly atBottom: boolean
}

/** Moves by `lines`, upwards when negative; stops where the window begins and ends. */
export function scroll(
  entries: readonly Entry[],
  anchor: Anchor | undefined,
  lines: number,
  rows: number,
  measure: Measure,
): Scrolled {
  let { index, hidden } = placeOf(entries, anchor, measure)
  hidden -= lines
  while (hidden < 0 && index < entries.length - 1) {
    index += 1
    hidden += measure(index)
  }
  while (index > 0 && hidden >= measure(index)) {
    hidden -= measure(index)
    index -= 1
  }
  const top = highest(entries, rows, measure)
  const atTop = index < top.index || (index === top.index && hidden >= top.hidden)
  const place = atTop ? top : { index, hidden }
  const atBottom = place.hidden <= 0 && place.index >= entries.length - 1
  const key = entries[place.index]?.key
  if (atBottom || key === undefined) return { anchor: undefined, atTop, atBottom: true }
  return { anchor: { key, hidden: place.hidden }, atTop, atBottom: false }
}

/** The anchor that shows the entry at the top of the screen. */
export function anchorWithTop(
  entries: readonly Entry[],
  top: number,
  rows: number,
  measure: Measure,
): Anchor | undefined {
  const place = downFrom(entries, top, rows, measure)
  const key = entries[place.index]?.key
  if (key === undefined || (place.index === entries.length - 1 && place.hidden <= 0)) return undefined
  return { key, hidden: place.hidden }
}

/** The anchor that shows the whole entry, moved no further than it must be; of one too long, its beginning. */
export function anchorShowing(
  entries: readonly Entry[],
  anchor: Anchor | undefined,
  index: number,
  rows: number,
  measure: Measure,
): Anchor | undefined {
  const lowest = placeOf(entries, anchor, measure)
  const key = entries[index]?.key
  if (key === undefined) return anchor
  if (index > lowest.index || (index === lowest.index && lowest.hidden > 0)) {
    return measure(index) > rows ? anchorWithTop(entries, index, rows, measure) : { key, hidden: 0 }
  }
  let lines = -lowest.hidden
  for (let at = index; at <= lowest.index && lines <= rows; at += 1) lines += measure(at)
  return lines <= rows ? anchor : anchorWithTop(entries, index, rows, measure)
}

/** The topmost position: the first line of the window is the first on the screen. */
function highest(entries: readonly Entry[], rows: number, measure: Measure): Place {
  return downFrom(entries, 0, rows, measure)
}

function downFrom(entries: readonly Entry[], top: number, rows: number, measure: Measure): Place {
  let lines = 0
  for (let index = top; index < entries.length; index += 1) {
    lines += measure(index)
    if (lines >= rows) return { index, hidden: lines - rows }
  }
  return { index: entries.length - 1, hidden: 0 }
}

function placeOf(entries: readonly Entry[], anchor: Anchor | undefined, measure: Measure): Place {
  const last = entries.length - 1
  if (anchor === undefined) return { index: last, hidden: 0 }
  const index = entries.findIndex((entry) => entry.key === anchor.key)
  if (index < 0) return { index: last, hidden: 0 }
  return { index, hidden: Math.min(anchor.hidden, Math.max(0, measure(index) - 1)) }
}
