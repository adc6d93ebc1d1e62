/** Rooms as a whole: listing and creating them, their rules, topic and keys, and this machine's copy. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { rotateDaysMax } from '../../base/limits.ts'
import { countForYou } from '../../chat/attention.ts'
import type { RoomSummary } from '../../chat/chat.ts'
import { parseRotate, rotateText } from '../../chat/rotation.ts'
import { count, declinedLabel, policyText } from '../../chat/wording.ts'
import { table } from '../output/format.ts'
import { isoTime } from '../output/item-json.ts'
import { mayBeStale, showRoom } from '../room/freshness.ts'
import type { Act, Session } from '../session/session.ts'

export function addRooms(program: Command, act: Act): void {
  program
    .command('rooms')
    .description('list your rooms and those you can ask to join')
    .action(
      act(async (session) => {
        const chat = await session.chat()
        const rooms = await chat.rooms(session.signal)
        const text = rooms.length > 0 ? table(rooms.map(roomRow)) : 'No rooms yet: conclave create NAME makes one.'
        await session.out.list(rooms.map(roomObject), text)
        const { state, detail } = chat.connection
        if (state !== 'online')
          throw mayBeStale(new ConclaveError('unavailable', `The store is unreachable (${detail})`))
      }),
    )
}

function roomObject(room: RoomSummary) {
  const { name, id, standing, unread, mentions, members, invitedBy } = room
  const by = invitedBy && { ...invitedBy }
  const attention = room.attention.map(({ kind, count, since, by: { name } }) => ({
    kind,
    count,
    since: isoTime(since),
    by: name,
  }))
  const forYou = countForYou([room])
  const joined = standing === 'member'
  const newest = room.newestAt === undefined ? undefined : isoTime(room.newestAt)
  return { room: name, id, joined, unread, mentions, forYou, attention, members, standing, newest, invitedBy: by }
}

function roomRow({ name, id, standing, unread, members, invitedBy, attention }: RoomSummary): string[] {
  const state = standing === 'member' ? count(members, 'member') : (invitationText(invitedBy) ?? standingText[standing])
  const news = unread === 0 ? [] : [`${unread} unread`]
  for (const { kind, count: n } of attention) {
    if (kind === 'request') news.push(count(n, 'join request'))
    if (kind === 'mention') news.push(count(n, 'mention'))
  }
  return [name, state, news.join(', '), id.slice(0, 20)]
}

function invitationText(by: RoomSummary['invitedBy']): string | undefined {
  if (by === undefined || by.known) return by && `invited by ${by.name}: join it`
  return `invited by someone calling themselves ${by.name}, fingerprint ${by.fingerprint}`
}

const standingText = {
  invited: 'invited: join it',
  waiting: 'request pending',
  rejected: declinedLabel,
  kicked: 'removed',
  left: 'left',
  stranger: 'not joined',
} as const

interface Rules {
  readonly acceptBy?: 'members' | 'admins'
  readonly listed?: true
  readonly unlisted?: true
  readonly rotateEvery?: number
}

const acceptByOption = (): Option =>
  new Option('--accept-by <who>', 'who can let people in').choices(['members', 'admins'])

const rotateOption = (): Option =>
  new Option('--rotate-every <days>', 'how often its keys are replaced: 7d, never').argParser(rotateDays)

export function addCreate(program: Command, act: Act): void {
  program
    .command('create')
    .description('create a room')
    .argument('<room>', 'its name: up to 64 letters, digits, _ and -')
    .option('--unlisted', 'hide it from the list of rooms: people join by its full name and ID')
    .addOption(acceptByOption())
    .addOption(rotateOption())
    .action(
      act(async (session, name: string, { rotateEvery, ...rules }: Omit<Rules, 'listed'>) => {
        const options = { ...rules, ...(rotateEvery === undefined ? {} : { rotateDays: rotateEvery }) }
        const room = await (await session.chat()).create(name, options)
        await session.out.print({ ok: true, room: room.name, id: room.id }, `Created ${room.name} (ID ${room.id})`)
      }),
    )
}

export function addPolicy(program: Command, act: Act): void {
  program
    .command('policy <room>')
    .summary('show or change the rules of a room')
    .description(
      'Shows who can let people in, whether the room is listed and how often its keys are replaced. Admins change it ' +
        'with the options. In a direct message (@NAME), both people can change how often its keys are replaced.\n\n' +
        "Keys are replaced by an admin's program while it has the room open.",
    )
    .addOption(acceptByOption())
    .addOption(new Option('--listed', 'show it in the list of rooms').conflicts('unlisted'))
    .option('--unlisted', 'hide it from the list of rooms')
    .addOption(rotateOption())
    .action(
      act(async (session, roomName: string, { acceptBy, listed, unlisted, rotateEvery }: Rules) => {
        const { out } = session
        if (acceptBy === undefined && !listed && !unlisted && rotateEvery === undefined) {
          return showRoom(session, roomName, ({ name, policy }) => {
            const rules = {
              acceptBy: policy.acceptBy,
              listed: policy.listed,
              rotateEvery: rotateText(policy.rotateDays),
            }
            return out.print(rules, policyText(policy, name.startsWith('@')))
          })
        }
        const room = await session.room(roomName)
        const { i } = await room.setPolicy({
          ...(acceptBy === undefined ? {} : { acceptBy }),
          ...(listed || unlisted ? { listed: listed === true } : {}),
          ...(rotateEvery === undefined ? {} : { rotateDays: rotateEvery }),
        })
        return out.print({ ok: true, i }, `Changed the rules of ${room.name}.`)
      }),
    )
}

function rotateDays(text: string): number {
  const days = parseRotate(text)
  if (days === undefined) throw new InvalidArgumentError(`Give a number of days up to ${rotateDaysMax}d, or never.`)
  return days
}

export function addTopic(program: Command, act: Act): void {
  program
    .command('topic <room>')
    .description('set the topic of a room')
    .argument('<text>', "'' removes the topic")
    .action(
      act(async (session, roomName: string, text: string) => {
        const { i } = await (await session.room(roomName)).setTopic(text)
        await session.out.print({ ok: true, i }, text === '' ? 'Removed the topic.' : `Topic: ${text}`)
      }),
    )
}

export function addRotate(program: Command, act: Act): void {
  program
    .command('rotate <room>')
    .summary('give a room new keys')
    .description(
      'Encrypts everything sent afterwards with a new secret, which every member gets. Removing a member does this by ' +
        'itself; use it when a secret may have leaked in another way.',
    )
    .action(
      act(async (session, roomName: string) => {
        const room = await session.room(roomName)
        const { i } = await room.rotate()
        await session.out.print({ ok: true, i }, `${room.name} has new keys.`)
      }),
    )
}

export function addForget(program: Command, act: Act): void {
  program
    .command('forget <room>')
    .summary("delete this machine's copy of a room")
    .description(
      "Deletes this machine's copy of a room. You stay a member: reading the room, or listing rooms, downloads it again. " +
        'Conclave remembers how far the copy reached, so that it still notices a store that was rolled back.\n\n' +
        'Refused while messages wait to be sent to the room. Without a terminal, --yes is needed.',
    )
    .option('--yes', "don't ask for confirmation")
    .action(act(forget))
}

async function forget(session: Session, roomName: string, { yes }: { readonly yes?: true }): Promise<number> {
  if (!yes && !session.interactive) {
    throw new ConclaveError('usage', 'There is no terminal to ask on', { hint: 'Confirm with --yes.' })
  }
  const chat = await session.chat()
  if (!(await session.mayDo(`Delete this machine's copy of ${roomName}?`, yes === true))) return 4
  const { name, records } = await chat.forget(roomName)
  await session.out.print(
    { ok: true, room: name, records },
    `Deleted the copy of ${name} (${count(records, 'record')}).`,
  )
  return 0
}
