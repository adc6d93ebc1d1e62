/** How a command is told to trust a key that was never seen before: the same two options wherever somebody is named. */
import type { Command } from 'commander'

/** The action gets them as a `Confirm`. */
export function addConfirmOptions(command: Command): Command {
  return command
    .option('--fingerprint <digits>', 'the fingerprint that you compared with this person')
    .option('--trust-new', 'trust the key that the store has under this name')
}
