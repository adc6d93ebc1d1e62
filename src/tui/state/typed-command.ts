/** A slash command as it was typed, and what carries it out. Pure. */
import type { Command } from './commands.ts'
import type { ChatPage, Next, State } from './state.ts'
import { next, problem } from './next.ts'

export interface Typed {
  readonly state: State
  readonly command: Command
  /** Behind the command's name, without the spaces around it. */
  readonly argument: string
  /** All that was typed. */
  readonly line: string
}

export interface TypedInRoom extends Typed {
  readonly page: ChatPage
}

/** An answer with an error flash leaves the line in place. */
export type Handlers<T extends Typed> = Readonly<Record<string, (typed: T) => Next>>

export function needsMore({ state, command }: Typed): Next {
  return next(problem(state, `Usage: ${command.usage}`))
}

/** A name as it was typed, without the sign that a mention or a knock begins with. */
export function plainName(word: string): string {
  return word.replace(/^[@!]/, '')
}
