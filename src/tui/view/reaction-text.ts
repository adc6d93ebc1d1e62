/** The reactions to a message, in a line. Pure. */
import type { Changed } from '../../chat/timeline/changes.ts'

/** 👍 2  🎉, one's own with a sign. */
export function reactionText({ reactions }: Changed): string {
  return reactions.map(({ emoji, count, own }) => `${emoji}${count > 1 ? ` ${count}` : ''}${own ? '*' : ''}`).join('  ')
}
