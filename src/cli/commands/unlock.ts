/** `unlock`: keeps this identity open for a while, so that commands don't ask for the password. */
import { Option, type Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { unlockedForMsMax } from '../../base/limits.ts'
import { clockTime, dayName } from '../../tui/text/time.ts'
import { durationMs } from '../duration.ts'
import { isoTime } from '../item-json.ts'
import { obtainPassword } from '../password.ts'
import type { Act, Session } from '../session.ts'

interface Options {
  readonly for: string
  readonly agent?: true
}

export function addUnlock(program: Command, act: Act): void {
  program
    .command('unlock')
    .summary('keep your identity open for a while')
    .description(
      'Keeps your identity open: until the time is over or conclave lock, no command and no terminal of this home asks ' +
        'for its password. A process of its own holds the key in its memory, never on the disk, and gives it to ' +
        'programs of your user alone: whatever runs as you can read your rooms meanwhile.\n\n' +
        'Run again, it asks for the password and begins anew. A password that is given wins over it, and passwd always ' +
        'asks for the old one.',
    )
    .option('--for <duration>', 'how long: 30m, 8h, at most 7d', '8h')
    .addOption(new Option('--agent').hideHelp())
    .action(act(unlock))
}

async function unlock(session: Session, options: Options): Promise<void> {
  const { startAgent, becomeAgent } = await import('../agent/start-agent.ts')
  if (options.agent) return becomeAgent(session.signal)
  if (process.platform === 'win32') throw new ConclaveError('usage', 'there is no unlock on Windows yet')
  const forMs = durationMs(options.for)
  if (forMs > unlockedForMsMax) {
    throw new ConclaveError('usage', `${options.for} is too long`, { hint: 'It can be at most 7d.' })
  }
  const accounts = await session.accounts()
  const { name } = await session.self()
  const password = await obtainPassword(session.options, name, session.prompt)
  const { home } = session.options
  const { self, key } = await accounts.unlock({ name, password })
  const until = Date.now() + forMs
  // One that keeps it already sees that another has taken its place, and ends.
  await startAgent({ home, name: self.name, key, until }, session.signal).finally(() => key.fill(0))
  await session.out.print(
    { name: self.name, until: isoTime(until) },
    `${self.name} is unlocked until ${clockTime(until)}, ${dayName(until)}. conclave lock ends it.`,
  )
}
