/** What only admins can do is not begun for others. Pure. */
import { next, problem } from './next.ts'
import type { ChatPage, Next, State } from './state.ts'

export function isAdmin({ self }: State, { room }: ChatPage): boolean {
  return room.members.some((member) => member.fingerprint === self?.fingerprint && member.role === 'admin')
}

/** What makes no sense in a chat of two, where both are admins and nobody else comes in. */
export function groupsOnly(state: State, page: ChatPage, work: () => Next): Next {
  // No other room's name begins so.
  if (!page.room.name.startsWith('@')) return adminsOnly(state, page, work)
  return next(
    problem(state, 'A direct message has no rules, and nobody can be removed from it.', '/leave to leave it.'),
  )
}

export function adminsOnly(state: State, page: ChatPage, work: () => Next): Next {
  if (isAdmin(state, page)) return work()
  const admins = page.room.members.filter(({ role }) => role === 'admin').map(({ name }) => name)
  return next(problem(state, `Only an admin of ${page.room.name} can do that.`, `Admins: ${admins.join(', ')}.`))
}
