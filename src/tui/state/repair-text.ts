/** What a repair has done, for people. */
import type { Repair } from '../../chat/chat.ts'

export function repairLines({ again, left, corrected }: Repair): readonly string[] {
  const act = ({ event, target }: Repair['again'][number]): string => {
    return target === undefined || target.name === '' ? event : `${event} ${target.name}`
  }
  const lines = [
    ...again.map((one) => `done again: ${act(one)}`),
    ...corrected.map((i) => `set right in the store: record ${i}`),
    ...left.map((one) => `not done again: ${act(one)}: ${one.reason}`),
  ]
  return lines.length === 0 ? ['There was nothing to repair.'] : lines
}
