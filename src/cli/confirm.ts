/** How a command is told to trust a key that was never seen before: the same two options wherever somebody is named. */
import type { Command } from 'commander'
import type { Confirm } from '../chat/chat.ts'

export interface ConfirmOptions {
  readonly fingerprint?: string
  readonly trustNew?: true
}

export function addConfirmOptions(command: Command): Command {
  return command
    .option('--fingerprint <digits>', 'the fingerprint that you compared with this person')
    .option('--trust-new', 'trust a key that was never seen here before')
}

export function confirmOf({ fingerprint, trustNew }: ConfirmOptions): Confirm {
  return { ...(fingerprint === undefined ? {} : { fingerprint }), ...(trustNew ? { trustNew } : {}) }
}
