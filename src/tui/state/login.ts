/** Logging in and signing up, key by key. Pure. */
import type { KnownIdentity } from '../../chat/accounts.ts'
import { editWith, editorWith, emptyEditor, type Editor } from '../input/editor.ts'
import type { Input } from '../input/key.ts'
import type { Event } from './event.ts'
import { enterRoom, joinRoom } from './navigation.ts'
import { askToQuit, next, problem } from './next.ts'
import type { LoginPage, LoginStep, Next, State, Suggested } from './state.ts'

/** The syntax of a name; the engine has the last word. */
const namePattern = /^[A-Za-z0-9_-]{2,32}$/

export function loginInput(state: State, page: LoginPage, input: Input): Next {
  const { step } = page
  const to = (after: LoginStep): State => ({ ...state, page: { ...page, step: after } })
  const pressed = input.kind === 'key' && !input.ctrl && !input.alt ? input.name : ''
  if (pressed === 'escape') return back(state, page)
  switch (step.at) {
    case 'who': {
      const rows = whoRows(page.known, step.editor.text)
      const moved = move(input, step.selected, rows.length)
      if (moved !== undefined) return next(to({ ...step, selected: moved }))
      if (pressed === 'enter') return whoEntered(state, page, rows[step.selected]?.name ?? step.editor.text.trim())
      if (pressed === 'tab') {
        const known = rows.find((row) => row.known)
        return next(known === undefined ? state : to({ ...step, editor: editorWith(known.name), selected: 0 }))
      }
      const editor = editWith(step.editor, input, 'one')
      if (editor === undefined) return next(state)
      return next(to({ ...step, editor, selected: editor.text === step.editor.text ? step.selected : 0 }))
    }
    case 'unknown': {
      const moved = move(input, step.selected, 2)
      if (moved !== undefined) return next(to({ ...step, selected: moved }))
      if (pressed !== 'enter') return next(state)
      if (step.selected === 0) return next(state, { do: 'suggest-passphrase', name: step.name })
      return next(to({ at: 'elsewhere', name: step.name, password: emptyEditor, code: emptyEditor, inCode: false }))
    }
    case 'password': {
      if (pressed === 'enter') return logIn(state, { name: step.name, password: step.editor.text })
      const editor = editWith(step.editor, input, 'one')
      return next(editor === undefined ? state : to({ ...step, editor }))
    }
    case 'elsewhere': {
      if (pressed === 'enter' && !step.inCode && step.password.text !== '') return next(to({ ...step, inCode: true }))
      if (pressed === 'enter') {
        const recoveryCode = step.code.text.trim()
        const request = { name: step.name, password: step.password.text }
        return logIn(state, recoveryCode === '' ? request : { ...request, recoveryCode })
      }
      if (pressed === 'tab' || pressed === 'up' || pressed === 'down')
        return next(to({ ...step, inCode: !step.inCode }))
      const editor = editWith(step.inCode ? step.code : step.password, input, 'one')
      if (editor === undefined) return next(state)
      return next(to(step.inCode ? { ...step, code: editor } : { ...step, password: editor }))
    }
    case 'suggested': {
      if (pressed === 'enter') return next(to({ ...step, at: 'recall', editor: emptyEditor }))
      const editor = editWith(emptyEditor, input, 'one')
      return next(editor === undefined || editor.text === '' ? state : to({ ...step, at: 'chosen', editor }))
    }
    case 'recall': {
      const { word, place } = recalled(step.passphrase, step.ask)
      if (pressed === 'enter' && isSame(step.editor.text, word)) return signUp(state, step.name, step.passphrase, false)
      return recall(state, page, step, input, `That is not word ${place} of your passphrase.`)
    }
    case 'recall-code': {
      const { word, place } = recalled(step.code, step.ask)
      if (pressed === 'enter' && isSame(step.editor.text, word)) return enter(state)
      return recall(state, page, step, input, `That is not group ${place} of your recovery code.`)
    }
    case 'chosen': {
      if (pressed === 'enter' && step.editor.text === step.passphrase)
        return signUp(state, step.name, step.passphrase, false)
      if (pressed === 'enter') {
        const busy = { ...state, busy: { label: 'checking your passphrase…', frame: 0 } }
        return next(busy, { do: 'check-password', name: step.name, password: step.editor.text })
      }
      const editor = editWith(step.editor, input, 'one')
      if (editor === undefined) return next(state)
      return next(editor.text === '' ? to(suggested(step)) : to({ ...step, editor }))
    }
    case 'repeat': {
      if (pressed === 'enter') {
        if (step.editor.text === step.chosen) return signUp(state, step.name, step.chosen, true)
        const again: LoginStep = { ...suggested(step), at: 'chosen', editor: emptyEditor }
        return next(problem(to(again), "The two didn't match.", 'Start over with your passphrase.'))
      }
      const editor = editWith(step.editor, input, 'one')
      return next(editor === undefined ? state : to({ ...step, editor }))
    }
    case 'recovery':
      return next(pressed === 'enter' ? to({ ...step, at: 'recall-code', editor: emptyEditor }) : state)
  }
}

