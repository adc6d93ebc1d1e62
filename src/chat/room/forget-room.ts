/** Dropping the local copy of a room. What is remembered of it stays: a store that was turned back is still noticed. */
import type { Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { headOf, type Room } from '../../protocol/room.ts'
import type { Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'
import { Replica } from '../replica/replica.ts'

/** @param state as the copy has it. @throws not-allowed when something waits to be sent */
export async function forgetRoom(
  { home, identity }: { readonly home: Store; readonly identity: Identity },
  roomId: Bytes,
  state: Room | undefined,
): Promise<void> {
  const remembered = identity.room(roomId)
  if (state !== undefined && remembered !== undefined) {
    const head = { n: state.marks.size - 1, hash: headOf(state).hash }
    if (head.n > (remembered.head?.n ?? -1)) await identity.setRoom({ ...remembered, head })
  }
  if (await new Replica(home, roomId).forget()) return
  throw new ConclaveError('not-allowed', 'messages wait to be sent to this room, so its copy stays', {
    hint: 'They go out with the next command in this room once the store answers; /drop in the terminal takes away what can’t be sent.',
  })
}
