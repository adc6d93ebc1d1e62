/**
 * The terminal interface: the screens over a chat, until the person leaves. The command line passes in the accounts and
 * the start options.
 */
import type { Accounts } from '../chat/accounts.ts'
import type { NotifyStore } from '../chat/attention.ts'
import type { PreferencesStore } from '../chat/preferences.ts'
import type { RoomPlacesStore } from '../chat/room-places.ts'
import type { Chat } from '../chat/chat.ts'
import { App } from './app.ts'
import type { Effect } from './state/effect.ts'
import { problem } from './state/next.ts'
import { initialState } from './state/state.ts'
import { Abilities } from './terminal/abilities.ts'
import { Signals } from './terminal/signals.ts'

export interface TuiOptions {
  readonly accounts: Accounts
  /** The identity to use; without it, the identities of this home are offered. */
  readonly as?: string
  /** Logs in at once, together with `as`, or if the home has one identity. */
  readonly password?: string
  /** A person who is logged in already. */
  readonly chat?: Chat
  /** Why the requested login failed. */
  readonly trouble?: { readonly what: string; readonly todo: string }
  /** The room to enter after login; asks to join it if not a member. */
  readonly room?: string
  /** Where the data is stored, in a few words: 'local store', 'etcd://…'. */
  readonly storeLabel: string
  readonly version: string
  /** What this home announces; absent: the defaults, until the program ends. */
  readonly notify?: NotifyStore
  /** Where rooms stand; likewise. */
  readonly places?: RoomPlacesStore
  /** How it looks and behaves; likewise. */
  readonly preferences?: PreferencesStore
  readonly stdin?: NodeJS.ReadStream
  readonly stdout?: NodeJS.WriteStream
  readonly env?: NodeJS.ProcessEnv
}

/**
 * `stdin` and `stdout` are a terminal. Resolves with the exit code: 0 on quit, 128 + n after a signal, 1 after a crash.
 */
export async function runTui(options: TuiOptions): Promise<number> {
  const { stdin = process.stdin, stdout = process.stdout, env = process.env } = options
  const { trouble, accounts } = options
  const { as, password } = await whoAtOnce(options)
  const { version, storeLabel, room } = options
  const program = { version, storeLabel, as, room, startedAt: Date.now() }
  const [signals, abilities] = [new Signals(env), new Abilities(env)]
  const { notify, places, preferences } = options
  const kept = await Promise.all([notify?.read(), places?.read(), preferences?.read()])
  const app = new App({ accounts, stdin, stdout, abilities, signals, notify, places, preferences, env }, (terminal) => {
    const start = initialState(terminal.size, program, ...kept)
    const state = trouble === undefined ? start : problem(start, `${trouble.what}.`, `${trouble.todo}.`)
    return password === undefined ? state : { ...state, busy: { label: 'unlocking your keys…', frame: 0 } }
  })
  const crashed = new Promise<unknown>((resolve) => {
    process.on('uncaughtException', resolve)
    process.on('unhandledRejection', resolve)
  })
  const effects: Effect[] = [{ do: 'find-identities' }]
  if (as !== undefined && password !== undefined) effects.push({ do: 'log-in', name: as, password })
  const running = app.run(effects, options.chat)
  const outcome = await Promise.race([running.then((signal) => ({ signal })), crashed.then((error) => ({ error }))])
  if ('error' in outcome) {
    app.restore()
    process.stderr.write(
      `conclave: ${outcome.error instanceof Error ? (outcome.error.stack ?? outcome.error.message) : String(outcome.error)}\n`,
    )
    return 1
  }
  return outcome.signal === undefined ? 0 : 128 + (signalNumbers[outcome.signal] ?? 0)
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

/** With a passphrase and no name: the only identity that there is. */
async function whoAtOnce({
  accounts,
  as,
  password,
}: TuiOptions): Promise<{ as: string | undefined; password: string | undefined }> {
  if (password === undefined || as !== undefined) return { as, password }
  const known = await accounts.identities()
  const [only] = known
  return known.length === 1 ? { as: only?.name, password } : { as: undefined, password: undefined }
}
