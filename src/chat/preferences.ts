/** How a person likes the terminal interface. Kept in the home's configuration; what is absent there has its default. */

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

/** What is absent stays; of the records, whole ones are replaced. */
export type PreferencesChange = Partial<Preferences>

/** Where they are kept; several programs use it. */
export interface PreferencesStore {
  read(): Promise<Preferences>
  save(change: PreferencesChange): Promise<void>
}
