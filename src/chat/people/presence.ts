/**
 * Who has a room open: members say so under a lease while it is on their screen, and see who else does. Nothing depends on
 * it. What anyone else writes there is passed over; what is kept is bounded by the members.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import {
  besideLogBytesMax,
  presenceAgeMs,
  presenceKeptMax,
  presenceRefreshMs,
  presenceTtlS,
} from '../../base/limits.ts'
import type { Random } from '../../crypto/random.ts'
import { hereKey, hereRange } from '../../protocol/paths.ts'
import { openPresence, presenceBytesMax, presenceIdBytes, sealPresence } from '../../protocol/presence.ts'
import type { EpochKeys } from '../../protocol/epoch.ts'
import type { Room } from '../../protocol/room.ts'
import type { Entry, Lease, Store } from '../../store/store.ts'
import type { Retry } from '../connection/retry.ts'
import type { Identity } from '../identity/identity.ts'
import type { RoomLog } from '../log/room-log.ts'

export interface PresenceParts {
  readonly store: Store
  readonly identity: Identity
  readonly roomId: Bytes
  readonly log: RoomLog
  readonly clock: Clock
  readonly random: Random
  readonly retry: Retry
  /** A member, with a log that has been read to its end. */
  isReady(): boolean
  subscribe(listener: () => void): () => void
  /** Someone has come or gone. */
  changed(): void
}

export class Presence {
  readonly #parts: PresenceParts
  /** Root keys, by the ids of their keys in the store. */
  readonly #held = new Map<string, string>()
  #here: ReadonlySet<string> | undefined

  constructor(parts: PresenceParts) {
    this.#parts = parts
  }

  /** Root keys, hexadecimal, of those who have the room open; undefined: not known, since it isn't open here. */
  get here(): ReadonlySet<string> | undefined {
    return this.#here
  }

  /** Says that this person is here, and follows who else is, until the signal aborts. Never rejects. */
  async attend(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#once(signal)
      } catch (error) {
        if (signal.aborted) break
        // Without the store nobody is seen.
        this.#forget()
        await this.#parts.retry.after(error, signal)
      }
    }
    this.#forget()
  }

  async #once(signal: AbortSignal): Promise<void> {
    const { store, roomId, random, clock, retry, log } = this.#parts
    const keys = this.#parts.isReady() ? await log.currentKeys(signal) : undefined
    const round = new AbortController()
    const ending = AbortSignal.any([signal, round.signal])
    // Let in, removed, or other keys.
    const unsubscribe = this.#parts.subscribe(() => {
      if (keys === undefined || !this.#parts.isReady() || !isCurrent(keys, log.room)) round.abort()
    })
    try {
      if (keys === undefined) {
        this.#forget()
        return await once(ending)
      }
      const lease = await store.lease(presenceTtlS, ending)
      lease.lost.addEventListener('abort', () => round.abort(), { once: true })
      try {
        await this.#announce(lease, random(presenceIdBytes), keys, ending)
        const { start, end } = hereRange(roomId)
        const options = { limit: presenceKeptMax, bytesMax: besideLogBytesMax }
        const { entries, revision } = await store.range(start, end, options, ending)
        this.#held.clear()
        for (const entry of entries) this.#put(entry, keys)
        this.#told()
        retry.succeeded()
        void clock.sleep(presenceRefreshMs, { signal: ending, ref: false }).then(
          () => round.abort(),
          () => undefined,
        )
        for await (const { events } of store.watch(start, end, { from: revision + 1, signal: ending })) {
          for (const event of events) {
            if (event.kind === 'put') this.#put(event.entry, keys)
            else this.#held.delete(idOf(event.key))
          }
          this.#told()
        }
      } finally {
        await lease.revoke().catch(() => undefined)
      }
    } catch (error) {
      if (!round.signal.aborted) throw error
    } finally {
      unsubscribe()
      round.abort()
    }
  }

  async #announce(lease: Lease, id: Bytes, keys: EpochKeys, signal: AbortSignal): Promise<void> {
    const { store, identity, roomId, random, clock } = this.#parts
    const value = sealPresence(keys, identity.signer, { roomId, id, at: clock.now() }, random)
    await store.commit({ then: [{ kind: 'put', key: hereKey(roomId, id), value, lease: lease.id }] }, signal)
  }

  #put({ key, value }: Entry, keys: EpochKeys): void {
    const { roomId, clock, log } = this.#parts
    const name = idOf(key)
    this.#held.delete(name)
    if (value.length > presenceBytesMax || this.#held.size >= presenceKeptMax) return
    const presence = openPresence(keys, roomId, Buffer.from(name, 'hex'), value)
    // An old one that someone else has put back.
    if (presence === undefined || Math.abs(clock.now() - presence.at) > presenceAgeMs) return
    if (log.room?.members.has(hex(presence.rootKey)) !== true) return
    this.#held.set(name, hex(presence.rootKey))
  }

  #told(): void {
    const here = new Set(this.#held.values())
    const before = this.#here
    if (before !== undefined && before.size === here.size && [...here].every((one) => before.has(one))) return
    this.#here = here
    this.#parts.changed()
  }

  #forget(): void {
    this.#held.clear()
    if (this.#here === undefined) return
    this.#here = undefined
    this.#parts.changed()
  }
}

function isCurrent({ confirm }: EpochKeys, room: Room | undefined): boolean {
  const opening = room?.openings.get(room.epoch)
  return opening === undefined || equalBytes(opening.confirm, confirm)
}

/** Resolves on abort. */
async function once(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** The end of its key; '' for any other. */
function idOf(key: Uint8Array): string {
  const text = Buffer.from(key).toString('latin1')
  return /\/here\/([0-9a-f]{32})$/.exec(text)?.[1] ?? ''
}
