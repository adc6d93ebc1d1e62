/** Whoever wants to redraw: told at most once a turn, whatever happens in it. */
import type { Unsubscribe } from '../chat.ts'

export class Listeners {
  readonly #listeners = new Set<() => void>()
  readonly #wanted: () => Unsubscribe
  #unsubscribe: Unsubscribe | undefined
  #notified = false

  /** @param wanted called when somebody begins to listen; what it returns, when nobody does any more. */
  constructor(wanted: () => Unsubscribe) {
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
      for (const listener of [...this.#listeners]) listener()
    })
  }

  close(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }
}
