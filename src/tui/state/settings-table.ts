/** The settings of `/set`: their values, what they mean, where they are kept. Pure. */
import { changedNotify, notifyDefaults, notifyLevels, type NotifyChange } from '../../chat/attention.ts'
import { changedPreferences, preferenceDefaults, themes, type PreferencesChange } from '../../chat/preferences.ts'
import { next } from './next.ts'
import type { Next, State } from './state.ts'

export interface Setting {
  readonly name: string
  readonly values: readonly string[]
  readonly usual: string
  readonly help: string
  get(state: State): string
  /** @param value one of `values` */
  change(state: State, value: string): Next
}

const switches = ['on', 'off'] as const

function switched(isOn: boolean): string {
  return isOn ? 'on' : 'off'
}

export const settings: readonly Setting[] = [
  {
    name: 'theme',
    values: themes,
    usual: preferenceDefaults.theme,
    help: 'colours for a dark or a light background; auto asks the terminal, none uses no colours',
    get: ({ preferences }) => preferences.theme,
    change: (state, value) => withPreferences(state, { theme: themes.find((theme) => theme === value) ?? 'auto' }),
  },
  {
    name: 'mouse',
    values: switches,
    usual: switched(preferenceDefaults.mouse),
    help: 'whether the mouse scrolls and clicks; with it, Shift selects text',
    get: ({ preferences }) => switched(preferences.mouse),
    change: (state, value) => withPreferences(state, { mouse: value === 'on' }),
  },
  {
    name: 'notify',
    values: notifyLevels,
    usual: notifyDefaults.level,
    help: 'what notifies you, in rooms without their own level',
    get: ({ notify }) => notify.level,
    change: (state, value) => withNotify(state, { level: notifyLevels.find((level) => level === value) }),
  },
  {
    name: 'dnd',
    values: switches,
    usual: switched(notifyDefaults.doNotDisturb),
    help: 'do not disturb: no notifications, unread marks stay',
    get: ({ notify }) => switched(notify.doNotDisturb),
    change: (state, value) => withNotify(state, { doNotDisturb: value === 'on' }),
  },
]

export function withPreferences(state: State, change: PreferencesChange): Next {
  const preferences = changedPreferences(state.preferences, change)
  return next({ ...state, preferences }, { do: 'save-preferences', change })
}

export function withNotify(state: State, change: NotifyChange): Next {
  return next({ ...state, notify: changedNotify(state.notify, change) }, { do: 'save-notify', change })
}