type Recall = LoginStep & { readonly at: 'recall' | 'recall-code' }

/** Which part of a passphrase or a code is asked back, counted from 1. */
export function recalled(text: string, ask: number): { readonly word: string; readonly place: number } {
  const words = text.split(/[\s-]+/)
  const index = ask % words.length
  return { word: words[index] ?? '', place: index + 1 }
}

function isSame(typed: string, word: string): boolean {
  return typed.trim().toLowerCase() === word.toLowerCase()
}

/** Enter on an empty line does nothing: it may be the second half of a doubled one. */
function recall(state: State, page: LoginPage, step: Recall, input: Input, wrong: string): Next {
  const to = (editor: Editor): State => ({ ...state, page: { ...page, step: { ...step, editor } } })
  if (input.kind === 'key' && input.name === 'enter') {
    return next(step.editor.text.trim() === '' ? state : problem(to(emptyEditor), wrong, 'Esc shows it again.'))
  }
  const editor = editWith(step.editor, input, 'one')
  return next(editor === undefined ? state : to(editor))
}

function suggested({ name, passphrase, ask }: Suggested): LoginStep & { readonly at: 'suggested' } {
  return { at: 'suggested', name, passphrase, ask }
}

/** Answers to login's effects. */
export function loginEvent(state: State, page: LoginPage, event: Event): Next {
  const to = (step: LoginStep): State => ({ ...state, busy: undefined, page: { ...page, step } })
  const { step } = page
  switch (event.kind) {
    case 'identities': {
      const known: State = { ...state, page: { ...page, known: event.known } }
      const { as } = state.program
      // Already logging in, with the passphrase from the command line.
      if (as === undefined || state.busy !== undefined) return next(known)
      return whoEntered(known, { ...page, known: event.known }, as)
    }
    case 'passphrase':
      return next(to({ at: 'suggested', name: event.name, passphrase: event.passphrase, ask: event.ask }))
    case 'weakness': {
      if (step.at !== 'chosen') return next({ ...state, busy: undefined })
      if (event.advice !== undefined) {
        const hint = `${event.advice} Or press Esc, then Enter, to use the one above.`
        return next(problem(to({ ...step, editor: emptyEditor }), 'That passphrase is too weak.', hint))
      }
      return next(to({ ...step, at: 'repeat', chosen: step.editor.text, editor: emptyEditor }))
    }
    case 'logged-in': {
      const { self, connection, rooms, recoveryCode, ask } = event
      const inside: State = { ...state, self, connection, rooms, busy: undefined }
      // The page with the typed text is dropped: passphrases don't stay in memory longer than they must.
      if (recoveryCode === undefined) return enter(inside)
      return next({ ...inside, page: { ...page, step: { at: 'recovery', code: recoveryCode, ask } } })
    }
    case 'failed':
      return failed(state, page, event)
    default:
      return next(state)
  }
}

function failed(state: State, page: LoginPage, event: Event & { kind: 'failed' }): Next {
  const { step } = page
  const to = (after: LoginStep): Next =>
    next(problem({ ...state, busy: undefined, page: { ...page, step: after } }, event.text, event.hint))
  // A log-in stays where it was: it takes one key to mend a slip, and none leads to another account.
  if (step.at === 'password') return to({ ...step, editor: emptyEditor })
  if (step.at === 'elsewhere') return to(step)
  if (event.code === 'no-such-user') return to({ at: 'unknown', name: state.program.as ?? '', selected: 0 })
  if (event.code === 'name-taken' || event.code === 'usage') {
    const name = 'name' in step ? step.name : ''
    return to({ at: 'who', editor: editorWith(name), selected: 0 })
  }
  if (step.at === 'who' && state.program.as !== undefined) {
    return to({ at: 'password', name: state.program.as, editor: emptyEditor })
  }
  return to(step)
}

