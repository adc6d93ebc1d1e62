/**
 * Where the store was set back and others have written since, the log in the store is the one that counts: this copy's
 * records from there on are set aside, kept in the home to be shown, and the messages of one's own among them wait in
 * the outbox again, under their ids.
 *
 * May be cut off at any step: what was begun is noted first, and done again from its beginning.
 */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { encode } from '../../base/codec.ts'
import { replicaBatch, replicaBatchBytes } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'
import type { Ledger } from '../log/ledger.ts'
import { divergedItemKey } from '../home/local-paths.ts'
import type { Outbox, Queued } from '../replica/outbox.ts'
import type { Divergence } from '../replica/divergence.ts'
import type { Replica } from '../replica/replica.ts'
import { hashOfRow, rowValue } from '../replica/row.ts'
import type { PutOperation } from '../replica/seen.ts'

export interface SetAsideParts {
  readonly home: Store
  readonly roomId: Bytes
  readonly identity: Identity
  readonly replica: Replica
  readonly ledger: Ledger
  readonly outbox: Outbox
}

/** From the record `from` on, which the ledger still judges as it stood. False: another program of this home was faster. */
export function setDivergedAside(parts: SetAsideParts, from: number): Promise<boolean> {
  return endBefore(parts, from, true)
}

/** From the record `from` on the log is as it was, and is to be judged again: nothing is kept, and the log must lead on to where it led. */
export function discardForRereading(parts: SetAsideParts, from: number): Promise<boolean> {
  return endBefore(parts, from, false)
}

async function endBefore(parts: SetAsideParts, from: number, isKept: boolean): Promise<boolean> {
  const { replica, ledger } = parts
  await replica.flush()
  const end = ledger.checkpoint
  if (replica.outrun || replica.aheadOf(end.next) || !(await replica.beginDivergence(from))) return false
  const [before] = from === 0 ? [] : await replica.rows(from - 1, from, 1)
  const previousHash = before === undefined ? zeroHash : hashOfRow(before)
  const [first] = await replica.rows(from, from + 1, 1)
  await leaveRows(parts, { from, to: end.next, previousHash }, isKept)
  await forgetShown(parts)
  const checkpoint = { next: from, hash: previousHash, seq: first?.seq ?? end.seq }
  if (isKept) return replica.finishParting({ from, to: end.next, previousHash }, checkpoint)
  const known = await replica.remembered()
  const furthest = known !== undefined && known.next > end.next ? known : end
  return replica.finishParting({ from, to: from, previousHash }, checkpoint, furthest)
}

async function leaveRows(parts: SetAsideParts, { from, to, ...left }: Divergence, isKept: boolean): Promise<void> {
  const { home, roomId, replica, ledger, outbox } = parts
  const time = replica.partings.length
  let { previousHash } = left
  for (let at = from; at < to; at += replicaBatch) {
    const rows = await replica.rows(at, Math.min(to, at + replicaBatch), replicaBatch)
    const own: Queued[] = []
    const puts: PutOperation[] = []
    for (const row of rows) {
      puts.push({ kind: 'put', key: divergedItemKey(roomId, time, row.i), value: encode(rowValue(row)) })
      const judgement = ledger.review(row, previousHash)
      previousHash = hashOfRow(row)
      if (judgement.kind !== 'message') continue
      const { inside, author } = judgement
      inside.contents.forEach((content, k) => {
        if (row.repeats.includes(k)) return
        const counter = inside.counter + k
        replica.seen.forget(author.firstRootKey, inside.device, counter)
        if (isOwn(parts, author.rootKey)) own.push({ device: inside.device, counter, content, at: inside.at })
      })
    }
    if (!isKept) continue
    for (const part of inBatches(puts)) await home.commit({ then: part })
    await outbox.restore(roomId, own)
  }
}

/** Before the copy ends earlier: whoever is cut off in between begins again, and forgets it again. */
async function forgetShown({ home, replica }: SetAsideParts): Promise<void> {
  for (const part of inBatches(replica.seen.takeForgotten())) await home.commit({ then: part })
}

/** As many as a transaction takes. */
function* inBatches(puts: readonly PutOperation[]): Generator<readonly PutOperation[]> {
  let batch: PutOperation[] = []
  let bytes = 0
  for (const put of puts) {
    if (batch.length === replicaBatch || bytes > replicaBatchBytes) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(put)
    bytes += put.value.length
  }
  if (batch.length > 0) yield batch
}

function isOwn({ identity }: SetAsideParts, rootKey: Bytes): boolean {
  return [identity.signer, ...identity.formerSigners].some(({ publicKey }) => equalBytes(publicKey, rootKey))
}
