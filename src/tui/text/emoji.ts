/**
 * Emoji by name, for keyboards without them: a few words of our own, then the names that GitHub and others use. The long
 * list is loaded for the first name that needs it.
 */
import { createRequire } from 'node:module'
import { reactionBytesMax } from '../../base/limits.ts'
import { sanitizeLine } from '../sanitize.ts'
import { graphemes } from './width.ts'

/** Offered without a letter typed. */
const common: Readonly<Record<string, string>> = {
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

type Names = Readonly<Record<string, string>>
const load = createRequire(import.meta.url)
let loaded: Names | undefined

function names(): Names {
  loaded ??= { ...(load('markdown-it-emoji/lib/data/full.mjs') as { readonly default: Names }).default, ...common }
  return loaded
}

export interface NamedEmoji {
  readonly name: string
  readonly emoji: string
}

/**
 * Those that match the beginning of a name, or of a word in it, with or without colons: the name itself first, short
 * names before long ones. Each emoji once.
 */
export function offeredEmoji(typed: string): readonly NamedEmoji[] {
  const wanted = nameIn(typed)
  const known = Object.entries(wanted === '' ? common : names())
  const rank = (name: string): number =>
    name === wanted ? 0 : name.startsWith(wanted) ? 1 : name.includes(`_${wanted}`) ? 2 : 3
  const fitting = known
    .map(([name, emoji]) => ({ name, emoji, rank: rank(name) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank || (wanted === '' ? 0 : a.name.length - b.name.length))
  const seen = new Set<string>()
  return fitting.filter(({ emoji }) => !seen.has(emoji) && seen.add(emoji))
}

/** The emoji meant; undefined: not a single displayable character. */
export function emojiOf(typed: string): string | undefined {
  const text = typed.trim()
  const emoji = emojiNamed(text) ?? text
  if (emoji === '' || Buffer.byteLength(emoji) > reactionBytesMax) return undefined
  return graphemes(emoji).length === 1 && sanitizeLine(emoji) === emoji ? emoji : undefined
}

/** A single character means itself, unless it is between colons. */
function emojiNamed(text: string): string | undefined {
  const name = nameIn(text)
  if (Object.hasOwn(common, name)) return common[name]
  if (!/^[a-z0-9_+-]+$/.test(name) || text.length === 1) return undefined
  return Object.hasOwn(names(), name) ? names()[name] : undefined
}

function nameIn(text: string): string {
  return text.replaceAll(':', '').toLowerCase()
}
