/** Commands about membership: asking to join, leaving, lists, and the commands about one person, from one table. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { Admission, Chat, Confirm, Room } from '../../chat/chat.ts'
import type { Returning } from '../../chat/item.ts'
import { agoText } from '../../chat/wording.ts'
import { table } from '../output/format.ts'
import { isoTime } from '../output/item-json.ts'
import { warnOfKeys } from '../output/notes.ts'
import { showRoom } from '../room/freshness.ts'
import { wholeNumber } from '../session/options.ts'
import type { Act, Session } from '../session/session.ts'

interface MemberCommand {
  /** Also the room's method. */
  readonly name: 'accept' | 'reject' | 'invite' | 'kick' | 'promote' | 'demote'
  readonly summary: string
  readonly description?: string
  /** What --fingerprint is for. Absent: a key never seen before may have to be confirmed. */
  readonly fingerprint?: string
  /** The option that trusts a key never seen before. */
  readonly trust?: readonly [flag: string, description: string]
  /** undefined: there is nothing to ask. */
  readonly question?: (room: Room, name: string, signal: AbortSignal) => Promise<string | undefined>
  readonly done: (name: string, room: string) => string
}

const whoseKey = 'whose key, to disambiguate people with the same name'
const onlyKey = 'only the key with this fingerprint'

const memberCommands: readonly MemberCommand[] = [
  {
    name: 'accept',
    summary: 'accept a join request',
    description:
      'Accepts a join request. The new member can read everything from the first message on; someone who was removed ' +
      'before can also read what was sent in between. A key never seen here must be confirmed: compare its fingerprint ' +
      'with them, or trust the name alone. A key other than the one known takes its fingerprint.',
    trust: ['--trust-name', 'accept the request under this name without comparing keys'],
    async question(room, name, signal) {
      await room.refresh(signal)
      const again = room.knocks.some((knock) => {
        return knock.name.toLowerCase() === name.toLowerCase() && knock.returning === 'kicked'
      })
      return again ? `${name} was removed before, and can then read what they missed. Let ${name} back in?` : undefined
    },
    done: (name, room) => `Accepted ${name} into ${room}`,
  },
  {
    name: 'reject',
    summary: 'decline a join request',
    fingerprint: onlyKey,
    done: (name, room) => `Declined the request of ${name} to join ${room}`,
  },
  {
    name: 'invite',
    summary: 'invite someone to a room',
    description:
      'Invites someone: they enter with conclave join, and nobody needs to accept them. A key that was never seen here ' +
      'must be confirmed: compare its fingerprint with them, or trust the one in the store.',
    done: (name, room) => `Invited ${name} to ${room}`,
  },
  {
    name: 'kick',
    summary: 'remove a member',
    description:
      "Removes a member: they can't read anything sent afterwards, and keep what they have read. Also withdraws an " +
      'invitation.',
    fingerprint: whoseKey,
    question: async (room, name) =>
      `Remove ${name} from ${room.name}? The room gets new keys; only an admin can let ${name} back in.`,
    done: (name, room) => `Removed ${name} from ${room}`,
  },
  {
    name: 'promote',
    summary: 'make a member an admin',
    fingerprint: whoseKey,
    done: (name, room) => `${name} is now an admin of ${room}`,
  },
  {
    name: 'demote',
    summary: 'remove admin rights',
    fingerprint: whoseKey,
    done: (name, room) => `${name} is no longer an admin of ${room}`,
  },
]

export function addMemberCommands(program: Command, act: Act): void {
  for (const one of memberCommands) {
    const command = program
      .command(`${one.name} <room> <name>`)
      .summary(one.summary)
      .description(one.description ?? one.summary)
    if (one.fingerprint === undefined) addConfirmOptions(command, ...(one.trust ?? []))
    else command.option('--fingerprint <digits>', one.fingerprint)
    if (one.question !== undefined) command.option('--yes', "don't ask for confirmation")
    command.action(
      act(
        async (
          session,
          roomName: string,
          name: string,
          { yes, ...options }: ConfirmOptions & { readonly yes?: true },
        ) => {
          const confirm = confirmOf(options)
          const room = await session.room(roomName)
          const question = await one.question?.(room, name, session.signal)
          if (question !== undefined && !(await session.mayDo(question, yes === true))) return 4
          const { i } = await session.withKey(confirm, (confirmed) => room[one.name](name, confirmed))
          await session.out.print({ ok: true, i }, one.done(name, room.name))
          return 0
        },
      ),
    )
  }
}

interface ConfirmOptions extends Confirm {
  readonly trustName?: true
}

/** How a command is told to trust a key that was never seen before. `confirmOf` makes a `Confirm` of them. */
export function addConfirmOptions(
  command: Command,
  flag = '--trust-new',
  description = 'trust the key that the store has under this name',
): Command {
  return command
    .option('--fingerprint <digits>', 'the fingerprint that you compared with this person')
    .option(flag, description)
}

function confirmOf({ fingerprint, trustNew, trustName }: ConfirmOptions): Confirm {
  return { ...(fingerprint !== undefined && { fingerprint }), trustNew: trustNew === true || trustName === true }
}

interface Row {
  readonly name: string
  readonly role: string
  readonly fingerprint: string
  readonly by?: string
  /** null: not among the newest records. */
  readonly lastHeard?: string | null
}

