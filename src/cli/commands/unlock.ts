/** `unlock` keeps your identity open for a while, so that commands don't ask for the passphrase; `lock` ends that. */
import { Option, type Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { unlockedForMsMax } from '../../base/limits.ts'
import { clockTime, dayName } from '../../tui/text/time.ts'
import { isoTime } from '../output/item-json.ts'
import { durationMs } from '../session/options.ts'
import { obtainPassphrase } from '../session/passphrase.ts'
import type { Act, Session } from '../session/session.ts'

interface Options {
  readonly for: string
  readonly agent?: true
}

export function addUnlock(program: Command, act: Act): void {
  program
    .command('unlock')
    .summary('keep your identity unlocked for a while')
    .description(
      'Keeps your identity unlocked: until the time is over or you run conclave lock, no command and no terminal of this ' +
        'home asks for its passphrase. A background process holds the key in memory, never on disk, and gives it only to ' +
        'programs of your user: anything that runs as you can read your rooms meanwhile.\n\n' +
        'Run again, it asks for the passphrase and restarts the time. A passphrase that is given takes precedence, and ' +
        'passwd always asks for the old one.',
    )
    .option('--for <duration>', 'how long: 30m, 8h, at most 7d', '8h')
    .addOption(new Option('--agent').hideHelp())
    .action(act(unlock))
}

async function unlock(session: Session, options: Options): Promise<void> {
  const { startAgent, becomeAgent } = await import('../agent/start-agent.ts')
  if (options.agent) return becomeAgent(session.signal)
  if (process.platform === 'win32') throw new ConclaveError('usage', 'unlock does not work on Windows yet')
  const forMs = durationMs(options.for)
  if (forMs > unlockedForMsMax) {
    throw new ConclaveError('usage', `${options.for} is too long`, { hint: 'At most 7d is possible.' })
  }
  const accounts = await session.accounts()
  const { name } = await session.self()
  const password = await obtainPassphrase(session.options, name, session.prompt)
  const { home } = session.options
  const { self, key } = await accounts.unlock({ name, password })
  const until = Date.now() + forMs
  // An agent that is already running sees that another has taken its place, and ends.
  await startAgent(session.host, { home, name: self.name, key, until }, session.signal).finally(() => key.fill(0))
  await session.out.print(
    { name: self.name, until: isoTime(until) },
    `${self.name} is unlocked until ${clockTime(until)}, ${dayName(until)}. conclave lock ends it.`,
  )
}

export function addLock(program: Command, act: Act): void {
  program
    .command('lock')
    .summary('lock your identity')
    .description(
      'Ends unlock, for all identities of this home or for the one named with --as. Needs no passphrase. Open terminals ' +
        'and running commands keep the key they have until they are closed.',
    )
    .action(act(lock))
}

async function lock({ options: { as, home }, out, patience: { agentMs } }: Session): Promise<void> {
  const { agentNames } = await import('../agent/socket.ts')
  const { lockAgent } = await import('../agent/ask-agent.ts')
  const wanted = (await agentNames(home)).filter((name) => as === undefined || name.toLowerCase() === as.toLowerCase())
  for (const name of wanted) {
    const kind = await lockAgent(home, name, agentMs)
    const more = kind === 'silent' ? '\nIts background process does not respond: it ends as soon as it runs again.' : ''
    await out.print({ name, until: null }, `${name} is locked.${more}`)
  }
  if (wanted.length === 0) out.note('Nothing was unlocked.')
}
