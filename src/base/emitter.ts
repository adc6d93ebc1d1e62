/**
 * Typed events. What a listener throws, or what the promise that it returns rejects with, is logged once for each
 * listener, and keeps nothing from the others nor from the emitter.
 */
import type { Logger } from './log.ts'

export type Listener<T> = (value: T) => unknown

export class Emitter<Events extends object> {
  readonly #log: Logger
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()
  readonly #failed = new WeakSet<Listener<never>>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** @returns what undoes it */
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(listener))
    return () => this.off(event, listener)
  }

  off<E extends keyof Events>(event: E, listener: Listener<Events[E]>): void {
    this.#listeners.get(event)?.delete(listener)
  }

  emit<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])] as Listener<Events[E]>[]) {
      try {
        const result = listener(value)
        if (result instanceof Promise) result.catch((error: unknown) => this.#report(event, listener, error))
      } catch (error) {
        this.#report(event, listener, error)
      }
    }
  }

  get isHeard(): boolean {
    return [...this.#listeners.values()].some(({ size }) => size > 0)
  }

  #report(event: keyof Events, listener: Listener<never>, error: unknown): void {
    if (this.#failed.has(listener)) return
    this.#failed.add(listener)
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#log.warn('listener.threw', { of: String(event), error: text })
  }
}
