/**
 * The settings of this home as the terminal uses them: read again when other programs may have changed them. A file that
 * has become invalid is reported once, and what it said before holds.
 */
import type { NotifyStore } from '../chat/attention.ts'
import type { PreferencesStore } from '../chat/preferences.ts'
import type { RoomPlacesStore } from '../chat/room-places.ts'
import { describe } from './hints.ts'
import type { Effect } from './state/effect.ts'
import type { Event } from './state/event.ts'

/** Absent: not kept. */
export interface SettingsStores {
  readonly notify: NotifyStore | undefined
  readonly places: RoomPlacesStore | undefined
  readonly preferences: PreferencesStore | undefined
}

const effects = ['save-notify', 'save-preferences', 'save-places', 'read-settings'] as const
type SettingsEffect = Extract<Effect, { do: (typeof effects)[number] }>

export function isAboutSettings(effect: Effect): effect is SettingsEffect {
  return (effects as readonly string[]).includes(effect.do)
}

export class HomeSettings {
  readonly #stores: SettingsStores
  readonly #dispatch: (event: Event) => void
  /** What is wrong with the file, as it was said. */
  #told = ''

  constructor(stores: SettingsStores, dispatch: (event: Event) => void) {
    this.#stores = stores
    this.#dispatch = dispatch
  }

  async perform(effect: SettingsEffect): Promise<void> {
    const { notify, places, preferences } = this.#stores
    switch (effect.do) {
      case 'save-notify':
        return notify?.save(effect.change)
      case 'save-preferences':
        return preferences?.save(effect.change)
      case 'save-places':
        return places?.save(effect.change)
      case 'read-settings':
        return this.#read()
    }
  }

  async #read(): Promise<void> {
    const { notify, places, preferences } = this.#stores
    try {
      const [settings, kept, liked] = await Promise.all([notify?.read(), places?.read(), preferences?.read()])
      this.#told = ''
      if (settings !== undefined) this.#dispatch({ kind: 'notify', settings })
      if (kept !== undefined) this.#dispatch({ kind: 'places', places: kept })
      if (liked !== undefined) this.#dispatch({ kind: 'preferences', preferences: liked })
    } catch (error) {
      const { text, hint } = describe(error)
      if (text !== this.#told) this.#dispatch({ kind: 'advice', text, hint })
      this.#told = text
    }
  }
}
