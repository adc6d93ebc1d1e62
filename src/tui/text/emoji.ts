/** Reaction emoji: a few are offered by names, for keyboards without them; any other single one is accepted. */
import { reactionBytesMax } from '../../base/limits.ts'
import { sanitizeLine } from '../sanitize.ts'
import { graphemes } from './width.ts'

const named: Readonly<Record<string, string>> = {
  yes: '👍',
  heart: '❤️',
  laugh: '😂',
  party: '🎉',
  wow: '😮',
  sad: '😢',
  thanks: '🙏',
  done: '✅',
  look: '👀',
  no: '👎',
  '+1': '👍',
  '-1': '👎',
}

/** Those that match the input: the beginning of a name, with or without colons. */
export function offeredEmoji(typed: string): readonly string[] {
  const wanted = typed.replaceAll(':', '').toLowerCase()
  return [...new Set(Object.entries(named).flatMap(([name, emoji]) => (name.startsWith(wanted) ? [emoji] : [])))]
}

/** The emoji meant; undefined: not a single displayable character. */
export function emojiOf(typed: string): string | undefined {
  const text = typed.trim()
  const emoji = named[text.replaceAll(':', '').toLowerCase()] ?? text
  if (emoji === '' || Buffer.byteLength(emoji) > reactionBytesMax) return undefined
  return graphemes(emoji).length === 1 && sanitizeLine(emoji) === emoji ? emoji : undefined
}
