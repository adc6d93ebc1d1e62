/** Times in human-readable form, in the time zone of this machine. Pure but for the zone. */

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** 14:02; dashes for an invalid claimed time. */
export function clockTime(at: number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return '--:--'
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}

/** Mon 23 November 2026 */
export function dayName(at: number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return 'an unknown day'
  return `${days[date.getDay()] ?? ''} ${date.getDate()} ${months[date.getMonth()] ?? ''} ${date.getFullYear()}`
}

/** 14:02 for today, 23 Nov, or 2024 for another year: six columns at most. */
export function shortTime(at: number, now: number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return '?'
  if (sameDay(at, now)) return clockTime(at)
  if (date.getFullYear() !== new Date(now).getFullYear()) return String(date.getFullYear()).slice(0, 6)
  return `${date.getDate()} ${(months[date.getMonth()] ?? '').slice(0, 3)}`
}

/** now, 5m, 3h, Fri, or as `shortTime` does: six columns at most. Empty for a time that is still to come. */
export function ageText(at: number, now: number): string {
  const minutes = Math.floor((now - at) / 60_000)
  if (Number.isNaN(minutes) || minutes < -clocksDifferMin) return ''
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes}m`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h`
  return minutes < 6 * 24 * 60 ? (days[new Date(at).getDay()] ?? '') : shortTime(at, now)
}

const clocksDifferMin = 10

export function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString()
}
