/** `chat [ROOM]`, also the default for an empty command line: the terminal interface. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { version } from '../session/options.ts'
import { givenPassphrase } from '../session/passphrase.ts'
import type { Act, Session, Unlocked } from '../session/session.ts'

export function addChat(program: Command, act: Act): void {
  program
    .command('chat [room]')
    .summary('open the terminal interface (default)')
    .description(
      'Opens the terminal interface, in a room if you name one. Requests to join, invitations, mentions and direct ' +
        'messages ring and notify you: /notify and /dnd say of what.',
    )
    .action(act(chat))
}

async function chat(session: Session, room: string | undefined): Promise<number> {
  const { options, host } = session
  // Redirecting stderr (`2>log`) is fine.
  if (host.stdin.isTTY !== true || host.stdout.isTTY !== true || options.json) {
    throw new ConclaveError('usage', 'The terminal interface needs a terminal', {
      hint: 'In scripts, use commands: conclave --help lists them.',
    })
  }
  const password = await givenPassphrase(options)
  const { accounts, storeLabel } = await session.wiring()
  const { chat: open, trouble } = password === undefined ? await unlocked(session) : {}
  const { runTui } = await import('../../tui/run.ts')
  const { notifyStore, preferencesStore, roomPlacesStore } = await import('../../client/config.ts')
  return runTui({
    accounts,
    storeLabel,
    notify: notifyStore(options.home),
    places: roomPlacesStore(options.home),
    preferences: preferencesStore(options.home),
    version,
    ...(options.as === undefined ? {} : { as: options.as }),
    ...(password === undefined ? {} : { password }),
    ...(open === undefined ? {} : { chat: open }),
    ...(trouble === undefined ? {} : { trouble }),
    ...(room === undefined ? {} : { room }),
  })
}

/** For the identity that commands would use. A home without one has nothing to unlock. */
async function unlocked(session: Session): Promise<Unlocked> {
  if (session.options.as === undefined && (await session.identities()).length === 0) return {}
  return session.unlocked(await session.name())
}
