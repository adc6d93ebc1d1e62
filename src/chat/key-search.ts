/**
 * Finding an epoch's secret: in one's own wrap, or by walking the links back from a later epoch that opens. What is read
 * here is read in the clear and unverified; an epoch's confirm decides whether a secret is the true one.
 */
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { decode, FormatError } from '../base/codec.ts'
import { storeOperationsMax, trialWrapsMax } from '../base/limits.ts'
import type { EpochOpening } from '../protocol/epoch.ts'
import type { Keyring } from '../protocol/keyring.ts'
import { controlKey, controlRange, logKey, numberOf, wrapPageKey, wrapsRange } from '../protocol/paths.ts'
import { decodeRecord, entryTagBytes, type ControlOutside } from '../protocol/record.ts'
import { invitationTag } from '../protocol/rules.ts'
import { decodeWrapPage, pageOf, unwrapSecret, type WrapContext } from '../protocol/wraps.ts'
import type { Wrapped } from '../crypto/wrap.ts'
import type { Operation, Store } from '../store/store.ts'
import type { Identity } from './identity.ts'
import { logPage } from './log-page.ts'

export interface OpeningWraps extends EpochOpening {
  readonly n: number
  readonly wraps: Bytes
}

export class KeySearch {
  readonly #store: Store
  readonly #identity: Identity
  readonly #roomId: Bytes
  readonly #keyring: Keyring
  /** Control records read in the clear, by index. */
  readonly #outsides = new Map<number, ControlOutside>()
  /** Epochs (by confirm) that were looked for in vain. */
  readonly #failed = new Set<string>()

  constructor(store: Store, identity: Identity, roomId: Bytes, keyring: Keyring) {
    this.#store = store
    this.#identity = identity
    this.#roomId = roomId
    this.#keyring = keyring
  }

