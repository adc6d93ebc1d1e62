/**
 * Opens message records and checks their signatures on other threads, before they are judged in order. It changes no
 * verdict: whatever could not be preverified (a key that is not here yet) is checked when its turn comes.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { FormatError } from '../../base/codec.ts'
import { sliceMs } from '../../base/limits.ts'
import type { Bytes } from '../../base/bytes.ts'
import { verifyAsync } from '../../crypto/sign.ts'
import type { EpochKeys } from '../../protocol/epoch.ts'
import { signedBytes, unsealMessages, type Preverified } from '../../protocol/message.ts'
import { numberOf } from '../../protocol/paths.ts'
import { decodeRecord } from '../../protocol/record.ts'
import type { Entry } from '../../store/store.ts'

/** By log index. */
export type PreverifiedRecords = ReadonlyMap<number, Preverified>

export async function preverify(
  roomId: Bytes,
  entries: readonly Entry[],
  held: readonly EpochKeys[],
): Promise<PreverifiedRecords> {
  const keys = new Map<number, EpochKeys[]>()
  for (const one of held) keys.set(one.epoch, [...(keys.get(one.epoch) ?? []), one])
  const preverified = new Map<number, Preverified>()
  const checks: Promise<unknown>[] = []
  let sliceEnds = performance.now() + sliceMs
  for (const { key, value } of entries) {
    const i = numberOf(key)
    const opened = openedWith(keys, roomId, i, value)
    if (opened !== undefined) {
      const { inside, signature } = opened.unsealed
      const check = verifyAsync(inside.author, signedBytes(roomId, i, opened.unsealed), signature)
      checks.push(check.then((isSigned) => preverified.set(i, { ...opened, isSigned })))
    }
    if (performance.now() < sliceEnds) continue
    await turn()
    sliceEnds = performance.now() + sliceMs
  }
  await Promise.all(checks)
  return preverified
}

function openedWith(
  keys: ReadonlyMap<number, readonly EpochKeys[]>,
  roomId: Bytes,
  i: number,
  bytes: Bytes,
): Omit<Preverified, 'isSigned'> | undefined {
  try {
    const record = decodeRecord(bytes)
    if (record.kind !== 'message') return undefined
    const { outer } = record
    for (const one of keys.get(outer.epoch) ?? []) {
      const unsealed = unsealMessages(roomId, i, outer, one)
      if (unsealed !== undefined) return { outer, unsealed }
    }
    return undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
