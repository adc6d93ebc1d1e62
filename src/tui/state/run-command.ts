/** What each slash command does. Pure. */
import type { Person } from '../../chat/item.ts'
import { similar } from '../input/similar.ts'
import { answerKnock } from './answer-knock.ts'
import type { Command } from './commands.ts'
import { helpLines } from './commands.ts'
import { createRoom, enterRoom, joinRoom, toRooms } from './navigation.ts'
import { roomLabel } from './room-list.ts'
import type { ChatPage, Next, State } from './state.ts'
import { info, next, problem } from './state.ts'
import { say } from './say.ts'
import { emptyTimeline } from './timeline.ts'

/** `line`: all that was typed. An answer with an error flash leaves it in place. */
export function runCommand(state: State, command: Command, argument: string, line: string): Next {
  const { page } = state
  switch (command.name) {
    case 'help':
      return sheet(state, 'help', helpLines())
    case 'quit':
      return next(state, { do: 'quit' })
    case 'rooms':
      return toRooms(state)
    case 'join':
      return join(state, argument)
    case 'create':
      return create(state, argument, command)
    case 'dm':
      return withName(state, argument, command, 'dm')
  }
  if (page.kind !== 'chat') return next(problem(state, `/${command.name} works inside a room.`))
  switch (command.name) {
    case 'me':
      return argument === '' ? usage(state, command) : say(state, line, { type: 'emote', text: argument })
    case 'accept':
    case 'reject':
      return answer(state, page, command, argument)
    case 'invite':
      return withName(state, argument, command, 'invite')
    case 'topic':
      return next(busy(state, 'setting the topic…'), { do: 'topic', text: argument })
    case 'promote':
    case 'demote': {
      if (argument === '') return usage(state, command)
      const person = findMember(page, argument)
      if (person === undefined) return next(noMember(state, page, argument))
      return next(busy(state, 'one moment…'), { do: command.name, name: person.name })
    }
    case 'kick':
      return kick(state, page, argument, command)
    case 'leave': {
      const question = `Leave ${page.room.name}? To come back, somebody inside has to let you in again.`
      return next({ ...state, confirm: { question, effects: [{ do: 'leave' }] } })
    }
    case 'members':
      return sheet(state, `members of ${page.room.name}`, memberSheet(page))
    case 'whois':
      return argument === '' ? usage(state, command) : whois(state, page, argument)
    case 'verify':
      if (argument === '') return next(busy(state, 'checking every record of this room…'), { do: 'verify' })
      return next(busy(state, 'one moment…'), { do: 'compare', name: findMember(page, argument)?.name ?? argument })
    case 'drop': {
      const failed = page.room.pending.filter((pending) => pending.state === 'failed')
      if (failed.length === 0) return next(problem(state, 'There is nothing that could not be sent.'))
      return next(state, { do: 'drop', ids: failed.map((pending) => pending.id) })
    }
    case 'clear':
      return next({ ...state, page: { ...page, timeline: { ...emptyTimeline, moreBefore: true } } })
    default:
      return next(problem(state, `There is no command /${command.name}.`))
  }
}

function busy(state: State, label: string): State {
  return { ...state, busy: { label, frame: 0 } }
}

/** A name, and where its key was never seen before the fingerprint that was confirmed. */
function withName(state: State, argument: string, command: Command, effect: 'dm' | 'invite'): Next {
  const [name = '', ...digits] = argument.split(/\s+/)
  if (name === '') return usage(state, command)
  const fingerprint = digits.length === 0 ? undefined : digits.join(' ')
  return next(busy(state, 'one moment…'), { do: effect, name: name.replace(/^@/, ''), fingerprint })
}

function usage(state: State, command: Command): Next {
  return next(problem(state, `/${command.name} needs more: ${command.usage}`))
}

function sheet(state: State, title: string, lines: readonly string[]): Next {
  return next({ ...state, sheet: { title, lines, top: 0 } })
}

function join(state: State, argument: string): Next {
  if (argument === '') {
    // In a room that one can only read: ask to be let in again.
    if (state.page.kind !== 'chat' || state.page.room.standing === 'member') {
      return next(problem(state, 'Which room? /join ROOM', '/rooms lists them.'))
    }
    const { id, name } = state.page.room
    return joinRoom(state, `${name}#${id.slice(0, 20)}`)
  }
  const [name = ''] = argument.split(/\s+/)
  const known = state.rooms.filter((room) => roomLabel(room, state.rooms).toLowerCase() === name.toLowerCase())
  const [only] = known
  // Whom the room turned out once asks again by saying so.
  if (only !== undefined && known.length === 1 && only.standing === 'member') return enterRoom(state, only)
  return joinRoom(state, name)
}

function create(state: State, argument: string, command: Command): Next {
  const [name = '', option, ...rest] = argument.split(/\s+/)
  if (name === '' || rest.length > 0 || (option !== undefined && option !== 'unlisted')) return usage(state, command)
  return createRoom(state, name, option === 'unlisted')
}

function answer(state: State, page: ChatPage, command: Command, argument: string): Next {
  const [first] = page.room.knocks
  const kind = command.name === 'accept' ? 'accept' : 'reject'
  // Without a name: the only one who asks.
  if (argument === '' && first !== undefined && page.room.knocks.length === 1) {
    return answerKnock(state, kind, first.name, first.fingerprint)
  }
  if (argument === '') return usage(state, command)
  const [name = '', ...digits] = argument.split(/\s+/)
  return answerKnock(state, kind, name.replace(/^!/, ''), digits.join(''))
}

function kick(state: State, page: ChatPage, argument: string, command: Command): Next {
  if (argument === '') return usage(state, command)
  const person = findMember(page, argument)
  if (person === undefined) return next(noMember(state, page, argument))
  const question = `Kick ${person.name} from ${page.room.name}? It can't be undone: the room's keys change, and only an admin could let ${person.name} in again.`
  return next({ ...state, confirm: { question, effects: [{ do: 'kick', name: person.name }] } })
}

function whois(state: State, page: ChatPage, name: string): Next {
  const person = findMember(page, name)
  if (person !== undefined)
    return next(info(state, `${person.name} is ${person.role} here.`, `fingerprint ${person.fingerprint}`))
  const knock = page.room.knocks.find((other) => same(other.name, name))
  if (knock === undefined) return next(noMember(state, page, name))
  return next(info(state, `${knock.name} asks to join.`, `fingerprint ${knock.fingerprint}`))
}

function memberSheet(page: ChatPage): readonly string[] {
  const { members, knocks } = page.room
  const width = Math.max(...members.map((member) => member.name.length), ...knocks.map((knock) => knock.name.length))
  const row = (person: Person, role: string): string =>
    ` ${person.name.padEnd(width)}  ${role.padEnd(7)} ${person.fingerprint}`
  const asking = knocks.length === 0 ? [] : ['', ' Asking to join:', ...knocks.map((knock) => row(knock, ''))]
  return ['', ...members.map((member) => row(member, member.role)), ...asking]
}

function findMember(page: ChatPage, name: string): ChatPage['room']['members'][number] | undefined {
  const wanted = name.replace(/^@/, '')
  return (
    page.room.members.find((member) => member.name === wanted) ??
    page.room.members.find((member) => same(member.name, wanted))
  )
}

function noMember(state: State, page: ChatPage, name: string): State {
  const meant = similar(
    name,
    page.room.members.map((member) => member.name),
  )
  return problem(
    state,
    `Nobody called ${name} is in ${page.room.name}.`,
    meant === undefined ? '/members lists who is.' : `Did you mean ${meant}?`,
  )
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
