/** Somebody in the open room, by what was typed: a name, and where two bear it the first digits of a fingerprint. Pure. */
import type { Person } from '../../chat/item.ts'
import { similar } from '../input/similar.ts'
import { next, problem } from './next.ts'
import type { ChatPage, Next, State } from './state.ts'
import { plainName } from './typed-command.ts'

/** As written, else whatever the case; all who bear the name. */
export function allNamed<T extends Person>(people: readonly T[], typed: string): readonly T[] {
  const [word = '', ...rest] = typed.split(/\s+/)
  const [wanted, digits] = [plainName(word), rest.join('')]
  const exact = people.filter(({ name }) => name === wanted)
  const found = exact.length > 0 ? exact : people.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase())
  return found.filter(({ fingerprint }) => fingerprint.replaceAll(' ', '').startsWith(digits))
}

/** Does something with the one who is meant, or says why nobody is. */
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
