/**
 * `chat --plain`: the terminal interface without a screen. The same state and commands as the full one; each line that is
 * typed is entered whole, and what has come is printed as lines. No escape sequence is ever written.
 */
import { createInterface } from 'node:readline'
import type { Accounts } from '../../chat/accounts.ts'
import type { Chat } from '../../chat/chat.ts'
import { key, type Input } from '../../tui/input/key.ts'
import type { SettingsStores } from '../../tui/home-settings.ts'
import { Session } from '../../tui/session.ts'
import type { Effect } from '../../tui/state/effect.ts'
import type { Event } from '../../tui/state/event.ts'
import { initialState, type State } from '../../tui/state/state.ts'
import { update } from '../../tui/state/update.ts'
import { Transcript } from './transcript.ts'

/** Few rows: a place that is jumped to is then the first that counts as shown. */
const size = { columns: 80, rows: 5 }
const lookAroundMs = 60_000

export interface LineChat {
  readonly accounts: Accounts
  readonly chat: Chat
  readonly room: string | undefined
  readonly storeLabel: string
  readonly version: string
  readonly settings: SettingsStores
  readonly stdin: NodeJS.ReadableStream
  /** Of a terminal it has columns. */
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number }
  /** Ends it. */
  readonly signal: AbortSignal
}

/** Resolves when the person quits, or the input ends. */
export async function runLineChat({
  accounts,
  chat,
  settings,
  stdin,
  stdout,
  signal,
  ...rest
}: LineChat): Promise<void> {
  const { room, storeLabel, version } = rest
  const ended = Promise.withResolvers<void>()
  const program = { version, storeLabel, as: chat.self.name, room, startedAt: Date.now() }
  let state: State = initialState(size, program)
  const transcript = new Transcript(() => stdout.columns)

  const dispatch = (event: Event): void => {
    const before = state
    const done = update({ ...state, now: Date.now() }, event)
    state = done.state
    const lines = transcript.next(before, state)
    if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`)
    for (const effect of done.effects) perform(effect)
    // What has been printed is in front of the person.
    if (state.asked > state.drawn) dispatch({ kind: 'drawn', asked: state.asked })
    if (state.sheet !== undefined) dispatch(key('escape'))
    else if (state.page.kind === 'chat' && isShown(state.page.panel)) dispatch(key('escape'))
  }
  const session = new Session(accounts, dispatch, settings)
  const perform = (effect: Effect): void => {
    switch (effect.do) {
      case 'quit':
        return ended.resolve()
      case 'call':
        return void (effect.text !== undefined && stdout.write(`* ${effect.text}\n`))
      case 'redraw':
      case 'suspend':
      case 'edit-outside':
      case 'copy':
        return
      default:
        return void session.perform(effect)
    }
  }

  const lines = createInterface({ input: stdin, terminal: false })
  lines.on('line', (line) => {
    const answered = state.confirm !== undefined && !isAnswer(line)
    inputsFor(state, line).forEach(dispatch)
    // It was typed before the question was read, or is no answer.
    if (answered) stdout.write(`* Nothing was done. Not sent: ${line}\n`)
  })
  lines.on('close', () => ended.resolve())
  signal.addEventListener('abort', () => ended.resolve(), { once: true })
  const looking = setInterval(() => dispatch({ kind: 'look-around' }), lookAroundMs)
  try {
    perform({ do: 'read-settings' })
    session.enter(chat)
    await ended.promise
  } finally {
    clearInterval(looking)
    lines.close()
    await session.close()
  }
}

/** A panel whose rows have been printed: a search only once it is over. */
function isShown(panel: (State['page'] & { kind: 'chat' })['panel']): boolean {
  return panel !== undefined && !(panel.kind === 'search' && panel.looking !== undefined)
}

function isAnswer(line: string): boolean {
  return /^(?:y|yes|n|no|)$/i.test(line.trim())
}

/** The keys that enter a line, wherever the state is. */
function inputsFor({ alarm, confirm, page }: State, line: string): readonly Input[] {
  const text: readonly Input[] = line === '' ? [] : [{ kind: 'text', text: line }]
  if (alarm !== undefined || confirm?.answer !== undefined) {
    return line.trim() === '' ? [key('escape')] : [...text, key('enter')]
  }
  if (confirm !== undefined) {
    return /^y(?:es)?$/i.test(line.trim()) ? [{ kind: 'text', text: 'y' }] : [key('escape')]
  }
  if (page.kind === 'waiting') return line.trim() === '' ? [key('escape')] : text
  if (page.kind !== 'chat') return [...text, key('enter')]
  // What a selection or an old draft would make of the line.
  const before: Input[] = page.pick === undefined ? [] : [key('escape')]
  if (line === '') return [...before, key('end', { ctrl: true })]
  if (page.editor.text !== '') before.push(key('e', { ctrl: true }), key('u', { ctrl: true }))
  return [...before, ...text, key('enter')]
}
