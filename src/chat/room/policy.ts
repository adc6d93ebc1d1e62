/** A room's rules, topic and epoch. */
import { ConclaveError } from '../../base/errors.ts'
import type { Done, Policy } from '../chat.ts'
import { checkListable, list, unlist } from '../people/directory.ts'
import { checkRotateDays } from '../rotation.ts'
import { writeChange, type RoomContext } from './room-context.ts'

export async function setPolicy(room: RoomContext, policy: Partial<Policy>, signal?: AbortSignal): Promise<Done> {
  const { store, roomId } = room.parts
  if (policy.rotateDays !== undefined) checkRotateDays(policy.rotateDays)
  if (policy.listed === true) await checkListable(store, roomId, room.name)
  const done = await writeChange(
    room,
    ({ policy: { kind, ...standing }, version }) => {
      if (kind === 'pair' && (policy.acceptBy !== undefined || policy.listed !== undefined)) {
        throw new ConclaveError(
          'not-allowed',
          'In a direct message, only how often the keys are replaced can be changed',
        )
      }
      return { ...standing, ...policy, type: 'policy', version }
    },
    { signal },
  )
  if (policy.listed === true) await list(store, roomId, room.name)
  else if (policy.listed === false) await unlist(store, roomId, room.name)
  return done
}

export function setTopic(room: RoomContext, topic: string, signal?: AbortSignal): Promise<Done> {
  return writeChange(room, () => ({ type: 'topic', topic: topic.toWellFormed() }), { signal })
}

export function rotate(room: RoomContext, signal?: AbortSignal): Promise<Done> {
  return writeChange(room, () => ({ type: 'rotate' }), { signal })
}
