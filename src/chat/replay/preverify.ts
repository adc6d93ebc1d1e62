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
import type { Keyring } from '../../protocol/keyring.ts'
import { signedBytes, unsealMessages, type Preverified } from '../../protocol/message.ts'
import { numberOf } from '../../protocol/paths.ts'
import { decodeRecord } from '../../protocol/record.ts'
import type { Room } from '../../protocol/room.ts'
import type { Entry } from '../../store/store.ts'

/** By log index. */
export type PreverifiedRecords = ReadonlyMap<number, Preverified>

/** Keys of one epoch number that are tried beside the one in force: anyone may make some. */
const otherKeysMax = 2

/** `room`: as it is before these records; a later epoch's keys are tried by its number. */
export async function preverify(
  roomId: Bytes,
  entries: readonly Entry[],
  keyring: Keyring,
  room: Room | undefined,
): Promise<PreverifiedRecords> {
  const candidates = new Map<number, readonly EpochKeys[]>()
  const keysFor = (epoch: number): readonly EpochKeys[] => {
    const known = candidates.get(epoch)
    if (known !== undefined) return known
    const inForce = keyring.get(room?.openings.get(epoch))
    const others = keyring.ofEpoch(epoch).slice(0, otherKeysMax)
    const found = inForce === undefined ? others : [inForce]
    candidates.set(epoch, found)
    return found
  }
  const preverified = new Map<number, Preverified>()
  const checks: Promise<unknown>[] = []
  let sliceEnds = performance.now() + sliceMs
  for (const { key, value } of entries) {
    const i = numberOf(key)
    const opened = openedWith(keysFor, roomId, i, value)
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
  keysFor: (epoch: number) => readonly EpochKeys[],
  roomId: Bytes,
  i: number,
  bytes: Bytes,
): Omit<Preverified, 'isSigned'> | undefined {
  try {
    const record = decodeRecord(bytes)
    if (record.kind !== 'message') return undefined
    const { outer } = record
    for (const one of keysFor(outer.epoch)) {
      const unsealed = unsealMessages(roomId, i, outer, one)
      if (unsealed !== undefined) return { outer, unsealed }
    }
    return undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
