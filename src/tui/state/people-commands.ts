/** Commands about people: members, requests, keys. Pure. */
import type { Person } from '../../chat/item.ts'
import { adminsOnly, allNamed, groupsOnly, nobodyNamed, withOne } from './members.ts'
import { answerKnock } from './answer-knock.ts'
import type { ChatPage, Next, State } from './state.ts'
import { ask, busy, info, next, problem, sheet } from './next.ts'
import { openRequests } from './requests.ts'
import { tooLong } from './say.ts'
import type { Handlers, Typed, TypedInRoom } from './commands.ts'
import { needsMore, plainName } from './commands.ts'

export const contactCommands: Handlers<Typed> = {
  dm,

  rekey: ({ state }) => {
    const question =
      'Replace your keys in every room? The old keys (say, on a lost machine) open nothing sent afterwards. Your ' +
      'fingerprint changes, and your rooms can see that it was you who changed it.'
    return next(ask(state, question, 'replacing your keys…', { do: 'rekey' }))
  },
}

/** Of a head phrase. */
const headWords = 6

export const peopleCommands: Handlers<TypedInRoom> = {
  invite,
  accept: (typed) => answer(typed, 'accept'),
  reject: (typed) => answer(typed, 'reject'),
  requests: ({ state, page }) => openRequests(state, page),
  promote: (typed) => change(typed, 'promote'),
  demote: (typed) => change(typed, 'demote'),
  kick,
  members: ({ state, page }) => listMembers(state, page),
  whois,
  verify,
}

/** Nothing: the room. A head phrase: the other person's copy of it. A name: a number to compare, unless it was compared. */
function verify({ state, page, argument }: TypedInRoom): Next {
  const [, named, digits] = /^(\S+)\s+(\d[\d\s-]*)$/.exec(argument) ?? []
  if (named !== undefined && digits !== undefined) {
    const name = allNamed(page.room.members, named)[0]?.name ?? plainName(named)
    if (fingerprintPattern.test(digits)) return next(busy(state), { do: 'confirm-key', name, fingerprint: digits })
    return next(
      problem(state, 'A fingerprint has 24 digits.', `Type all of them, or /verify ${name} to compare a number.`),
    )
  }
  if (argument === '' || argument.split(/[\s-]+/).length >= headWords) {
    return next(busy(state, 'checking every record of this room…'), { do: 'verify', head: argument || undefined })
  }
  const name = allNamed(page.room.members, argument)[0]?.name ?? plainName(argument)
  return next(busy(state), { do: 'compare', name })
}

/** A whole fingerprint, grouped in any way. */
const fingerprintPattern = /^\d(?:[\s-]*\d){23}$/

/** A name, and the fingerprint if it was compared already; any other text is sent. */
function dm(typed: Typed): Next {
  const { state, argument } = typed
  const [, name = '', text = ''] = /^(\S*)\s*([^]*)$/.exec(argument) ?? []
  if (name === '') return needsMore(typed)
  const effect = { do: 'dm', name: plainName(name), fingerprint: undefined } as const
  if (text === '') return next(busy(state), effect)
  if (fingerprintPattern.test(text)) return next(busy(state), { ...effect, fingerprint: text })
  const refused = tooLong(state, text)
  return refused === undefined ? next(busy(state), { ...effect, text }) : next(refused)
}

/** A name, and the fingerprint if it was compared already. */
function invite(typed: Typed): Next {
  const [name = '', ...digits] = typed.argument.split(/\s+/)
  if (name === '') return needsMore(typed)
  const given = digits.join(' ')
  if (given !== '' && !fingerprintPattern.test(given)) {
    return next(problem(typed.state, 'A fingerprint has 24 digits.', `Usage: ${typed.command.usage}`))
  }
  const fingerprint = given === '' ? undefined : given
  return next(busy(typed.state), { do: 'invite', name: plainName(name), fingerprint })
}

function answer(typed: TypedInRoom, kind: 'accept' | 'reject'): Next {
  const { state, page, argument } = typed
  const [first] = page.room.knocks
  // Without a name: the only person asking to join.
  if (argument === '' && first !== undefined && page.room.knocks.length === 1) {
    return answerKnock(state, kind, first.name, '')
  }
  if (argument === '') return needsMore(typed)
  const [name = '', ...digits] = argument.split(/\s+/)
  return answerKnock(state, kind, plainName(name), digits.join(''))
}

function change(typed: TypedInRoom, effect: 'promote' | 'demote'): Next {
  const { state, page, argument } = typed
  if (argument === '') return needsMore(typed)
  return adminsOnly(state, page, () =>
    withOne(state, page, page.room.members, argument, ({ name, fingerprint }) =>
      next(busy(state), { do: effect, name, fingerprint }),
    ),
  )
}

function kick(typed: TypedInRoom): Next {
  const { state, page, argument } = typed
  if (argument === '') return needsMore(typed)
  const { members, invitations, name: room } = page.room
  const ofOne = ({ name, fingerprint }: Person): Next => {
    const effect = { do: 'kick', name, fingerprint } as const
    if (invitations.some((invitation) => invitation.fingerprint === fingerprint)) {
      const question = `Withdraw the invitation of ${name} to ${room}? The room gets new keys.`
      return next(ask(state, question, 'withdrawing the invitation…', effect))
    }
    const question = `Remove ${name} from ${room}? The room gets new keys; only an admin can let ${name} back in.`
    return next(ask(state, question, `removing ${name}…`, effect))
  }
  return groupsOnly(state, page, () => withOne(state, page, [...members, ...invitations], argument, ofOne))
}

function whois(typed: TypedInRoom): Next {
  return typed.argument === '' ? needsMore(typed) : whoIs(typed.state, typed.page, typed.argument)
}

export function whoIs(state: State, page: ChatPage, argument: string): Next {
  const { members, knocks, invitations } = page.room
  const found = [
    ...allNamed(members, argument).map(
      (one) => [one, `is ${one.role === 'admin' ? 'an admin' : 'a member'} here`] as const,
    ),
    ...allNamed(knocks, argument).map((one) => [one, 'asks to join'] as const),
    ...allNamed(invitations, argument).map((one) => [one, `was invited by ${one.by}`] as const),
  ]
  const [first] = found
  if (first === undefined) return next(nobodyNamed(state, page, argument))
  const lines = found.map(([{ name, fingerprint }, what]) => `${name} ${what}. Fingerprint: ${fingerprint}.`)
  return next(info(state, lines.join(' ')))
}

export function listMembers(state: State, page: ChatPage): Next {
  return next(sheet(state, `Members of ${page.room.name}`, memberSheet(page)))
}

function memberSheet({ room: { members, knocks, invitations }, ignored }: ChatPage): readonly string[] {
  const width = Math.max(...[...members, ...knocks, ...invitations].map(({ name }) => name.length))
  const row = (person: Person, what: string): string =>
    ` ${person.name.padEnd(width)}  ${what.padEnd(7)} ${person.fingerprint}`
  const asking = knocks.length === 0 ? [] : ['', ' Asking to join', ...knocks.map((knock) => row(knock, ''))]
  const invited =
    invitations.length === 0 ? [] : ['', ' Invited', ...invitations.map((one) => `${row(one, '')}  by ${one.by}`)]
  const rows = members.map((member) => {
    return `${row(member, member.role)}${Object.hasOwn(ignored, member.fingerprint) ? '  ignored' : ''}`
  })
  return ['', ...rows, ...asking, ...invited]
}