export function addMembers(program: Command, act: Act): void {
  program
    .command('members <room>')
    .description('list the members of a room, and when they were last heard from')
    .option('--invited', 'list invitations too, and who sent them')
    .action(
      act((session, roomName: string, { invited }: { readonly invited?: true }) =>
        showRoom(session, roomName, async (room) => {
          const heard = new Map((await room.lastHeard(session.signal)).map((one) => [one.fingerprint, one.at]))
          const members = room.members.map(({ name, role, fingerprint }): Row => {
            const at = heard.get(fingerprint)
            return { name, role, fingerprint, lastHeard: at === undefined ? null : isoTime(at) }
          })
          const now = Date.now()
          const guests = room.invitations.map(({ name, fingerprint, by }): Row => {
            return { name, role: 'invited', fingerprint, by }
          })
          const all = [...members, ...(invited ? guests : [])]
          const about = ({ by, lastHeard }: Row): string => {
            if (by !== undefined) return `by ${by}`
            return lastHeard ? `last heard ${agoText(Date.parse(lastHeard), now)}` : ''
          }
          const rows = all.map((row) => [row.name, row.role, row.fingerprint, about(row)])
          await session.out.list(
            all.map((row) => ({ ...row })),
            table(rows),
          )
          warnOfKeys(session.out, room)
        }),
      ),
    )
}

export function addKnocks(program: Command, act: Act): void {
  program
    .command('knocks <room>')
    .description('list join requests, oldest first')
    .action(
      act((session, roomName: string) =>
        showRoom(session, roomName, async (room) => {
          const knocks = room.knocks.map(({ name, fingerprint, at, returning, known, elsewhere }) => {
            return { name, fingerprint, at: isoTime(at), returning, known, elsewhere }
          })
          const rows = knocks.map((knock) => [knock.name, knock.fingerprint, knock.at, remark(knock)])
          await session.out.list(knocks, rows.length === 0 ? `No requests to join ${room.name}.` : table(rows))
        }),
      ),
    )
}

interface Remarkable {
  readonly returning: Returning | undefined
  readonly known: string | undefined
  readonly elsewhere: true | undefined
}

function remark({ returning, known, elsewhere }: Remarkable): string {
  if (elsewhere) return 'asks to join ANOTHER COPY of this room'
  if (known !== undefined) return `NOT the key you know: ${known}`
  return returning === 'kicked' ? 'was removed before' : returning === 'left' ? 'was a member before' : ''
}

/** The longest timer possible is 2^31 ms. */
const waitSMax = 2_000_000

export function addJoin(program: Command, act: Act): void {
  const command = program
    .command('join')
    .summary('ask to join a room')
    .description(
      'Asks to join a room: someone inside accepts you (conclave accept, or !NAME in the terminal interface). ROOM#ID, ' +
        'with at least 20 digits of the ID, joins exactly that room, whatever other rooms are named.',
    )
    .argument('<room>', 'ROOM or ROOM#ID')
    .option('--wait <seconds>', 'how long to wait for the answer (default: not at all)', wholeNumber(0, waitSMax))
  addConfirmOptions(command, '--trust-new', 'enter by the invitation of a key that was never seen here').action(
    act(async (session, name: string, { wait = 0, ...confirm }: Confirm & { readonly wait?: number }) => {
      const chat = await session.chat()
      const admission = await session.withKey(confirm, (confirmed) => chat.join(name, confirmed, session.signal))
      const room = await answer(session, chat, admission, wait)
      const admins = room.members
        .filter(({ role }) => role === 'admin')
        .map((admin) => ({ name: admin.name, fingerprint: admin.fingerprint }))
      const lines = admins.map((admin) => `Admin: ${admin.name}  ${admin.fingerprint}`)
      await session.out.print(
        { ok: true, room: room.name, id: room.id, state: 'accepted', admins },
        [`You are in ${room.name} (ID ${room.id}).`, ...lines].join('\n'),
      )
    }),
  )
}

async function answer(session: Session, chat: Chat, admission: Admission, waitS: number): Promise<Room> {
  if (admission.state !== 'waiting') return admission.wait(session.signal)
  const { roomName, roomId } = admission
  const { name, fingerprint } = chat.self
  if (waitS > 0) session.out.note(`Waiting for someone in ${roomName} to accept ${name}  ${fingerprint}`)
  const timedOut = new AbortController()
  const timer = setTimeout(() => timedOut.abort(), waitS * 1000)
  try {
    return await admission.wait(AbortSignal.any([session.signal, timedOut.signal]))
  } catch (error) {
    if (!timedOut.signal.aborted || error instanceof ConclaveError) throw error
    await session.out.print({ room: roomName, id: roomId, state: 'waiting' }, '')
    throw new ConclaveError('timeout', `Nobody in ${roomName} has accepted ${name} yet; your request stands`, {
      hint: `Someone inside types !${name} (fingerprint ${fingerprint}). Then run the same command again; --wait SECONDS waits for it.`,
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}

export function addLeave(program: Command, act: Act): void {
  program
    .command('leave <room>')
    .description('leave a room')
    .action(
      act(async (session, roomName: string) => {
        const room = await session.room(roomName)
        const { i } = await room.leave()
        await session.out.print({ ok: true, i }, `You left ${room.name}.`)
      }),
    )
}
