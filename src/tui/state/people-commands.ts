/** Commands about people: who is in, who comes in, whose key is whose. Pure. */
import type { Person } from '../../chat/item.ts'
import { answerKnock } from './answer-knock.ts'
import { memberNamed, named, nobodyNamed } from './member-named.ts'
import type { ChatPage, Next } from './state.ts'
import { ask, busy, info, next, sheet } from './next.ts'
import type { Handlers, Typed, TypedInRoom } from './typed-command.ts'
import { needsMore, plainName } from './typed-command.ts'

export const contactCommands: Handlers<Typed> = {
  dm: (typed) => offer(typed, 'dm'),

  rekey: ({ state }) => {
    const question =
      'New keys for you, in every room? A copy of the old ones, as on a lost machine, opens nothing that is said from ' +
      'then on. Your fingerprint changes; your rooms see that it was you who changed it.'
    return next(ask(state, question, 'changing your keys…', { do: 'rekey' }))
  },
}

export const peopleCommands: Handlers<TypedInRoom> = {
  invite: (typed) => offer(typed, 'invite'),
  accept: (typed) => answer(typed, 'accept'),
  reject: (typed) => answer(typed, 'reject'),
  promote: (typed) => change(typed, 'promote'),
  demote: (typed) => change(typed, 'demote'),
  kick,
  members: ({ state, page }) => next(sheet(state, `members of ${page.room.name}`, memberSheet(page))),
  whois,
  verify: ({ state, page, argument }) =>
    argument === ''
      ? next(busy(state, 'checking every record of this room…'), { do: 'verify' })
      : next(busy(state), { do: 'compare', name: memberNamed(page, argument)?.name ?? plainName(argument) }),
}

/** A name, and the fingerprint where it was compared already. */
function offer(typed: Typed, effect: 'dm' | 'invite'): Next {
  const [name = '', ...digits] = typed.argument.split(/\s+/)
  if (name === '') return needsMore(typed)
  const fingerprint = digits.length === 0 ? undefined : digits.join(' ')
  return next(busy(typed.state), { do: effect, name: plainName(name), fingerprint })
}

function answer(typed: TypedInRoom, kind: 'accept' | 'reject'): Next {
  const { state, page, argument } = typed
  const [first] = page.room.knocks
  // Without a name: the only one who asks.
  if (argument === '' && first !== undefined && page.room.knocks.length === 1) {
    return answerKnock(state, kind, first.name, first.fingerprint)
  }
  if (argument === '') return needsMore(typed)
  const [name = '', ...digits] = argument.split(/\s+/)
  return answerKnock(state, kind, plainName(name), digits.join(''))
}

function change(typed: TypedInRoom, effect: 'promote' | 'demote'): Next {
  const { state, page, argument } = typed
  if (argument === '') return needsMore(typed)
  const person = memberNamed(page, argument)
  if (person === undefined) return next(nobodyNamed(state, page, argument))
  return next(busy(state), { do: effect, name: person.name })
}

function kick(typed: TypedInRoom): Next {
  const { state, page, argument } = typed
  if (argument === '') return needsMore(typed)
  const person = memberNamed(page, argument)
  const invited = named(page.room.invitations, argument)
  const { name: room } = page.room
  if (person !== undefined) {
    const { name } = person
    const question = `Kick ${name} from ${room}? It can't be undone: the room's keys change, and only an admin could let ${name} in again.`
    return next(ask(state, question, `kicking ${name}…`, { do: 'kick', name }))
  }
  if (invited === undefined) return next(nobodyNamed(state, page, argument))
  const { name } = invited
  const question = `Take back the invitation of ${name} into ${room}? The room's keys change.`
  return next(ask(state, question, 'taking it back…', { do: 'kick', name }))
}

function whois(typed: TypedInRoom): Next {
  const { state, page, argument } = typed
  if (argument === '') return needsMore(typed)
  const told = (person: Person, what: string): Next =>
    next(info(state, `${person.name} ${what}.`, `fingerprint ${person.fingerprint}`))
  const member = memberNamed(page, argument)
  if (member !== undefined) return told(member, `is ${member.role === 'admin' ? 'an admin' : 'a member'} here`)
  const knock = named(page.room.knocks, argument)
  if (knock !== undefined) return told(knock, 'asks to join')
  const invited = named(page.room.invitations, argument)
  if (invited !== undefined) return told(invited, `is invited by ${invited.by}`)
  return next(nobodyNamed(state, page, argument))
}

function memberSheet({ room: { members, knocks, invitations } }: ChatPage): readonly string[] {
  const width = Math.max(...[...members, ...knocks, ...invitations].map(({ name }) => name.length))
  const row = (person: Person, what: string): string =>
    ` ${person.name.padEnd(width)}  ${what.padEnd(7)} ${person.fingerprint}`
  const asking = knocks.length === 0 ? [] : ['', ' Asking to join:', ...knocks.map((knock) => row(knock, ''))]
  const invited =
    invitations.length === 0 ? [] : ['', ' Invited:', ...invitations.map((one) => `${row(one, '')}  by ${one.by}`)]
  return ['', ...members.map((member) => row(member, member.role)), ...asking, ...invited]
}