function whoEntered(state: State, page: LoginPage, name: string): Next {
  const known = page.known.find((identity) => identity.name.toLowerCase() === name.toLowerCase())
  if (known !== undefined) {
    return next({ ...state, page: { ...page, step: { at: 'password', name: known.name, editor: emptyEditor } } })
  }
  if (name === '') return next(state)
  if (!namePattern.test(name)) {
    return next(problem(state, `"${name}" isn't a valid name.`, 'Use 2 to 32 letters, digits, - or _.'))
  }
  return next({ ...state, page: { ...page, step: { at: 'unknown', name, selected: 0 } } })
}

/** One step back; from the first step, quits. */
function back(state: State, page: LoginPage): Next {
  const { step } = page
  const to = (after: LoginStep): Next => next({ ...state, page: { ...page, step: after } })
  switch (step.at) {
    case 'who':
      return step.editor.text === '' ? askToQuit(state) : to({ ...step, editor: emptyEditor, selected: 0 })
    case 'unknown':
    case 'password':
      return to({ at: 'who', editor: emptyEditor, selected: 0 })
    case 'elsewhere':
    case 'suggested':
      return to({ at: 'unknown', name: step.name, selected: step.at === 'elsewhere' ? 1 : 0 })
    case 'recall':
    case 'chosen':
    case 'repeat':
      return to(suggested(step))
    case 'recall-code':
      return to({ at: 'recovery', code: step.code, ask: step.ask })
    case 'recovery':
      return next(problem(state, 'Write down the code first.', 'Then press Enter.'))
  }
}

function move(input: Input, selected: number, count: number): number | undefined {
  const [up, down] = [Math.max(0, selected - 1), Math.max(0, Math.min(count - 1, selected + 1))]
  if (input.kind === 'wheel') return input.up ? up : down
  if (input.kind !== 'key' || input.alt) return undefined
  if (input.name === 'up' || (input.ctrl && input.name === 'p')) return up
  return input.name === 'down' || (input.ctrl && input.name === 'n') ? down : undefined
}

function logIn(state: State, request: { name: string; password: string; recoveryCode?: string }): Next {
  if (request.password === '') return next(state)
  return next({ ...state, busy: { label: 'unlocking your keys…', frame: 0 } }, { do: 'log-in', ...request })
}

function signUp(state: State, name: string, password: string, chosen: boolean): Next {
  const busy = { ...state, busy: { label: 'creating your keys…', frame: 0 } }
  return next(busy, { do: 'sign-up', name, password, chosen })
}

/** To the list of rooms, and on to the room that the command line named, as if it had been selected there. */
function enter(state: State): Next {
  const inside: State = { ...state, page: { kind: 'rooms', from: undefined, editor: emptyEditor, selected: 0 } }
  const { room } = state.program
  if (room === undefined) return next(inside, { do: 'refresh-rooms' })
  const known = state.rooms.filter((other) => other.name.toLowerCase() === room.toLowerCase())
  const wanted = known.find(({ standing }) => standing === 'member') ?? (known.length === 1 ? known[0] : undefined)
  const entered = wanted === undefined ? joinRoom(inside, room) : enterRoom(inside, wanted)
  return { ...entered, effects: [...entered.effects, { do: 'refresh-rooms' }] }
}

interface WhoRow {
  readonly name: string
  readonly fingerprint: string
  readonly known: boolean
}

export function whoRows(known: readonly KnownIdentity[], typed: string): readonly WhoRow[] {
  const wanted = typed.trim()
  const rows = known
    .filter((identity) => identity.name.toLowerCase().startsWith(wanted.toLowerCase()))
    .map(({ name, fingerprint }): WhoRow => ({ name, fingerprint, known: true }))
  const exact = rows.findIndex((row) => row.name.toLowerCase() === wanted.toLowerCase())
  if (exact > 0) rows.unshift(...rows.splice(exact, 1))
  if (wanted === '' || exact >= 0) return rows
  // Typed text comes first: a whole name typed means that name.
  return [{ name: wanted, fingerprint: '', known: false }, ...rows]
}
