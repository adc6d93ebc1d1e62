/** People of the open room: who a name refers to, and what requires an admin. Pure. */
import type { Person } from '../../chat/item.ts'
import { similar } from '../../base/similar.ts'
import { plainName } from './commands.ts'
import { next, problem } from './next.ts'
import type { ChatPage, Next, State } from './state.ts'

/** An exact match, else ignoring case; all who have the name. */
export function allNamed<T extends Person>(people: readonly T[], typed: string): readonly T[] {
  const [word = '', ...rest] = typed.split(/\s+/)
  const [wanted, digits] = [plainName(word), rest.join('')]
  const exact = people.filter(({ name }) => name === wanted)
  const found = exact.length > 0 ? exact : people.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase())
  return found.filter(({ fingerprint }) => fingerprint.replaceAll(' ', '').startsWith(digits))
}

/** Acts on the person meant, or says why there is none. */
export function withOne<T extends Person>(
  state: State,
  page: ChatPage,
  people: readonly T[],
  typed: string,
  work: (person: T) => Next,
): Next {
  const found = allNamed(people, typed)
  const [only] = found
  if (only === undefined) return next(nobodyNamed(state, page, typed))
  if (found.length === 1) return work(only)
  const prints = found.map(({ fingerprint }) => fingerprint).join(' and ')
  return next(
    problem(
      state,
      `${found.length} people are called ${only.name}: ${prints}.`,
      'Add the first digits of the right fingerprint after the name.',
    ),
  )
}

export function nobodyNamed(state: State, { room }: ChatPage, name: string): State {
  const meant = similar(
    name,
    room.members.map((member) => member.name),
  )
  const hint = meant === undefined ? '/members lists everyone.' : `Did you mean ${meant}?`
  return problem(state, `${room.name} has no member called ${name}.`, hint)
}

export function isAdmin({ self }: State, { room }: ChatPage): boolean {
  return room.members.some((member) => member.fingerprint === self?.fingerprint && member.role === 'admin')
}

/** Pointless in a direct message, where both are admins and no one else comes in. */
export function groupsOnly(state: State, page: ChatPage, work: () => Next): Next {
  // No other room's name starts with this.
  if (!page.room.name.startsWith('@')) return adminsOnly(state, page, work)
  return next(
    problem(state, 'A direct message is for two: nobody is let in, removed or made an admin.', '/leave to leave it.'),
  )
}

export function adminsOnly(state: State, page: ChatPage, work: () => Next): Next {
  if (isAdmin(state, page)) return work()
  const admins = page.room.members.filter(({ role }) => role === 'admin').map(({ name }) => name)
  return next(problem(state, `Only an admin of ${page.room.name} can do that.`, `Admins: ${admins.join(', ')}.`))
}
