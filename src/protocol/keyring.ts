/**
 * The epoch secrets that a reader holds, found by what commits to them: the opening's confirm, number and place. So a void
 * record that claims to open an epoch can't put its own secret in the place of the true one, and an opening that repeats
 * the confirm of another epoch opens with no secret.
 */
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { confirmedKeys, followLink, type EpochKeys, type EpochLink, type EpochOpening } from './epoch.ts'
import type { ControlHeader } from './record.ts'

export class Keyring {
  readonly #byConfirm = new Map<string, EpochKeys>()
  readonly #inOrder: EpochKeys[] = []
  readonly #byEpoch = new Map<number, EpochKeys[]>()
  /** By confirm: keys that are known and not used yet. */
  readonly #heldBack = new Set<string>()
  /** Links of unknown epochs, by the confirm that they name. */
  readonly #waiting = new Map<string, { readonly roomId: Bytes; readonly link: EpochLink }[]>()

  /** undefined when this reader lacks the secret, or nothing opened the epoch. */
  get(opening: EpochOpening | undefined): EpochKeys | undefined {
    if (opening === undefined) return undefined
    const name = hex(opening.confirm)
    if (this.#heldBack.has(name)) return undefined
    const keys = this.#byConfirm.get(name)
    return keys?.epoch === opening.epoch && equalBytes(keys.before, opening.before) ? keys : undefined
  }

  add(keys: EpochKeys): void {
    this.#addAll([keys])
  }

  /** Adds the keys of an opening if the secret is the one that it pins. */
  addSecret(roomId: Bytes, opening: EpochOpening, secret: Bytes): boolean {
    const keys = confirmedKeys(roomId, opening, secret)
    if (keys !== undefined) this.add(keys)
    return keys !== undefined
  }

  get size(): number {
    return this.#byConfirm.size
  }

  all(): readonly EpochKeys[] {
    return this.#inOrder
  }

  /** Of this number, whatever opened it. */
  ofEpoch(epoch: number): readonly EpochKeys[] {
    return this.#byEpoch.get(epoch) ?? []
  }

  /** Those that have come since it held so many. */
  since(size: number): readonly EpochKeys[] {
    return this.#inOrder.slice(size)
  }

  /** `get` acts as if these keys had not arrived, until they are released. */
  holdBack({ confirm }: EpochKeys): void {
    this.#heldBack.add(hex(confirm))
  }

  releaseHeldBack(): void {
    this.#heldBack.clear()
  }

  /**
   * Follows the links of control records, read in the clear: each once, now or when the key that it names comes. The
   * records need not be verified: confirm decides what a link leads to.
   */
  walkBack(roomId: Bytes, headers: readonly ControlHeader[]): void {
    for (const link of headers.flatMap(({ links }) => links)) {
      const of = this.#byConfirm.get(hex(link.of))
      if (of === undefined) push(this.#waiting, hex(link.of), { roomId, link })
      else this.#addAll([followLink(roomId, of, link)])
    }
  }

  /** Frees the links that wait for a key. */
  forgetLinks(): void {
    this.#waiting.clear()
  }

  #addAll(found: (EpochKeys | undefined)[]): void {
    // It grows while it is walked.
    for (const keys of found) {
      const name = keys && hex(keys.confirm)
      if (keys === undefined || name === undefined || this.#byConfirm.has(name)) continue
      this.#byConfirm.set(name, keys)
      this.#inOrder.push(keys)
      const same = this.#byEpoch.get(keys.epoch)
      if (same === undefined) this.#byEpoch.set(keys.epoch, [keys])
      else same.push(keys)
      const waiting = this.#waiting.get(name) ?? []
      this.#waiting.delete(name)
      for (const { roomId, link } of waiting) found.push(followLink(roomId, keys, link))
    }
  }
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key)
  if (items === undefined) map.set(key, [item])
  else items.push(item)
}
