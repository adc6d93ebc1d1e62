/**
 * Which claimed times to believe. The log has an order and no clock: each sender says when a message was written. Times
 * that rise with the log vouch for each other; one that fits neither its neighbours nor this machine's clock is doubted,
 * and begins no day. Pure.
 */
import type { Entry } from './timeline.ts'

/** Clocks that differ by so much are both believed: minutes are what people see. */
const toleranceMs = 600_000

interface Known {
  readonly now: number
  readonly doubtful: ReadonlySet<string>
}

/** Every frame and key asks; a window's entries are replaced, never changed. */
const known = new WeakMap<readonly Entry[], Known>()

/** The keys of entries whose time is doubted. @param now milliseconds since the epoch; 0: unknown */
export function doubtfulTimes(entries: readonly Entry[], now: number): ReadonlySet<string> {
  const last = known.get(entries)
  if (last?.now === now) return last.doubtful
  const doubtful = judged(entries, now)
  known.set(entries, { now, doubtful })
  return doubtful
}

/** When it was written, as its author says. */
export function timeOf(entry: Entry | undefined): number | undefined {
  const item = entry?.item.kind === 'lost' ? entry.item.item : entry?.item
  return item === undefined || item.kind === 'warning' ? undefined : item.at
}

function judged(entries: readonly Entry[], now: number): ReadonlySet<string> {
  const doubtful = new Set<string>()
  const timed: { readonly key: string; readonly at: number }[] = []
  for (const entry of entries) {
    const at = timeOf(entry)
    if (at === undefined) continue
    const isPossible = Number.isFinite(new Date(at).getTime()) && (now === 0 || at <= now + toleranceMs)
    if (isPossible) timed.push({ key: entry.key, at })
    else doubtful.add(entry.key)
  }
  const believed = longestRise(timed.map(({ at }) => at))
  let before = -Infinity
  for (const [index, { key, at }] of timed.entries()) {
    if (believed.has(index)) before = at
    else if (at < before - toleranceMs || at > (next(timed, believed, index) ?? Infinity) + toleranceMs)
      doubtful.add(key)
  }
  return doubtful
}

/** The time of the next one that is believed. */
function next(
  timed: readonly { readonly at: number }[],
  believed: ReadonlySet<number>,
  from: number,
): number | undefined {
  for (let index = from + 1; index < timed.length; index += 1) if (believed.has(index)) return timed[index]?.at
  return undefined
}

/** The indices of a longest subsequence that does not fall (by patience sorting); of several, one that ends low. */
function longestRise(values: readonly number[]): ReadonlySet<number> {
  /** By length, the index of the lowest last value. */
  const ends: number[] = []
  const previous: number[] = []
  for (const [index, value] of values.entries()) {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((values[ends[middle] as number] as number) <= value) low = middle + 1
      else high = middle
    }
    previous.push(low === 0 ? -1 : (ends[low - 1] as number))
    ends[low] = index
  }
  const rise = new Set<number>()
  for (let index = ends.at(-1) ?? -1; index >= 0; index = previous[index] as number) rise.add(index)
  return rise
}
