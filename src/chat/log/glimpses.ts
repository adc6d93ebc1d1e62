/** A log's glimpse, from the look at its newest end on until everything before that has been read. */
import type { Logger } from '../../base/log.ts'
import { logRange } from '../../protocol/paths.ts'
import type { Glimpse } from './glimpse.ts'
import type { Filed, Ledger } from './ledger.ts'
import { recordsAmong } from './log-page.ts'
import { openGlimpse, type Glimpsing } from './open-glimpse.ts'

export type GlimpsesParts = Pick<Glimpsing, 'store' | 'roomId' | 'identity'> & { readonly log: Logger }

export class Glimpses {
  readonly #parts: GlimpsesParts
  readonly #told: (records: readonly Filed[]) => void
  readonly #first = Promise.withResolvers<void>()
  #current: Glimpse | undefined
  #over = new AbortController()

  /** @param told of what comes at the newest end; of nothing, when there is a glimpse. */
  constructor(parts: GlimpsesParts, told: (records: readonly Filed[]) => void) {
    this.#parts = parts
    this.#told = told
  }

  get current(): Glimpse | undefined {
    return this.#current
  }

  /** Resolves at the first glimpse, if there ever is one. */
  get first(): Promise<void> {
    return this.#first.promise
  }

  /** Behind where the ledger stands; there is none where that is nearly the end. */
  async open(
    found: Pick<Glimpsing, 'controls' | 'keys' | 'memberIndex'>,
    { keyring, checkpoint }: Ledger,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#current !== undefined) return
    const glimpse = await openGlimpse({ ...this.#parts, ...found, keyring }, checkpoint.next, signal)
    if (glimpse === undefined) return
    this.#current = glimpse
    this.#over = new AbortController()
    this.#follow(glimpse, this.#over.signal).catch((error: unknown) => {
      // What is missed here is read in its turn.
      this.#parts.log.warn('room.glimpse', { error: String(error) })
    })
    this.#first.resolve()
    this.#told([])
  }

  end(): Glimpse | undefined {
    const glimpse = this.#current
    this.#current = undefined
    this.#over.abort()
    return glimpse
  }

  async #follow(glimpse: Glimpse, signal: AbortSignal): Promise<void> {
    const { store, roomId } = this.#parts
    const { start, end } = logRange(roomId)
    for await (const { events } of store.watch(start, end, { from: glimpse.revision + 1, signal })) {
      const entries = events.flatMap((event) => (event.kind === 'put' ? [event.entry] : []))
      const records = glimpse.take(recordsAmong(entries))
      if (records.length > 0 && !signal.aborted) this.#told(records)
    }
  }
}
