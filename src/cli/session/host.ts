/** The process around a command: its program, streams, environment and signals. Node's `process` is one. */
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../../client/locations.ts'
import type { Patience } from './patience.ts'

export interface Host {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly env: Environment
  /** The runtime, its options, and the program (`argv[1]`): a command in the background is started with them. */
  readonly execPath: string
  readonly execArgv: readonly string[]
  readonly argv: readonly string[]
  readonly patience?: Partial<Patience>
  on(signal: SignalName, listener: () => void): unknown
  off(signal: SignalName, listener: () => void): unknown
  exit(code: number): unknown
}

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type SignalName = (typeof names)[number]

/** Why a command was cut short. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  /** 128 + n, as shells report a death by this signal. */
  readonly exitCode: number

  constructor(signal: SignalName) {
    super(`interrupted by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * The first signal asks the command to end cleanly (it closes the chat and releases leases), the second one ends the
 * program at once. @returns unsubscribe
 */
export function onSignals(host: Host, interrupt: (reason: Interrupted) => void): () => void {
  let interrupted = false
  const listeners = names.map((name) => {
    const listener = (): void => {
      const reason = new Interrupted(name)
      if (interrupted) host.exit(reason.exitCode)
      interrupted = true
      interrupt(reason)
    }
    host.on(name, listener)
    return { name, listener }
  })
  return () => {
    for (const { name, listener } of listeners) host.off(name, listener)
  }
}
