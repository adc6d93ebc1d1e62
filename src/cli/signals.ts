/**
 * Ctrl-C and its kin: the first one asks the command to end in order (it closes the chat, gives leases back), the
 * second one ends the program at once.
 */
import { constants } from 'node:os'

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
type SignalName = (typeof names)[number]

/** Why a command was cut short. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  /** As shells count a death by this signal. */
  readonly exitCode: number

  constructor(signal: SignalName) {
    super(`interrupted by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/** @returns what stops listening */
export function onSignals(interrupt: (reason: Interrupted) => void): () => void {
  let interrupted = false
  const listeners = names.map((name) => {
    const listener = (): void => {
      const reason = new Interrupted(name)
      if (interrupted) process.exit(reason.exitCode)
      interrupted = true
      interrupt(reason)
    }
    process.on(name, listener)
    return { name, listener }
  })
  return () => {
    for (const { name, listener } of listeners) process.off(name, listener)
  }
}
