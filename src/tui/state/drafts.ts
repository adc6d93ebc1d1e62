/** What was typed in a room and not sent, between the line on the screen and the home. Pure. */
import type { Draft, Typed } from '../../chat/home/typed-text.ts'
import { editorWith, emptyEditor } from '../input/editor.ts'
import { emptyInputHistory } from '../input/history.ts'
import type { RoomDraft } from './state.ts'

/** What is worth keeping of a line: not the emoji that a reaction begins with. */
export function draftIn({ editor, about }: Pick<RoomDraft, 'editor' | 'about'>): Draft | undefined {
  if (about === undefined || about.act === 'react') {
    const { text } = about === undefined ? editor : about.before
    return text === '' ? undefined : { text }
  }
  const { act, id, quote, before } = about
  return { text: editor.text, about: { act, id, quote, before: before.text } }
}

export function isSameDraft(one: Draft | undefined, other: Draft | undefined): boolean {
  return (
    one?.text === other?.text &&
    one?.about?.act === other?.about?.act &&
    one?.about?.id === other?.about?.id &&
    one?.about?.before === other?.about?.before
  )
}

/** The home says last what is in a line: another program may have changed it there, or sent it. */
export function draftOnOpening(here: RoomDraft | undefined, typed: Typed | undefined): RoomDraft | undefined {
  if (typed === undefined) return here
  const { draft, lines } = typed
  const before = here ?? { editor: emptyEditor, about: undefined, history: { ...emptyInputHistory, entries: lines } }
  if (isSameDraft(draftIn(before), draft)) return before
  const about = draft?.about && { ...draft.about, before: editorWith(draft.about.before) }
  return { ...before, editor: editorWith(draft?.text ?? ''), about }
}
