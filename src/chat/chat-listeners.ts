/** A chat's event listeners. Changes are reported at most once per turn of the event loop. */
import { Emitter, type Listener } from '../base/emitter.ts'
import type { Logger } from '../base/log.ts'
import type { ChatEvents, Connection, Unsubscribe } from './chat.ts'

export interface ChatListenersParts {
  readonly log: Logger
  connection(): Connection
  /** Called for the first listener; the function it returns, once the last one is gone. */
  wanted(): Unsubscribe
}

export class ChatListeners {
  readonly #parts: ChatListenersParts
  readonly #events: Emitter<ChatEvents>
  #unsubscribe: Unsubscribe | undefined
  #notified = false
  #connection: Connection | undefined

  constructor(parts: ChatListenersParts) {
    this.#parts = parts
    this.#events = new Emitter(parts.log)
  }

  on<E extends keyof ChatEvents>(event: E, listener: Listener<ChatEvents[E]>): Unsubscribe {
    this.#events.on(event, listener)
    this.#connection ??= this.#parts.connection()
    this.#unsubscribe ??= this.#parts.wanted()
    return () => this.off(event, listener)
  }

  off<E extends keyof ChatEvents>(event: E, listener: Listener<ChatEvents[E]>): void {
    this.#events.off(event, listener)
    if (!this.#events.isHeard) this.close()
  }

  tell(): void {
    if (this.#notified) return
    this.#notified = true
    setImmediate(() => {
      this.#notified = false
      const [before, now] = [this.#connection, this.#parts.connection()]
      this.#connection = now
      if (before?.state !== now.state || before.detail !== now.detail) this.#events.emit('connection', now)
      this.#events.emit('change', undefined)
    })
  }

  close(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }
}
