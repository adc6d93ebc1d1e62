/**
 * The actions that keys stand for, and the chords that they have unless the person binds others (`/bind`). Keys that type
 * and edit (letters, Enter, Tab, arrows, Ctrl-W, …) are not among them. Pure.
 */
import { chordLabel } from '../../chat/chord.ts'
import type { Preferences } from '../../chat/preferences.ts'

/** Two keys, one after the other. */
export const editOutsideChord = 'ctrl+x ctrl+e'

const table = {
  'new-line': ['alt+enter ctrl+j shift+enter ctrl+enter', 'new line'],
  'search-history': ['ctrl+r', 'search what you sent'],
  'edit-outside': [editOutsideChord, 'write in your own editor ($VISUAL, else $EDITOR)'],
  select: [
    'shift+up',
    'select a message: j/k move, r reply, e edit, d delete, + react, s show hidden, y copy, Y copy link',
  ],
  'toggle-selection': ['alt+m', 'select a message, or end selecting'],
  'page-up': ['page-up', 'scroll up a page'],
  'page-down': ['page-down', 'scroll down a page'],
  'line-up': ['alt+page-up', 'scroll up a line'],
  'line-down': ['alt+page-down', 'scroll down a line'],
  beginning: ['alt+home ctrl+home', 'first message'],
  newest: ['alt+end ctrl+end', 'newest message'],
  back: ['ctrl+o', 'back to where you were before a jump'],
  'first-unread': ['alt+u', 'first unread message'],
  'next-attention': ['alt+a', 'next room that needs you: requests, invitations, mentions, direct, unread'],
  'find-room': ['alt+k ctrl+g', 'find one of your rooms; again: all rooms'],
  'previous-room': ['alt+up ctrl+p', 'previous room'],
  'next-room': ['alt+down ctrl+n', 'next room'],
  'bare-mode': ['alt+l', 'bare mode: only the text, to select with the mouse; again or Esc: back'],
  'toggle-members': ['ctrl+b', 'toggle members'],
  nothing: ['', 'do nothing: to disable a key'],
} as const satisfies Readonly<Record<string, readonly [chords: string, help: string]>>

export type KeyAction = keyof typeof table
type AnyAction = KeyAction | `room-${number}`

const roomActions = Array.from({ length: 10 }, (_, index) => `room-${index + 1}` as const)

const defaults = new Map<string, AnyAction>([
  ...(Object.keys(table) as KeyAction[]).flatMap((action) => {
    const [chords] = table[action]
    const all: readonly string[] =
      chords === editOutsideChord ? [chords] : chords.split(' ').filter((chord) => chord !== '')
    return all.map((chord) => [chord, action] as const)
  }),
  ...roomActions.map((action, index) => [`alt+${(index + 1) % 10}`, action] as const),
])

export const actionNames: readonly string[] = [...Object.keys(table), ...roomActions]

export function isAction(name: string): name is KeyAction {
  return Object.hasOwn(table, name)
}

/** Which of the numbered rooms; undefined: another action. */
export function roomOfAction(name: string): number | undefined {
  return roomActions.includes(name as `room-${number}`) ? Number(name.slice('room-'.length)) : undefined
}

/** An action, or a line to be entered. */
export function boundTo({ keys }: Preferences, chord: string): string | undefined {
  return Object.hasOwn(keys, chord) ? keys[chord] : defaults.get(chord)
}

export function defaultOf(chord: string): string | undefined {
  return defaults.get(chord)
}

function chordsOf(preferences: Preferences, action: string): readonly string[] {
  const own = Object.keys(preferences.keys).filter((chord) => preferences.keys[chord] === action)
  const usual = [...defaults].flatMap(([chord, name]) => (name === action ? [chord] : []))
  return [...new Set([...own, ...usual.filter((chord) => boundTo(preferences, chord) === action)])]
}

/** The first key of an action, as hints on the screen name it; empty: it has none. */
export function keyLabel(preferences: Preferences, action: KeyAction): string {
  return chordsLabel(chordsOf(preferences, action)[0] ?? '')
}

/** `Alt+K: all rooms`; empty without a key. */
export function keyHint(preferences: Preferences, action: KeyAction, does: string): string {
  const label = keyLabel(preferences, action)
  return label === '' ? '' : `${label}: ${does}`
}

/** As screens write it. */
export function chordsLabel(chord: string): string {
  return chord.split(' ').map(chordLabel).join(' ')
}

/** Wider ones name a second key less. */
const labelColumns = 18

/** What each key does now: keys, action or line, meaning. Actions without a key come with none. */
export function bindings(preferences: Preferences): readonly (readonly [keys: string, does: string, help: string])[] {
  const row = (action: string, help: string): readonly [string, string, string] => {
    const [first = '', second] = chordsOf(preferences, action).map(chordsLabel)
    const both = second === undefined ? first : `${first}, ${second}`
    return [both.length <= labelColumns ? both : first, action, help]
  }
  const own = Object.entries(preferences.keys).filter(([, does]) => !actionNames.includes(does))
  const rooms = roomActions.map((action) => row(action, ''))
  const [first, last] = [rooms[0]?.[0] ?? '', rooms.at(-1)?.[0] ?? '']
  return [
    ...(Object.keys(table) as KeyAction[]).map((action) => row(action, table[action][1])),
    [`${first} … ${last}`, 'room-1 … room-10', 'the room of this number'],
    ...own.map(([chord, line]) => [chordsLabel(chord), line, `enter ${line}`] as const),
  ]
}
