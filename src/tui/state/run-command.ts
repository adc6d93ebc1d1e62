/** Which function carries out a slash command. Pure. */
import { messageCommands } from './message-commands.ts'
import { contactCommands, peopleCommands } from './people-commands.ts'
import { goingCommands, roomCommands } from './room-commands.ts'
import type { Next } from './state.ts'
import { next, problem } from './next.ts'
import type { Typed } from './typed-command.ts'

const anywhere = { ...goingCommands, ...contactCommands }
const inRoom = { ...roomCommands, ...peopleCommands, ...messageCommands }

export function runCommand(typed: Typed): Next {
  const { state, command } = typed
  const { page } = state
  const everywhere = anywhere[command.name]
  if (everywhere !== undefined) return everywhere(typed)
  if (page.kind !== 'chat') {
    return next(problem(state, `/${command.name} only works in a room.`, 'Open one first.'))
  }
  const handler = inRoom[command.name]
  return handler?.({ ...typed, page }) ?? next(problem(state, `Unknown command: /${command.name}.`))
}
