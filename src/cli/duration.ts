/** Durations in options: 30m, 24h, 7d. */
import { ConclaveError } from '../base/errors.ts'

/** In milliseconds. @throws usage */
export function durationMs(text: string): number {
  const match = /^([1-9][0-9]{0,4})([mhd])$/.exec(text)
  if (match === null)
    throw new ConclaveError('usage', `"${text}" is no duration`, { hint: 'For example 30m, 24h, 7d.' })
  return Number(match[1]) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 'm' | 'h' | 'd']
}
