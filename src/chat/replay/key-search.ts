/**
 * Finds an epoch's secret: in this identity's own wrap, or by walking the links back from a later epoch that opens.
 * Headers are read unverified; an epoch's confirm value decides whether a secret is the true one. Whatever others claim,
 * each link, entry and page is tried once.
 */
import { concat, equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { trialWrapsMax, wrapPageBytesMax, wrapPagesAtOnce } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import { epochOfSeed, type EpochOpening } from '../../protocol/epoch.ts'
import type { Keyring } from '../../protocol/keyring.ts'
import { wrapPageKey, wrapPageOf, wrapsRange } from '../../protocol/paths.ts'
import { entryTagBytes, type ControlHeader } from '../../protocol/record.ts'
import { invitationTag } from '../../protocol/rules.ts'
import {
  decodeWrapPage,
  pageOf,
  unwrapSecret,
  wrapsName,
  type WrapContext,
  type WrapPage,
} from '../../protocol/wraps.ts'
import type { Wrapped } from '../../crypto/wrap.ts'
import type { Store } from '../../store/store.ts'
import { boundedRange } from './bounded-range.ts'
import { controlHeader, type ControlLog, type ReadControl } from './control-log.ts'
import type { Identity } from '../identity/identity.ts'
import type { KeptWraps } from '../replica/kept-wraps.ts'

export interface OpeningWraps extends EpochOpening {
  readonly n: number
  readonly wraps: Bytes
}

export class KeySearch {
  readonly #store: Store
  readonly #identity: Identity
  readonly #roomId: Bytes
  readonly #keyring: Keyring
  readonly #controls: ControlLog
  readonly #kept: KeptWraps | undefined
  /** Epochs (by confirm) that were searched for in vain; replaced once something new may be there. */
  #failed = new Set<string>()
  /** Headers with something that may be for this identity and was not tried yet, in the order of the log. */
  #untried: ReadControl[] = []
  /** The wraps of those that were or will be tried (hexadecimal). */
  readonly #named = new Set<string>()
  /** Openings that can't be tried without this identity's index, in the order of the log. */
  #unindexed: OpeningWraps[] = []
  /** What this identity could be given something by, when the others were tried. */
  #triedAs = ''
  /** Wraps that may still be tried without knowing whose they are. */
  #trials = trialWrapsMax

  /** @param kept where the pages that are read are kept. */
  constructor(
    store: Store,
    identity: Identity,
    roomId: Bytes,
    keyring: Keyring,
    controls: ControlLog,
    kept?: KeptWraps,
  ) {
    this.#store = store
    this.#identity = identity
    this.#roomId = roomId
    this.#keyring = keyring
    this.#controls = controls
    this.#kept = kept
  }

  /**
   * Whether the keyring has the epoch's keys now. `memberIndex` finds this identity's wrap; without it every wrap is
   * tried.
   */
  async obtain(opening: OpeningWraps, memberIndex: number | undefined, signal?: AbortSignal): Promise<boolean> {
    if (this.#keyring.get(opening) !== undefined) return true
    const failed = this.#failed
    if (failed.has(hex(opening.confirm))) return false
    if (memberIndex !== undefined && (await this.#fromWraps(opening, memberIndex, signal))) return true
    if (!this.#controls.isComplete) {
      await this.#controls.readHinted(await this.#controls.hinted(signal), signal)
      await this.search(opening, memberIndex, signal)
    }
    if (this.#keyring.get(opening) === undefined) {
      // Hints may be missing or false: the log itself is authoritative.
      await this.#controls.readAll(signal)
      await this.search(opening, memberIndex, signal)
    }
    // Without an index all wraps are tried, last.
    if (memberIndex === undefined) await this.#fromAnyWraps(opening, signal)
    const found = this.#keyring.get(opening) !== undefined
    if (!found) failed.add(hex(opening.confirm))
    return found
  }

  /**
   * A control record that arrived while secrets were missing, whatever its verdict: it may hold one for this identity,
   * or a link that leads to one.
   */
  async learn(control: ReadControl, memberIndex: number | undefined, signal?: AbortSignal): Promise<void> {
    if (!this.#controls.isComplete) await this.#controls.readAll(signal)
    this.#takeFresh(memberIndex)
    if (this.#untried.at(-1) !== control) return
    await this.#try(control, memberIndex, signal)
    this.#untried.pop()
  }

  /** Something new may be there for this identity: failed searches are repeated. */
  lookAgain(): void {
    // Replaced, not cleared: a search that is under way began before, and records its failure in the old set.
    this.#failed = new Set()
    this.#triedAs = ''
  }

  /** Frees what was read. */
  forget(): void {
    this.#controls.forget()
    this.#keyring.forgetLinks()
    this.lookAgain()
  }

  #takeFresh(memberIndex: number | undefined): void {
    const knock = this.#identity.room(this.#roomId)?.knockHash
    const as = `${memberIndex} ${this.#identity.unwrappers.length} ${knock ? hex(knock) : ''}`
    if (as !== this.#triedAs) {
      this.#triedAs = as
      this.#trials = trialWrapsMax
      this.#untried = []
      this.#unindexed = []
      this.#named.clear()
      this.#controls.again()
    }
    const fresh = this.#controls.takeFresh()
    if (fresh.length === 0) return
    const headers = fresh.map(({ outer }) => outer.header)
    this.#keyring.walkBack(this.#roomId, headers)
    const isFor = this.#isEntryFor()
    const openings = headers.flatMap((header) => openingOf(this.#roomId, header))
    if (memberIndex === undefined) this.#unindexed.push(...openings)
    const names = memberIndex === undefined ? [] : openings.map(({ wraps }) => hex(wraps))
    const named = new Set(names.filter((name) => !this.#named.has(name)))
    for (const name of named) this.#named.add(name)
    const isLate = (this.#untried.at(-1)?.i ?? -1) > (fresh[0]?.i ?? 0)
    for (const control of fresh) {
      const { header } = control.outer
      if (isFor(header) || (header.wraps !== null && named.delete(hex(header.wraps)))) this.#untried.push(control)
    }
    if (isLate) this.#untried.sort((a, b) => a.i - b.i)
  }

  /** What a record may hold for this identity. */
  async #try({ outer: { header } }: ReadControl, memberIndex: number | undefined, signal?: AbortSignal) {
    if (this.#isEntryFor()(header)) await this.#fromEntry(header)
    const [opening] = memberIndex === undefined ? [] : openingOf(this.#roomId, header)
    if (opening && this.#keyring.get(opening) === undefined) await this.#fromWraps(opening, memberIndex, signal)
  }

  /** The secret that an accept or invitation carries for this identity, if it does. */
  async #fromEntry(header: ControlHeader): Promise<void> {
    const wrapped = header.entry?.wrapped
    if (!wrapped) return
    const { n, previousHead, epoch } = header
    const seed = await this.#unwrap({ roomId: this.#roomId, n, previousHead, epoch }, wrapped)
    const keys = seed && epochOfSeed(this.#roomId, epoch, seed)
    if (keys !== undefined) this.#keyring.add(keys)
  }

  async #fromWraps(opening: OpeningWraps, memberIndex?: number, signal?: AbortSignal) {
    const { epoch, before, confirm, n, wraps } = opening
    // The room's creator may have left and come in again, with another index: all rows of genesis are theirs.
    const index = epoch === 0 ? undefined : memberIndex
    const context = { roomId: this.#roomId, n, previousHead: before, epoch }
    const pages = await this.#pages(wraps, index, signal)
    const read = pages.map((page) => ({ page, row: decodeWrapPage(page.bytes) }))
    const wrapped = read.flatMap(({ row }) => (index === undefined ? [...row.values()] : (row.get(index) ?? [])))
    for (const one of wrapped) {
      if (index === undefined && (this.#trials -= 1) < 0) return false
      const secret = await this.#unwrap(context, one)
      if (secret === undefined || !this.#keyring.addSecret(this.#roomId, { epoch, before, confirm }, secret)) continue
      // Junk is not.
      const genuine = read.flatMap(({ page, row }) => (row.size > 0 ? [page] : []))
      await this.#kept?.keep(epoch, wraps, genuine)
      return true
    }
    return false
  }

  async #pages(wraps: Bytes, index: number | undefined, signal?: AbortSignal): Promise<readonly WrapPage[]> {
    const key = index === undefined ? undefined : wrapPageKey(this.#roomId, wraps, pageOf(index))
    const range = key === undefined ? wrapsRange(this.#roomId, wraps) : rangeOf(key)
    const bounds = { limit: wrapPagesAtOnce, valueBytesMax: wrapPageBytesMax }
    const entries = await boundedRange(this.#store, range, bounds, signal)
    return entries.flatMap(({ key: found, value: bytes }) => {
      const page = wrapPageOf(found)
      return page === undefined ? [] : [{ page, bytes }]
    })
  }

  async #unwrap(context: WrapContext, wrapped: Wrapped): Promise<Bytes | undefined> {
    for (const own of this.#identity.unwrappers) {
      const secret = await unwrapSecret(context, own, wrapped)
      if (secret !== undefined) return secret
    }
    return undefined
  }

  /**
   * Searches the control records read so far: from the newest that holds something for this identity, then back along
   * the links. If that fails, from the one before: any holder of an epoch's secret can give it a bad link, and a void
   * record can hold a wrap.
   */
  async search(wanted: EpochOpening, memberIndex: number | undefined, signal?: AbortSignal): Promise<void> {
    this.#takeFresh(memberIndex)
    for (let control = this.#untried.at(-1); control !== undefined; control = this.#untried.at(-1)) {
      if (this.#keyring.get(wanted) !== undefined) return
      await this.#try(control, memberIndex, signal)
      this.#untried.pop()
    }
  }

  async #fromAnyWraps(wanted: EpochOpening, signal?: AbortSignal): Promise<void> {
    for (let opening = this.#unindexed.at(-1); opening !== undefined; opening = this.#unindexed.at(-1)) {
      if (this.#keyring.get(wanted) !== undefined || this.#trials <= 0) return
      if (this.#keyring.get(opening) === undefined) await this.#fromWraps(opening, undefined, signal)
      this.#unindexed.pop()
    }
  }

  /** If no knock is remembered, every entry may be for this identity. */
  #isEntryFor(): (header: ControlHeader) => boolean {
    const knock = this.#identity.room(this.#roomId)?.knockHash?.slice(0, entryTagBytes)
    const invited = invitationTag(this.#roomId, this.#identity.signer.publicKey)
    return ({ entry }) =>
      entry !== null && (knock === undefined || equalBytes(entry.tag, knock) || equalBytes(entry.tag, invited))
  }
}

/** What a header claims to open; only what has wraps of its own, so that none is tried twice. */
export function openingOf(roomId: Bytes, header: ControlHeader): OpeningWraps[] {
  const { epoch, previousHead: before, confirm, n, wraps } = header
  if (confirm === null || wraps === null || !equalBytes(wraps, wrapsName({ roomId, ...header }, confirm))) return []
  return [{ epoch, before, confirm, n, wraps }]
}

/** For a room about which nothing is known yet: what the record at genesis's index claims. */
export function genesisOpening(bytes: Bytes): OpeningWraps | undefined {
  const header = controlHeader(bytes)
  if (header === undefined) return undefined
  const { confirm, wraps, n, epoch } = header
  if (confirm === null || wraps === null || n !== 0 || epoch !== 0) return undefined
  return { epoch: 0, before: zeroHash, confirm, n: 0, wraps }
}

function rangeOf(key: Bytes) {
  return { start: key, end: concat(key, Uint8Array.of(0)) }
}
