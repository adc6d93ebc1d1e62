/** What strangers write in bulk where anyone can: requests to join, listings, notices, junk and oversized values. */
import { u64, type Bytes } from '../../../src/base/bytes.ts'
import { skeleton } from '../../../src/crypto/skeleton.ts'
import { signerFromSeed } from '../../../src/crypto/sign.ts'
import { listing } from '../../../src/chat/people/directory.ts'
import { decodeCard } from '../../../src/protocol/card.ts'
import { sealKnock, signKnock } from '../../../src/protocol/knock.ts'
import { inboxId, sealNotice } from '../../../src/protocol/notice.ts'
import { cardKey, directoryKey, inboxKey, knockKey } from '../../../src/protocol/paths.ts'
import { readOne } from '../../../src/store/read-one.ts'
import type { Store } from '../../../src/store/store.ts'

export interface Written {
  readonly key: Bytes
  readonly value: Bytes
}

export async function putAll(store: Store, written: readonly Written[]): Promise<void> {
  for (const { key, value } of written) await store.commit({ then: [{ kind: 'put', key, value }] })
}

/** The n-th of a stranger's many ids or seeds. */
export function nth(n: number, length: number): Bytes {
  const bytes = new Uint8Array(length).fill(0xe0)
  bytes.set(u64(n), length - 8)
  return bytes
}

export interface RequestLies {
  /** Milliseconds, as the stranger claims. */
  readonly at?: number
  /** All from one key. */
  readonly sameKey?: boolean
  readonly from?: number
}

/** Genuine requests to join, sealed to the room's card. */
export async function requests(
  store: Store,
  roomId: Bytes,
  count: number,
  { at = Date.now(), sameKey = false, from = 0 }: RequestLies = {},
): Promise<readonly Written[]> {
  const entry = await readOne(store, cardKey(roomId))
  if (entry === undefined) throw new Error('no card')
  const card = decodeCard(roomId, entry.value)
  const written: Written[] = []
  for (let n = from; n < from + count; n += 1) {
    const signer = signerFromSeed(nth(sameKey ? 0 : n, 32))
    const knock = signKnock(signer, {
      roomId,
      name: sameKey ? 'mal' : `mal${n}`,
      wrapKey: card.knockKey,
      nonce: nth(n, 16),
      head: card.head,
      end: 0,
      last: new Uint8Array(32),
      at: sameKey ? at + n : at,
    })
    const value = await sealKnock(roomId, card.epoch, card.knockKey, knock)
    written.push({ key: knockKey(roomId, nth(n, 16)), value: value as Bytes })
  }
  return written
}

export function listings(count: number): readonly Written[] {
  return Array.from({ length: count }, (_, n) => {
    const name = `spam${String(n).padStart(6, '0')}`
    return { key: directoryKey(skeleton(name)), value: listing({ roomId: nth(n, 32), name }) }
  })
}

/** Values far beyond what anything of this kind takes. */
export function oversized(count: number, keyOf: (n: number) => Bytes, bytes: number): readonly Written[] {
  const value = new Uint8Array(bytes).fill(0xff)
  return Array.from({ length: count }, (_, n) => ({ key: keyOf(n), value }))
}

/** Invitations to one person, each to a room of its own, all from one key. */
export async function notices(
  to: { readonly rootKey: Bytes; readonly wrapKey: Bytes },
  count: number,
  forger = signerFromSeed(new Uint8Array(32).fill(9)),
  name = 'mal',
): Promise<readonly Written[]> {
  const written: Written[] = []
  for (let n = 0; n < count; n += 1) {
    const notice = { roomId: nth(n, 32), roomName: 'spam', direct: false, from: name, at: 2 ** 40 }
    const value = await sealNotice(forger, to, notice)
    written.push({ key: inboxKey(inboxId(to.rootKey), nth(n, 16)), value: value as Bytes })
  }
  return written
}
