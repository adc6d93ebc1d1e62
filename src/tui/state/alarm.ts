/**
 * A key that is another than the one that is known under a name: the one thing that nobody may overlook. It takes the
 * line of input until "seen" was typed into it, so that no key pressed by chance makes it go. Pure.
 */
import type { ChangedKey } from '../../chat/chat.ts'
import { emptyEditor } from '../input/editor.ts'
import { editWith } from '../input/edit-keys.ts'
import type { Input } from '../input/key.ts'
import { askToQuit } from './quit.ts'
import type { Alarm, Next, State } from './state.ts'
import { next } from './next.ts'

export const seenWord = 'seen'

/** What was wanted, and was not done because of that key. */
export function raiseAlarm(state: State, key: ChangedKey, undone: string): State {
  return { ...state, alarm: { key, undone, editor: emptyEditor } }
}

/** Raised for members of the open room, and over when the key turns out to be right. */
export function withAlarm(state: State): State {
  const { alarm, page } = state
  const keys = page.kind === 'chat' ? page.room.changedKeys : []
  if (alarm === undefined) {
    const key = keys.find((one) => !state.seenKeys.has(nameOf(one)))
    return key === undefined ? state : { ...state, alarm: { key, undone: undefined, editor: emptyEditor } }
  }
  if (alarm.undone !== undefined || keys.some((one) => nameOf(one) === nameOf(alarm.key))) return state
  return { ...state, alarm: undefined }
}

export function alarmInput(state: State, alarm: Alarm, input: Input): Next {
  if (input.kind === 'key' && input.ctrl && input.name === 'c') {
    // Quitting is always possible; the question stands below.
    return askToQuit(state)
  }
  if (input.kind === 'key' && input.name === 'enter') {
    if (alarm.editor.text.trim().toLowerCase() !== seenWord) {
      return next({ ...state, alarm: { ...alarm, editor: emptyEditor } })
    }
    const seenKeys = new Set(state.seenKeys).add(nameOf(alarm.key))
    return next({ ...state, alarm: undefined, seenKeys })
  }
  const editor = editWith(alarm.editor, input, 'one')
  return next(editor === undefined ? state : { ...state, alarm: { ...alarm, editor } })
}

function nameOf({ name, fingerprint, known }: ChangedKey): string {
  return `${name} ${fingerprint} ${known}`
}
