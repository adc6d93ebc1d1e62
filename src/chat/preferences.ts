/** How a person likes the terminal interface. Kept in the home's configuration; what is absent there has its default. */

import { preferenceEntriesMax } from '../base/limits.ts'

export const themes = ['auto', 'dark', 'light', 'none'] as const
export type Theme = (typeof themes)[number]

export interface Preferences {
  /** `auto`: dark or light, as the terminal says. */
  readonly theme: Theme
  /** Whether the program takes the mouse. Shift selects text all the same. */
  readonly mouse: boolean
  /** By name: the line that `/NAME` stands for; what follows the name goes behind it. */
  readonly aliases: Readonly<Record<string, string>>
  /** By chord (`alt+s`, `ctrl+x`, `f5`): the line that it enters. */
  readonly keys: Readonly<Record<string, string>>
  /** By fingerprint: people whose messages are not shown, and the names that they had. */
  readonly ignored: Readonly<Record<string, string>>
}

export const preferenceDefaults: Preferences = { theme: 'auto', mouse: true, aliases: {}, keys: {}, ignored: {} }

type Entries = Readonly<Record<string, string>>

/** What is absent stays. Of aliases, keys and people each entry is on its own; undefined removes it. */
export interface PreferencesChange {
  readonly theme?: Theme
  readonly mouse?: boolean
  readonly aliases?: Readonly<Record<string, string | undefined>>
  readonly keys?: Readonly<Record<string, string | undefined>>
  readonly ignored?: Readonly<Record<string, string | undefined>>
}

export function changedPreferences(before: Preferences, change: PreferencesChange): Preferences {
  const { theme = before.theme, mouse = before.mouse, aliases, keys, ignored } = change
  return {
    theme,
    mouse,
    aliases: changedEntries(before.aliases, aliases),
    keys: changedEntries(before.keys, keys),
    ignored: changedEntries(before.ignored, ignored),
  }
}

/** The same object if nothing changes. The oldest go where there are too many. */
function changedEntries(before: Entries, change: Readonly<Record<string, string | undefined>> = {}): Entries {
  const entries = Object.entries(change)
  if (entries.length === 0) return before
  const others = Object.entries(before).filter(([name]) => !Object.hasOwn(change, name))
  const own = entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return Object.fromEntries([...others, ...own].slice(-preferenceEntriesMax))
}

/** Where they are kept; several programs use it. */
export interface PreferencesStore {
  read(): Promise<Preferences>
  save(change: PreferencesChange): Promise<void>
}
