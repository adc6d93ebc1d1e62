/**
 * Where the store was rolled back and others have written since, the store's log wins: this home's records from the
 * fork on are archived for display, and its own messages among them are queued again under their ids.
 *
 * Safe to interrupt at any step: the start is recorded first, and an interrupted run is repeated from its beginning.
 */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { encode } from '../../base/codec.ts'
import { replicaBatch, replicaBatchBytes } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { Content } from '../../protocol/content.ts'
import type { Store } from '../../store/store.ts'
import { divergedItemKey } from '../home/local-paths.ts'
import type { Identity } from '../identity/identity.ts'
import type { LogState } from '../replay/log-state.ts'
import type { Replica } from '../replica/replica.ts'
import { hashOfRow, rowValue, type Row } from '../replica/row.ts'
import type { PutOperation } from '../replica/seen.ts'

/** A message that waits to be sent. */
export interface QueuedMessage {
  readonly device: Bytes
  readonly counter: number
  readonly content: Content
  readonly at: number
}

export interface Requeue {
  /** Sent messages that the store lost are queued again. Durable when it resolves. */
  requeue(roomId: Bytes, messages: readonly QueuedMessage[]): Promise<void>
}

export interface ArchiveParts {
  readonly home: Store
  readonly roomId: Bytes
  readonly identity: Identity
  readonly replica: Replica
  readonly state: LogState
  readonly outbox: Requeue
}

/** From record `from` on, which `state` still judges as before. False: another program of this home was faster. */
export async function archiveDiverged(parts: ArchiveParts, from: number): Promise<boolean> {
  const cut = await beginCut(parts, from)
  if (cut === undefined) return false
  await forEachRow(parts, cut, async (rows, own) => {
    const puts = rows.map((row): PutOperation => {
      return { kind: 'put', key: divergedItemKey(parts.roomId, cut.time, row.i), value: encode(rowValue(row)) }
    })
    await commitInBatches(parts.home, puts)
    await parts.outbox.requeue(parts.roomId, own)
  })
  await commitInBatches(parts.home, parts.replica.seen.takeForgotten())
  return parts.replica.finishDivergence({ from, to: cut.to, previousHash: cut.previousHash }, cut.checkpoint)
}

/**
 * The log is the same, and is judged again from record `from` on: nothing is archived, and it must lead to the same
 * head.
 */
export async function truncateForReplay(parts: ArchiveParts, from: number): Promise<boolean> {
  const { replica, state } = parts
  const cut = await beginCut(parts, from)
  if (cut === undefined) return false
  const end = state.checkpoint
  await forEachRow(parts, cut, async () => {})
  await commitInBatches(parts.home, replica.seen.takeForgotten())
  const known = await replica.remembered()
  const furthest = known !== undefined && known.next > end.next ? known : end
  return replica.finishDivergence({ from, to: from, previousHash: cut.previousHash }, cut.checkpoint, furthest)
}

async function beginCut({ replica, state }: ArchiveParts, from: number) {
  await replica.flush()
  const { next: to, seq } = state.checkpoint
  if (replica.isStale || replica.isAheadOf(to) || !(await replica.beginDivergence(from))) return undefined
  const [before] = from === 0 ? [] : await replica.rows(from - 1, from, 1)
  const previousHash = before === undefined ? zeroHash : hashOfRow(before)
  const [first] = await replica.rows(from, from + 1, 1)
  const checkpoint = { next: from, hash: previousHash, seq: first?.seq ?? seq }
  return { from, to, previousHash, checkpoint, time: replica.divergences.length }
}

/**
 * Forgets that the messages after the cut were shown. On disk before the copy is shortened, so an interrupted run is
 * repeated.
 */
async function forEachRow(
  { identity, replica, state }: ArchiveParts,
  { from, to, ...cut }: { readonly from: number; readonly to: number; readonly previousHash: Bytes },
  work: (rows: readonly Row[], own: readonly QueuedMessage[]) => Promise<void>,
): Promise<void> {
  const ownKeys = [identity.signer, ...identity.formerSigners].map(({ publicKey }) => publicKey)
  let { previousHash } = cut
  for (let at = from; at < to; at += replicaBatch) {
    const rows = await replica.rows(at, Math.min(to, at + replicaBatch), replicaBatch)
    const own: QueuedMessage[] = []
    for (const row of rows) {
      const judgement = state.review(row, previousHash)
      previousHash = hashOfRow(row)
      if (judgement.kind !== 'message') continue
      const { inside, author } = judgement
      const isOwn = ownKeys.some((key) => equalBytes(key, author.rootKey))
      inside.contents.forEach((content, k) => {
        if (row.repeats.includes(k)) return
        const counter = inside.counter + k
        replica.seen.forget(author.firstRootKey, inside.device, counter)
        if (isOwn) own.push({ device: inside.device, counter, content, at: inside.at })
      })
    }
    await work(rows, own)
  }
}

/** As many at a time as a transaction takes. */
async function commitInBatches(home: Store, puts: readonly PutOperation[]): Promise<void> {
  let batch: PutOperation[] = []
  let bytes = 0
  for (const put of puts) {
    if (batch.length === replicaBatch || bytes > replicaBatchBytes) {
      await home.commit({ then: batch })
      batch = []
      bytes = 0
    }
    batch.push(put)
    bytes += put.value.length
  }
  if (batch.length > 0) await home.commit({ then: batch })
}
