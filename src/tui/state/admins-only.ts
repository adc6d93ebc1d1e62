/** What only admins can do is not begun for others. Pure. */
import { next, problem } from './next.ts'
import type { ChatPage, Next, State } from './state.ts'

export function isAdmin({ self }: State, { room }: ChatPage): boolean {
  return room.members.some((member) => member.fingerprint === self?.fingerprint && member.role === 'admin')
}

export function adminsOnly(state: State, page: ChatPage, work: () => Next): Next {
  if (isAdmin(state, page)) return work()
  const admins = page.room.members.filter(({ role }) => role === 'admin').map(({ name }) => name)
  return next(problem(state, `Only an admin of ${page.room.name} can do that.`, `Here: ${admins.join(', ')}.`))
}
