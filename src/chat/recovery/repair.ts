/**
 * Repairs a room whose store was rolled back or tampered with: an admin repeats the lost membership changes, removals
 * first; and records that were changed are rewritten from this home's copy.
 */
import type { Bytes } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError, storeConflict } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import type { Operation } from '../../protocol/operation.ts'
import { logKey } from '../../protocol/paths.ts'
import { memberByKey, type Room } from '../../protocol/room.ts'
import { VoidRecord } from '../../protocol/verdict.ts'
import type { Store } from '../../store/store.ts'
import type { Done, Repair } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { sameStoreIdentity, type StoreIdentity } from '../connection/store-identity.ts'
import type { Person } from '../item.ts'
import { personOf } from '../timeline/items.ts'
import { readOne } from '../../store/read-one.ts'
import { changesToRepeat, leftToOthers, nameOfChange, type LostChange } from './removals.ts'
import type { RoomLog } from '../log/room-log.ts'
import type { DivergedBranch } from '../reconcile/diverged-records.ts'

export interface Repairing {
  readonly store: Store
  readonly roomId: Bytes
  readonly identity: Identity
  readonly life: StoreIdentity
  readonly log: RoomLog
  /** Writes an operation; `change` is asked again after every conflict. */
  operate(change: (room: Room) => Operation): Promise<Done>
}

export async function repairRoom(parts: Repairing, signal?: AbortSignal): Promise<Repair> {
  const { log } = parts
  await log.catchUp(signal)
  await log.repairAll(signal)
  const corrected = await setRight(parts, signal)
  const { again, left } = await repeatChanges(parts)
  return { again, left, corrected }
}

/** Only if the record that follows determines what must be there. */
async function setRight({ store, roomId, life, log }: Repairing, signal?: AbortSignal): Promise<readonly number[]> {
  const corrected: number[] = []
  for (const i of [...log.reconciler.changed].sort((a, b) => a - b)) {
    const [row] = await log.replica.rows(i, i + 1, 1)
    if (row === undefined || row.hashOnly !== undefined) continue
    const key = logKey(roomId, i)
    const entry = await readOne(store, key, signal)
    const { ok } = await store.commit(
      {
        if: [sameStoreIdentity(await life.known()), { kind: 'revision', key, modRevision: entry?.modRevision ?? 0 }],
        then: [{ kind: 'put', key, value: row.bytes }],
      },
      signal,
    )
    if (!ok) throw storeConflict()
    log.reconciler.confirmed(i)
    corrected.push(i)
  }
  return corrected
}

async function repeatChanges(parts: Repairing): Promise<Omit<Repair, 'corrected'>> {
  const { log, identity } = parts
  const { branches } = log.reconciler.diverged
  const again: { event: Operation['type']; target?: Person }[] = []
  const left: { event: Operation['type']; target?: Person; reason: string }[] = []
  const tried = new Set<string>()
  for (;;) {
    const { room } = log
    const change = room && changesToRepeat(branches, room).find((one) => !tried.has(nameOfChange(one)))
    if (room === undefined || change === undefined) break
    if (memberByKey(room, identity.signer.publicKey)?.admin !== true) throw notAdmin()
    tried.add(nameOfChange(change))
    const told = { event: change.operation.type, ...targetOf(change) }
    try {
      await parts.operate((current) => stillWanted(branches, current, change))
      again.push(told)
    } catch (error) {
      if (!isConclaveError(error, 'not-allowed')) throw error
      left.push({ ...told, reason: error.message })
    }
  }
  for (const { type, ...person } of log.room === undefined ? [] : leftToOthers(branches, log.room)) {
    left.push({ event: type, target: personOf(person), reason: `${person.name} does it again by opening Conclave` })
  }
  return { again, left }
}

function stillWanted(branches: readonly DivergedBranch[], room: Room, change: LostChange): Operation {
  const wanted = changesToRepeat(branches, room).find((one) => nameOfChange(one) === nameOfChange(change))
  if (wanted === undefined) throw new VoidRecord('another client did it')
  return wanted.operation
}

function targetOf({ rootKey, name }: LostChange): { readonly target?: Person } {
  return rootKey === undefined ? {} : { target: personOf({ rootKey, name }) }
}

function notAdmin(): ConclaveError {
  return new ConclaveError('not-allowed', 'Only an admin can replay room changes the store lost', {
    hint: ['Ask an admin to repair it: ', command('repair')],
  })
}
