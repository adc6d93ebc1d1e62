/** What was typed in a room and not sent, between the line on the screen and the home. Pure. */
import type { Draft, Typed } from '../../chat/home/typed-text.ts'
import { editorWith, emptyEditor, inputCharsMax } from '../input/editor.ts'
import { emptyInputHistory } from '../input/history.ts'
import { cleanInput } from '../sanitize.ts'
import type { Event } from './event.ts'
import { next, problem } from './next.ts'
import type { Next, RoomDraft, State } from './state.ts'

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

/** What the person's own editor has left replaces the line; Ctrl-_ brings the former text back. */
export function editedOutside(state: State, { roomId, edited }: Event & { kind: 'edited-outside' }): Next {
  if ('failed' in edited) return next(problem(state, edited.failed, edited.hint))
  const text = cleanInput(edited.text).slice(0, inputCharsMax)
  const { page, drafts } = state
  const told = edited.isCut ? problem(state, 'That text is too long and was cut off.') : state
  if (page.kind === 'chat' && page.room.id === roomId) {
    return next({ ...told, page: { ...page, editor: editorWith(text, page.editor) } })
  }
  const draft = drafts.get(roomId) ?? { history: emptyInputHistory, about: undefined, editor: emptyEditor }
  return next({ ...told, drafts: new Map(drafts).set(roomId, { ...draft, editor: editorWith(text, draft.editor) }) })
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