  /** Whether the keyring has the epoch's keys now. `memberIndex` finds one's own wrap; without it every wrap is tried. */
  async obtain(opening: OpeningWraps, memberIndex: number | undefined, signal?: AbortSignal): Promise<boolean> {
    if (this.#keyring.get(opening) !== undefined) return true
    if (this.#failed.has(hex(opening.confirm))) return false
    if (memberIndex !== undefined && (await this.#fromWraps(opening, memberIndex, signal))) return true
    await this.#readHinted(signal)
    await this.#fromLater(memberIndex, signal)
    if (this.#keyring.get(opening) === undefined) {
      // Hints may be missing or false: the log itself is not.
      await this.#readLog(signal)
      await this.#fromLater(memberIndex, signal)
    }
    // Whoever does not know which wrap is his tries them all, last.
    const found =
      this.#keyring.get(opening) !== undefined ||
      (memberIndex === undefined && (await this.#fromWraps(opening, undefined, signal)))
    if (!found) this.#failed.add(hex(opening.confirm))
    return found
  }

  /** Something new may be there for this identity: what was looked for in vain is looked for again. */
  lookAgain(): void {
    this.#failed.clear()
  }

  /** The secret that an accept or invitation carries for this identity, if it does. */
  async fromEntry(outside: ControlOutside, openings: readonly EpochOpening[]): Promise<boolean> {
    const wrapped = outside.entry?.wrapped
    if (!wrapped) return false
    const { n, previousHead, epoch } = outside
    const secret = await this.#unwrap({ roomId: this.#roomId, n, previousHead, epoch }, wrapped)
    if (secret === undefined) return false
    return openings.some((opening) => this.#keyring.addSecret(this.#roomId, opening, secret))
  }

  /** The newest control record that the hints tell of and that carries this tag, as the one who knocked looks for it. */
  async findEntry(tag: Bytes, signal?: AbortSignal): Promise<{ i: number; outside: ControlOutside } | undefined> {
    await this.#readHinted(signal)
    for (const [i, outside] of [...this.#outsides].reverse()) {
      if (outside.entry !== null && equalBytes(outside.entry.tag, tag)) return { i, outside }
    }
    return undefined
  }

  async #fromWraps({ epoch, before, confirm, n, wraps }: OpeningWraps, index?: number, signal?: AbortSignal) {
    const context = { roomId: this.#roomId, n, previousHead: before, epoch }
    for (const wrapped of await this.#ownWraps(wraps, index, signal)) {
      const secret = await this.#unwrap(context, wrapped)
      if (secret === undefined) continue
      if (this.#keyring.addSecret(this.#roomId, { epoch, before, confirm }, secret)) return true
    }
    return false
  }

  async #ownWraps(wraps: Bytes, index: number | undefined, signal?: AbortSignal): Promise<readonly Wrapped[]> {
    if (index !== undefined) {
      const key = wrapPageKey(this.#roomId, wraps, pageOf(index))
      const { reads } = await this.#store.commit({ then: [{ kind: 'read', key }] }, signal)
      const page = reads[0]?.[0]
      const own = page && decodeWrapPage(page.value).get(index)
      return own ? [own] : []
    }
    const { start, end } = wrapsRange(this.#roomId, wraps)
    const { entries } = await this.#store.range(start, end, {}, signal)
    return entries.flatMap(({ value }) => [...decodeWrapPage(value).values()]).slice(0, trialWrapsMax)
  }

  async #unwrap(context: WrapContext, wrapped: Wrapped): Promise<Bytes | undefined> {
    for (const own of this.#identity.unwrappers) {
      const secret = await unwrapSecret(context, own, wrapped)
      if (secret !== undefined) return secret
    }
    return undefined
  }

  /** From the newest record that holds something for this identity, then back along the links. */
  async #fromLater(memberIndex: number | undefined, signal?: AbortSignal): Promise<void> {
    const outsides = [...this.#outsides.values()]
    const openings = outsides.flatMap(openingOf)
    const knock = this.#identity.room(this.#roomId)?.knockHash?.slice(0, entryTagBytes)
    const invited = invitationTag(this.#roomId, this.#identity.signer.publicKey)
    const mine = ({ entry }: ControlOutside) =>
      entry !== null && ((knock && equalBytes(entry.tag, knock)) || equalBytes(entry.tag, invited))
    for (const outside of [...outsides].reverse()) {
      const [opening] = openingOf(outside)
      const found =
        opening && memberIndex !== undefined
          ? await this.#fromWraps(opening, memberIndex, signal)
          : (mine(outside) || (knock ?? undefined) === undefined) && (await this.fromEntry(outside, openings))
      if (found) break
    }
    this.#keyring.walkBack(this.#roomId, outsides)
  }

  async #readHinted(signal?: AbortSignal): Promise<void> {
    const { end } = controlRange(this.#roomId)
    const hints = await this.#store.range(controlKey(this.#roomId, 0), end, {}, signal)
    const indices = hints.entries.flatMap(({ value }) => hintedIndex(value)).filter((i) => !this.#outsides.has(i))
    for (let at = 0; at < indices.length; at += storeOperationsMax) {
      const part = indices.slice(at, at + storeOperationsMax)
      const then = part.map((i): Operation => ({ kind: 'read', key: logKey(this.#roomId, i) }))
      const { reads } = await this.#store.commit({ then }, signal)
      reads.forEach(([entry], k) => entry && this.#note(part[k] as number, entry.value))
    }
    this.#sort()
  }

  async #readLog(signal?: AbortSignal): Promise<void> {
    let from = 0
    for (;;) {
      const { entries, more } = await logPage(this.#store, this.#roomId, from, signal)
      for (const { key, value } of entries) {
        from = numberOf(key) + 1
        this.#note(numberOf(key), value)
      }
      if (!more) break
    }
    this.#sort()
  }

  #note(i: number, bytes: Bytes): void {
    try {
      const record = decodeRecord(bytes)
      if (record.kind === 'control') this.#outsides.set(i, record.outer.outside)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
    }
  }

  #sort(): void {
    const sorted = [...this.#outsides].sort(([a], [b]) => a - b)
    this.#outsides.clear()
    for (const [i, outside] of sorted) this.#outsides.set(i, outside)
  }
}

function openingOf({ epoch, previousHead: before, confirm, n, wraps }: ControlOutside): OpeningWraps[] {
  return confirm === null || wraps === null ? [] : [{ epoch, before, confirm, n, wraps }]
}

/** A hint is written by anybody: what is no index is no hint. */
function hintedIndex(value: Bytes): number[] {
  try {
    const i = decode(value)
    return typeof i === 'number' && i >= 0 ? [i] : []
  } catch (error) {
    if (error instanceof FormatError) return []
    throw error
  }
}
