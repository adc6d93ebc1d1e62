/** Somebody in the open room, by the name that was typed. Pure. */
import type { Member } from '../../chat/chat.ts'
import { similar } from '../input/similar.ts'
import { plainName } from './typed-command.ts'
import type { ChatPage, State } from './state.ts'
import { problem } from './next.ts'

/** As written, else whatever the case. */
export function named<T extends { readonly name: string }>(people: readonly T[], typed: string): T | undefined {
  const wanted = plainName(typed)
  return (
    people.find(({ name }) => name === wanted) ?? people.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())
  )
}

export function memberNamed({ room }: ChatPage, typed: string): Member | undefined {
  return named(room.members, typed)
}

export function nobodyNamed(state: State, { room }: ChatPage, name: string): State {
  const meant = similar(
    name,
    room.members.map((member) => member.name),
  )
  const hint = meant === undefined ? '/members lists who is.' : `Did you mean ${meant}?`
  return problem(state, `Nobody called ${name} is in ${room.name}.`, hint)
}
