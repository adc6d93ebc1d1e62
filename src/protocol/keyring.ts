/**
 * The epoch secrets that a reader holds, found by what commits to them: the opening's confirm, number and place. So a void
 * record that claims to open an epoch can't put its own secret in the place of the true one, and an opening that repeats
 * the confirm of another epoch opens with no secret.
 */
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { confirmedKeys, linkedSecret, type EpochKeys, type EpochLink, type EpochOpening } from './epoch.ts'
import type { ControlHeader } from './record.ts'

export class Keyring {
  readonly #byConfirm = new Map<string, EpochKeys>()
  readonly #inOrder: EpochKeys[] = []

  /** undefined when this reader lacks the secret, or nothing opened the epoch. */
  get(opening: EpochOpening | undefined): EpochKeys | undefined {
    if (opening === undefined) return undefined
    const keys = this.#byConfirm.get(hex(opening.confirm))
    return keys?.epoch === opening.epoch && equalBytes(keys.before, opening.before) ? keys : undefined
  }

  add(keys: EpochKeys): void {
    const name = hex(keys.confirm)
    if (!this.#byConfirm.has(name)) this.#inOrder.push(keys)
    this.#byConfirm.set(name, keys)
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

  /** Those that have come since it held so many. */
  since(size: number): readonly EpochKeys[] {
    return this.#inOrder.slice(size)
  }

  /**
   * Walks the links of control records, read in the clear, from every epoch that is known back to the first. The
   * records need not be verified: confirm decides what a link leads to.
   */
  walkBack(roomId: Bytes, headers: readonly ControlHeader[]): void {
    const openings = new Map<number, EpochOpening[]>()
    const links = new Map<number, EpochLink[]>()
    for (const { epoch, previousHead: before, confirm, links: own } of headers) {
      if (confirm !== null) push(openings, epoch, { epoch, before, confirm })
      for (const link of own) push(links, link.of, link)
    }
    const epochs = [...openings.keys()].sort((a, b) => b - a)
    for (const epoch of epochs) {
      for (const opening of openings.get(epoch) ?? []) {
        const keys = this.get(opening)
        if (keys === undefined) continue
        for (const link of links.get(epoch) ?? []) this.#follow(roomId, keys, link, openings.get(link.to) ?? [])
      }
    }
  }

  #follow(roomId: Bytes, of: EpochKeys, link: EpochLink, targets: readonly EpochOpening[]): void {
    if (link.to >= link.of) return
    const unknown = targets.filter((target) => this.get(target) === undefined)
    const secret = unknown.length > 0 ? linkedSecret(roomId, of, link) : undefined
    if (secret !== undefined) for (const target of unknown) this.addSecret(roomId, target, secret)
  }
}

function push<T>(map: Map<number, T[]>, key: number, item: T): void {
  const items = map.get(key)
  if (items === undefined) map.set(key, [item])
  else items.push(item)
}
