/** What a line means once Enter was pressed: a message, a command, or `!name`. Pure. */
import { similar } from '../input/similar.ts'
import { answerKnock } from './answer-knock.ts'
import { commands, findCommand } from './commands.ts'
import { runCommand } from './run-command.ts'
import { say, taken } from './say.ts'
import type { Next, State } from './state.ts'
import { next, problem } from './state.ts'

/** `!Demo3`, and with the beginning of a fingerprint where two knock under one name. */
const gesture = /^!([A-Za-z0-9_-]+)((?:\s+[0-9]+)*)\s*$/

export function submitLine(state: State, text: string): Next {
  const line = text.trimEnd()
  if (line.trim() === '') return next(state)
  if (line.startsWith('/') && !line.startsWith('//')) return commandLine(state, line)
  if (line.startsWith('!!')) return say(state, text, { type: 'text', text: line.slice(1) })
  const knocked = gesture.exec(line)
  if (knocked !== null) {
    const [, name = '', digits = ''] = knocked
    const answered = answerKnock(state, 'accept', name, digits)
    return answered.state.flash?.tone === 'error' ? answered : { ...answered, state: taken(answered.state, line) }
  }
  return say(state, text, { type: 'text', text: line.startsWith('//') ? line.slice(1) : line })
}

function commandLine(state: State, line: string): Next {
  const [, word = '', rest = ''] = /^\/(\S*)\s*([^]*)$/.exec(line) ?? []
  const command = findCommand(word)
  if (command === undefined) {
    const meant = similar(
      word,
      commands.flatMap((one) => [one.name, ...one.aliases.filter((alias) => alias.length > 2)]),
    )
    const hint = meant === undefined ? '/help lists the commands' : `Did you mean /${meant}? /help lists all`
    return next(
      problem(state, `There is no command /${word}.`, `${hint}; to send the line as it is, begin it with //.`),
    )
  }
  if (state.page.kind !== 'chat' && !command.anywhere) {
    return next(problem(state, `/${command.name} works inside a room.`, 'Enter one first.'))
  }
  const done = runCommand(state, command, rest.trim(), line)
  return done.state.flash?.tone === 'error' ? done : { ...done, state: taken(done.state, line) }
}
