/** Commands that a person has given names to. Pure. */
import type { Preferences } from '../../chat/preferences.ts'
import { findCommand } from './commands.ts'

/** Aliases in aliases. */
const depthMax = 10

/**
 * The line that a line stands for. What follows an alias goes where it says `$*`, else behind it. Undefined: aliases lead
 * to aliases without end.
 */
export function unaliased(preferences: Preferences, line: string): string | undefined {
  let now = line
  for (let depth = 0; depth <= depthMax; depth += 1) {
    const [, word = '', rest = ''] = /^\/([^\s/]+)\s*([^]*)$/.exec(now) ?? []
    const text = aliasOf(preferences, word)
    if (text === undefined) return now
    now = text.includes('$*') ? text.replaceAll('$*', () => rest).trimEnd() : `${text} ${rest}`.trimEnd()
  }
  return undefined
}

/** A command is never hidden by an alias of its name. */
export function aliasOf({ aliases }: Preferences, word: string): string | undefined {
  if (word === '' || findCommand(word) !== undefined) return undefined
  return [word, word.toLowerCase()].flatMap((name) => (Object.hasOwn(aliases, name) ? [aliases[name]] : []))[0]
}
