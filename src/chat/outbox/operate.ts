/** Changing a room: an operation is written at once or refused, never queued. */
import { setTimeout as sleep } from 'node:timers/promises'
import { BackOff } from '../../base/back-off.ts'
import type { Clock } from '../../base/clock.ts'
import type { Bytes } from '../../base/bytes.ts'
import { encode } from '../../base/codec.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { appendTriesMax, retryMs, retryMsMax, storeDeadlineMs } from '../../base/limits.ts'
import type { Random } from '../../crypto/random.ts'
import type { Signer } from '../../crypto/sign.ts'
import { prepareControl, type Prepared } from '../../protocol/compose.ts'
import type { EpochKeys } from '../../protocol/epoch.ts'
import type { Operation as Change } from '../../protocol/operation.ts'
import { controlKey, cardKey, wrapPageKey } from '../../protocol/paths.ts'
import { roomAfter, type Room } from '../../protocol/room.ts'
import { VoidRecord } from '../../protocol/verdict.ts'
import type { Operation } from '../../store/store.ts'
import { append, type Appending } from './append.ts'
import { refusal } from './refusal.ts'
import type { RoomLog } from '../log/room-log.ts'
import { requireKnownVersion } from '../replay/room-version.ts'

export interface Operating {
  readonly appending: Appending
  readonly signer: Signer
  readonly clock: Clock
  readonly random: Random
}

/**
 * @param change the operation, given the room as it is at each attempt; called again after every lost attempt, because
 * it may no longer make sense. For a `repair`, the keys of both ends of the link are taken from the keyring.
 * @param along keys to delete in the same transaction.
 * @returns the index of the record.
 */
export async function operate(
  parts: Operating,
  change: (room: Room) => Change,
  along: readonly Operation[] = [],
  signal?: AbortSignal,
): Promise<number> {
  const { appending } = parts
  const { log } = appending
  const deadline = performance.now() + storeDeadlineMs
  for (let attempt = 0; attempt < appendTriesMax; attempt += 1) {
    await log.catchUp(signal)
    const room = log.room
    if (room === undefined) throw notIn()
    requireKnownVersion(room)
    const wanted = change(room)
    const keys = await log.currentKeys(signal)
    // The room may have changed since, and this identity may no longer be a member.
    if (keys === undefined && log.room !== room) continue
    const ground = keys === undefined ? groundBefore(log, room, wanted) : { room, keys }
    const author = { signer: parts.signer, random: parts.random }
    const prepared = await refusing(() =>
      prepareControl(author, ground.room, wanted, ground.keys, linkEnds(log, room, wanted)),
    )
    await writeWraps(appending, prepared)
    const i = await appendPrepared(parts, room, prepared, along, deadline, signal)
    if (i !== undefined) return i
  }
  throw new ConclaveError('unavailable', 'Room busy: gave up after repeated conflicts', { retryable: true })
}

/** Seals for one index after another while only messages come between; undefined once the head has changed. */
async function appendPrepared(
  parts: Operating,
  room: Room,
  prepared: Prepared,
  along: readonly Operation[],
  deadline: number,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { appending, clock } = parts
  const { log, roomId } = appending
  while (log.room === room) {
    const { i, previousHash } = log.end
    const { record, card } = prepared.seal({ i, previousHash, at: clock.now(), seq: log.state.checkpoint.seq - 1 })
    const operations: Operation[] = [
      { kind: 'put', key: controlKey(roomId, prepared.n), value: encode(i) },
      ...(card ? [{ kind: 'put' as const, key: cardKey(roomId), value: card }] : []),
      ...along,
    ]
    log.state.keyring.add(prepared.keys)
    if (await settled(parts, i, record, operations, deadline, signal)) return i
    await sleep(Math.random() * 4, undefined, { signal })
  }
  return undefined
}

/** Appends and, if the reply was lost, finds out whether it succeeded. */
async function settled(
  { appending, clock }: Operating,
  i: number,
  record: Bytes,
  operations: readonly Operation[],
  deadline: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const backOff = new BackOff({ firstMs: retryMs, mostMs: retryMsMax, clock })
  for (;;) {
    try {
      return await append(appending, i, record, { operations }, signal)
    } catch (error) {
      if (!isConclaveError(error, 'unavailable') || performance.now() > deadline) throw error
      await backOff.pause(signal)
      signal?.throwIfAborted()
      await appending.log.catchUp(signal).catch(() => undefined)
      if (await appending.log.replica.holds(i, record)) return true
    }
  }
}

async function writeWraps({ store, roomId, log }: Appending, { wraps, keys }: Prepared): Promise<void> {
  if (wraps === undefined) return
  for (const { page, bytes } of wraps.pages) {
    const key = wrapPageKey(roomId, wraps.name, page)
    await store.commit({ then: [{ kind: 'put', key, value: bytes }] })
  }
  await log.keys.wraps.keep(keys.epoch, wraps.name, wraps.pages)
}

/**
 * Epoch recovery: where the current secret can't be obtained, an admin's kick or rotation follows the record that
 * opened that epoch, under the keys from before (rules W of the protocol, which refuse everyone else's). Others may
 * have the secret, and may have written messages that can't be read here: while anything suggests so, a knock asks for
 * the key instead.
 */
function groundBefore(log: RoomLog, room: Room, change: Change): { room: Room; keys: EpochKeys } {
  const opening = room.openings.get(room.epoch)
  const keys = opening && log.state.keyring.get(room.openings.get(opening.under))
  const base = opening && roomAfter(room, opening.n)
  const isRecovery = change.type === 'kick' || change.type === 'rotate'
  if (!isRecovery || base === undefined || keys === undefined) throw noKeys('Any member can answer.')
  const isUsed = log.end.i - 1 > (room.marks.get(opening?.n ?? 0)?.i ?? 0)
  if (isUsed && !log.keys.hasKnocked)
    throw noKeys('If nobody answers, repeat this command: it gives the room new keys.')
  return { room: base, keys }
}

function noKeys(more: string): ConclaveError {
  return new ConclaveError('not-member', 'Can’t obtain this room’s keys', {
    hint: ['Ask to join again: ', command('join'), `. ${more}`],
  })
}

function linkEnds(log: RoomLog, room: Room, change: Change) {
  if (change.type !== 'repair') return undefined
  const opening = room.openings.get(change.epoch)
  const of = log.state.keyring.get(opening)
  const to = log.state.keyring.get(room.openings.get(opening?.under ?? 0))
  return of && to && { of, to }
}

/** Turns a violation of the room's rules into a refusal for people. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof VoidRecord) throw refusal(error)
    throw error
  }
}

function notIn(): ConclaveError {
  return new ConclaveError('not-member', 'You are not a member of this room', {
    hint: ['Ask to join: ', command('join')],
  })
}
