/** Whoever wants to redraw: told at most once a turn, whatever happens in it. */
import type { Logger } from '../../base/log.ts'
import type { Unsubscribe } from '../chat.ts'

/** Tells each of them. What one of them throws is logged, and keeps nothing from the others nor from the caller. */
export function notifyEach<T extends readonly unknown[]>(
  listeners: Iterable<(...news: T) => void>,
  log: Logger,
  ...news: T
): void {
  for (const listener of [...listeners]) {
    try {
      listener(...news)
    } catch (error) {
      log.warn('listener.threw', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
}

export class Listeners {
  readonly #listeners = new Set<() => void>()
  readonly #log: Logger
  readonly #wanted: () => Unsubscribe
  #unsubscribe: Unsubscribe | undefined
  #notified = false

  /** @param wanted called when somebody begins to listen; what it returns, when nobody does any more. */
  constructor(log: Logger, wanted: () => Unsubscribe) {
    this.#log = log
    this.#wanted = wanted
  }

  add(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    this.#unsubscribe ??= this.#wanted()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.close()
    }
  }

  tell(): void {
    if (this.#notified) return
    this.#notified = true
    setImmediate(() => {
      this.#notified = false
      notifyEach(this.#listeners, this.#log)
    })
  }

  close(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }
}
