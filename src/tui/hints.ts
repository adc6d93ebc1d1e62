/** Errors and hints in the terminal interface's terms: with its own commands, never with a shell command. */
import { isConclaveError } from '../base/errors.ts'
import { hintText, type CommandHint, type Hint, type HintedCommand } from '../base/hint.ts'
import type { Recovery } from '../chat/chat.ts'
import { sanitizeLine } from './sanitize.ts'

const outside = 'from the command line'

/** Replacements for shell commands. Those on a room mean the open one, unless they name it. */
const words: Readonly<Record<HintedCommand, string>> = {
  connect: outside,
  create: '/create ROOM',
  forget: outside,
  join: '/join ROOM',
  'join-and-wait': '/join ROOM',
  knocks: '/requests',
  leave: '/leave',
  login: 'on the first screen',
  members: '/members',
  'node-status': outside,
  passwd: outside,
  'recovery-code': 'in the field below',
  repair: '/repair',
  rooms: '/rooms',
  signup: 'on the first screen',
  unlock: outside,
  verify: '/verify',
}

export function hintOnScreen(hint: Hint): string {
  return sanitizeLine(
    hintText(hint, ({ command, about }: CommandHint) => words[command].replace('ROOM', about ?? '').trim()),
  )
}

/** A recovery with its texts as plain strings. */
export interface RecoveryOnScreen extends Recovery {
  readonly hint: string
  readonly short: string
}

export function recoveryOnScreen(recovery: Recovery): RecoveryOnScreen {
  const { text, hint, short } = recovery
  return { ...recovery, text: sanitizeLine(text), hint: hintOnScreen(hint), short: hintOnScreen(short) }
}

/** Errors may quote what others wrote. */
export function describe(error: unknown): { code: string; text: string; hint: string } {
  if (isConclaveError(error)) {
    return { code: error.code, text: sanitizeLine(error.message), hint: hintOnScreen(error.nextStep ?? '') }
  }
  const text = sanitizeLine(error instanceof Error ? error.message : String(error))
  return { code: 'unexpected', text: `Unexpected: ${text}`, hint: 'This is a bug in Conclave.' }
}
