/** A log's tail preview, from its opening until everything before it has been read. */
import type { Logger } from '../../base/log.ts'
import { logRange } from '../../protocol/paths.ts'
import type { TailPreview } from './tail-preview.ts'
import type { AppliedRecord, LogState } from '../replay/log-state.ts'
import type { RoomKeys } from '../replay/room-keys.ts'
import { recordsAmong } from '../replay/log-page.ts'
import { openTailPreview, type OpeningPreview } from './open-tail-preview.ts'

export type TailPreviewParts = Pick<OpeningPreview, 'store' | 'roomId' | 'identity'> & { readonly log: Logger }

export class TailPreviewSlot {
  readonly #parts: TailPreviewParts
  readonly #told: (records: readonly AppliedRecord[]) => void
  readonly #first = Promise.withResolvers<void>()
  #current: TailPreview | undefined
  #over = new AbortController()

  /** @param told called with what arrives at the newest end; with nothing when a preview becomes available. */
  constructor(parts: TailPreviewParts, told: (records: readonly AppliedRecord[]) => void) {
    this.#parts = parts
    this.#told = told
  }

  get current(): TailPreview | undefined {
    return this.#current
  }

  /** Resolves at the first preview, if there ever is one. */
  get first(): Promise<void> {
    return this.#first.promise
  }

  /** Opens a preview of what follows the log state's checkpoint; none if little more than a page does. */
  async open(
    { controls, search, memberIndex }: RoomKeys,
    { keyring, checkpoint }: LogState,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#current !== undefined) return
    const preview = await openTailPreview(
      { ...this.#parts, controls, keys: search, keyring, memberIndex },
      checkpoint.next,
      signal,
    )
    if (preview === undefined) return
    this.#current = preview
    this.#over = new AbortController()
    this.#follow(preview, this.#over.signal).catch((error: unknown) => {
      // What is missed here is read in its turn.
      this.#parts.log.warn('room.preview', { error: String(error) })
    })
    this.#first.resolve()
    this.#told([])
  }

  end(): TailPreview | undefined {
    const preview = this.#current
    this.#current = undefined
    this.#over.abort()
    return preview
  }

  async #follow(preview: TailPreview, signal: AbortSignal): Promise<void> {
    const { store, roomId } = this.#parts
    const { start, end } = logRange(roomId)
    for await (const { events } of store.watch(start, end, { from: preview.revision + 1, signal })) {
      const entries = events.flatMap((event) => (event.kind === 'put' ? [event.entry] : []))
      const records = preview.take(recordsAmong(entries))
      if (records.length > 0 && !signal.aborted) this.#told(records)
    }
  }
}
