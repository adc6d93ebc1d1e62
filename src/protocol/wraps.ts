/**
 * A new epoch's secret, wrapped for every member: pages of 256 by member index, written before the record that
 * names them by hash. No rule depends on them: a member who can't open their wrap knocks again.
 */
import { decode, encode, Fields, FormatError, type Value } from '../base/codec.ts'
import { wrapPageBytesMax, wrapsPerPage } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { hash } from '../crypto/hash.ts'
import { wrap, type Unwrapper, type Wrapped } from '../crypto/wrap.ts'
import { wrappedSecret } from './record.ts'
import type { EpochKeys } from './epoch.ts'
import { labels } from './version.ts'

/** What a wrap is bound to: the control record that carries or names it. */
export interface WrapContext {
  readonly roomId: Bytes
  readonly n: number
  readonly previousHead: Bytes
  readonly epoch: number
}

export interface WrapTarget {
  readonly index: number
  readonly wrapKey: Bytes
}

/** The name of an epoch's pages: of no use to any other opening, so that nobody makes a reader try a page twice. */
export function wrapsName({ roomId, n, previousHead, epoch }: WrapContext, confirm: Bytes): Bytes {
  return hash(labels.wraps, roomId, n, previousHead, epoch, confirm)
}

/** undefined when the key is no key: that member is omitted and knocks again. `secret`: in an entry, an epoch's seed. */
export function wrapSecret(context: WrapContext, wrapKey: Bytes, secret: Bytes): Promise<Wrapped | undefined> {
  return wrap(wrapKey, labels.wrap, contextValues(context, wrapKey), secret)
}

export function unwrapSecret(context: WrapContext, own: Unwrapper, wrapped: Wrapped): Promise<Bytes | undefined> {
  return own.unwrap(wrapped, labels.wrap, contextValues(context, own.publicKey))
}

function contextValues({ roomId, n, previousHead, epoch }: WrapContext, wrapKey: Bytes) {
  return [roomId, n, previousHead, epoch, wrapKey]
}

export interface WrapPage {
  readonly page: number
  readonly bytes: Bytes
}

/** About a millisecond a member; lets the event loop turn between them. */
export async function makeWrapPages(
  context: WrapContext,
  targets: readonly WrapTarget[],
  { secret, confirm }: Pick<EpochKeys, 'secret' | 'confirm'>,
): Promise<{ readonly name: Bytes; readonly pages: readonly WrapPage[] }> {
  const byPage = new Map<number, [number, Bytes, Bytes][]>()
  for (const { index, wrapKey } of targets) {
    const wrapped = await wrapSecret(context, wrapKey, secret)
    if (wrapped === undefined) continue
    const page = pageOf(index)
    const rows = byPage.get(page) ?? []
    rows.push([index, wrapped.encapsulation, wrapped.ciphertext])
    byPage.set(page, rows)
  }
  const pages = [...byPage].map(([page, rows]) => ({ page, bytes: encode(rows.sort((a, b) => a[0] - b[0])) }))
  pages.sort((a, b) => a.page - b.page)
  return { name: wrapsName(context, confirm), pages }
}

export function pageOf(index: number): number {
  return Math.floor(index / wrapsPerPage)
}

/** The wraps of a page by member index; empty for bytes that are not a well-formed page as a whole. */
export function decodeWrapPage(bytes: Bytes): ReadonlyMap<number, Wrapped> {
  if (bytes.length > wrapPageBytesMax) return new Map()
  try {
    const rows = new Fields([decode(bytes)], 1).array(wrapsPerPage)
    return new Map(rows.map(decodeRow))
  } catch (error) {
    if (error instanceof FormatError) return new Map()
    throw error
  }
}

function decodeRow(row: Value): [index: number, wrapped: Wrapped] {
  const fields = new Fields(row, 3)
  return [fields.unsigned(), wrappedSecret.readAll(fields)]
}
