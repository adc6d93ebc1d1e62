/** Interprets a line when Enter is pressed: a message, a command, or `!name`. Pure. */
import { similar } from '../../base/similar.ts'
import { answerKnock } from './answer-knock.ts'
import { unaliased } from './aliases.ts'
import type { Typed } from './commands.ts'
import { commands, findCommand } from './commands.ts'
import { ignoreCommands } from './ignored.ts'
import { messageCommands } from './message-commands.ts'
import { next, problem } from './next.ts'
import { notifyCommands } from './notify-commands.ts'
import { contactCommands, peopleCommands } from './people-commands.ts'
import { placeCommands } from './place-commands.ts'
import { goingCommands, roomCommands } from './room-commands.ts'
import { endless, preferenceCommands } from './preference-commands.ts'
import { say, taken, utter } from './say.ts'
import { searchCommands } from './search.ts'
import { unpick } from './scrolling.ts'
import type { Next, State } from './state.ts'

/** `!Demo3`, with the beginning of a fingerprint if two people knock under one name. */
const gesture = /^!([A-Za-z0-9_-]+)((?:\s+[0-9]+)*)\s*$/

/** @param typed what is remembered as sent: nothing if empty */
export function submitLine(state: State, text: string, typed = text): Next {
  const line = text.trimEnd()
  if (line.trim() === '') return emptyLine(state)
  if (line.startsWith('/') && !line.startsWith('//')) {
    const meant = unaliased(state.preferences, line)
    if (meant === undefined) return next(endless(state, /^\/(\S*)/.exec(line)?.[1] ?? ''))
    return meant === line ? commandLine(state, line, typed.trimEnd()) : submitLine(state, meant, typed)
  }
  const knocked = gesture.exec(line)
  if (knocked !== null && !line.startsWith('!!')) {
    const [, name = '', digits = ''] = knocked
    const answered = answerKnock(state, 'accept', name, digits)
    return answered.state.flash?.tone === 'error'
      ? answered
      : { ...answered, state: taken(answered.state, typed.trimEnd()) }
  }
  const meant = line.startsWith('//') || line.startsWith('!!') ? line.slice(1) : line
  const { page } = state
  return page.kind === 'chat' ? utter(state, page, typed, meant) : say(state, typed, { type: 'text', text: meant })
}

function emptyLine(state: State): Next {
  const editing = state.page.kind === 'chat' && state.page.about?.act === 'edit'
  return next(editing ? problem(state, 'An edit needs text.', '/delete removes the whole message.') : state)
}

function commandLine(state: State, line: string, typed: string): Next {
  const [, word = '', rest = ''] = /^\/(\S*)\s*([^]*)$/.exec(line) ?? []
  const command = findCommand(word)
  if (command === undefined) {
    if (/^nick(?:name)?$/i.test(word)) {
      return next(problem(state, "Names can't be changed.", 'People know each other by name and key.'))
    }
    // Another first letter is rather another program's command than a slip: /ban is not /kick, /hide not /help.
    const near = commands
      .flatMap((one) => [one.name, ...one.aliases.filter((alias) => alias.length > 2)])
      .concat(Object.keys(state.preferences.aliases))
      .filter((name) => name[0] === word[0]?.toLowerCase())
    const meant = similar(word, near)
    const hint = meant === undefined ? '/help lists the commands' : `Did you mean /${meant}? /help lists all`
    return next(problem(state, `Unknown command: /${word}.`, `${hint}; to send it as text, start with //.`))
  }
  // The line is cleared before the command fills it again (/edit); on failure it is restored.
  const done = runCommand({ state: taken(state, typed), command, argument: rest.trim(), line: typed })
  if (done.state.flash?.tone === 'error' && done.state.flash !== state.flash) return restored(state, done)
  const { page } = done.state
  if (page.kind !== 'chat' || page.pick === undefined) return done
  const released = unpick(done.state, page)
  return { state: released.state, effects: [...done.effects, ...released.effects] }
}

/** The state before the command, with the command's message. */
function restored(state: State, done: Next): Next {
  return { ...done, state: { ...state, flash: done.state.flash } }
}

const anywhere = { ...goingCommands, ...contactCommands, ...notifyCommands, ...preferenceCommands, ...ignoreCommands }
const inRoom = { ...roomCommands, ...placeCommands, ...searchCommands, ...peopleCommands, ...messageCommands }

function runCommand(typed: Typed): Next {
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
