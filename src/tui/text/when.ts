/** Dates and times as people type them, in the time zone of this machine. Pure but for the zone. */

const dayMs = 86_400_000

/**
 * `2026-11-30`, `11-30`, `14:00`, `2026-11-30 14:00`, `today`, `yesterday`, `7d` (ago).
 *
 * @param now milliseconds since the epoch
 * @returns the beginning of what it names; undefined: it names no time
 */
export function parseWhen(text: string, now: number): number | undefined {
  const [first = '', second, ...others] = text
    .trim()
    .toLowerCase()
    .split(/\s+|(?<=[0-9])t(?=[0-9])/)
  if (others.length > 0) return undefined
  const ago = second === undefined ? /^-?([0-9]{1,5})d$/.exec(first)?.[1] : undefined
  if (ago !== undefined) return startOf(now - Number(ago) * dayMs)
  if (second === undefined) {
    const minutes = parseClock(first)
    if (minutes !== undefined) return startOf(now) + minutes * 60_000
  }
  const day = parseDay(first, now)
  if (day === undefined || second === undefined) return day
  const minutes = parseClock(second)
  return minutes === undefined ? undefined : day + minutes * 60_000
}

/** Minutes of the day. */
function parseClock(word: string): number | undefined {
  const [, hours = '', minutes = ''] = /^([0-9]{1,2}):([0-9]{2})$/.exec(word) ?? []
  if (hours === '' || Number(hours) > 23 || Number(minutes) > 59) return undefined
  return Number(hours) * 60 + Number(minutes)
}

function parseDay(word: string, now: number): number | undefined {
  if (word === 'today') return startOf(now)
  if (word === 'yesterday') return startOf(startOf(now) - dayMs / 2)
  const [, year, month = '', day = ''] = /^(?:([0-9]{4})-)?([0-9]{1,2})-([0-9]{1,2})$/.exec(word) ?? []
  if (month === '') return undefined
  const date = new Date(year === undefined ? new Date(now).getFullYear() : Number(year), Number(month) - 1, Number(day))
  if (date.getMonth() !== Number(month) - 1 || date.getDate() !== Number(day)) return undefined
  // Without a year, the last one that there was.
  if (year === undefined && date.getTime() > now) date.setFullYear(date.getFullYear() - 1)
  return date.getTime()
}

function startOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}
