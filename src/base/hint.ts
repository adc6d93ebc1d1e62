/**
 * What a person can do next. Commands in it are data, so that each front end names its own: `conclave join demo` in a
 * shell, `/join demo` in the terminal interface.
 */

/** The commands that hints name, as the command line has them. The word in capitals is what the command is about. */
const shellWords = {
  connect: 'conclave connect TICKET',
  create: 'conclave create ROOM',
  forget: 'conclave forget ROOM',
  join: 'conclave join ROOM',
  'join-and-wait': 'conclave join ROOM --wait 60',
  knocks: 'conclave knocks ROOM',
  leave: 'conclave leave ROOM',
  login: 'conclave login NAME',
  members: 'conclave members ROOM',
  'node-status': 'conclave node status',
  passwd: 'conclave passwd',
  'recovery-code': 'CONCLAVE_RECOVERY_CODE',
  repair: 'conclave verify ROOM --repair',
  rooms: 'conclave rooms',
  signup: 'conclave signup NAME',
  unlock: 'conclave unlock',
  verify: 'conclave verify ROOM',
} as const

export type HintedCommand = keyof typeof shellWords

export interface CommandHint {
  readonly command: HintedCommand
  /** The room or the person it is about, where that is known. */
  readonly about?: string
}

export type Hint = string | readonly (string | CommandHint)[]

export function command(name: HintedCommand, about?: string): CommandHint {
  return about === undefined ? { command: name } : { command: name, about }
}

/** @param words how this front end names a command */
export function hintText(hint: Hint, words: (command: CommandHint) => string = shellCommand): string {
  return typeof hint === 'string' ? hint : hint.map((part) => (typeof part === 'string' ? part : words(part))).join('')
}

function shellCommand({ command: name, about }: CommandHint): string {
  return about === undefined ? shellWords[name] : shellWords[name].replace(/\b(?:ROOM|NAME|TICKET)\b/, () => about)
}
