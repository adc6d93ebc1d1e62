/** `chat [ROOM]`, also the default for an empty command line: the terminal interface. */
import { setFlagsFromString } from 'node:v8'
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
        'messages ring and notify you; change that with /notify and /dnd.\n\n' +
        'With --plain, or where TERM is dumb, it writes lines and no escape sequences: for screen readers and serial ' +
        'lines. The same commands work, one line at a time.',
    )
    .option('--plain', 'write lines instead of drawing a screen')
    .action(act(chat))
}

async function chat(session: Session, room: string | undefined, { plain }: { plain?: true }): Promise<number> {
  const { options, host } = session
  preferLittleMemory()
  if (plain === true || (host.stdin.isTTY === true && host.env['TERM'] === 'dumb')) return lineChat(session, room)
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
  return runTui({
    accounts,
    storeLabel,
    ...(await settingsOf(options.home)),
    version,
    ...(options.as === undefined ? {} : { as: options.as }),
    ...(password === undefined ? {} : { password }),
    ...(open === undefined ? {} : { chat: open }),
    ...(trouble === undefined ? {} : { trouble }),
    ...(room === undefined ? {} : { room }),
  })
}

/**
 * A chat is open for days and mostly idle, so memory counts more than a fifth more CPU in a burst: V8's young generation
 * stays at 1 MiB, and its heap grows by 40 % between collections. V8 reads both at each collection, so they may be set
 * now. (`npm run bench -- terminal`: 106 MiB instead of 191 in a busy room of 100,000.)
 */
function preferLittleMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=40')
}

async function lineChat(session: Session, room: string | undefined): Promise<number> {
  const { options, host, signal } = session
  if (options.json) {
    throw new ConclaveError('usage', '--plain and --json exclude each other', {
      hint: 'conclave read ROOM --follow --json prints messages for programs.',
    })
  }
  const chat = await session.chat()
  const { accounts, storeLabel } = await session.wiring()
  const { runLineChat } = await import('../line-mode/line-chat.ts')
  const settings = await settingsOf(options.home)
  const { stdin, stdout } = host
  await runLineChat({ accounts, chat, room, storeLabel, version, settings, stdin, stdout, signal })
  return 0
}

async function settingsOf(home: string) {
  const { notifyStore, preferencesStore, roomPlacesStore } = await import('../../client/config.ts')
  return { notify: notifyStore(home), places: roomPlacesStore(home), preferences: preferencesStore(home) }
}

/** For the identity that commands would use. A home without one has nothing to unlock. */
async function unlocked(session: Session): Promise<Unlocked> {
  if (session.options.as === undefined && (await session.identities()).length === 0) return {}
  return session.unlocked(await session.name())
}
