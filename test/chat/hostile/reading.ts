/** What somebody reads of the rich room out of a store, on a machine of his own or with the copy that he has. */
import type { Bytes } from '../../../src/base/bytes.ts'
import { ConclaveError } from '../../../src/base/errors.ts'
import { silentLogger } from '../../../src/base/log.ts'
import type { Identity } from '../../../src/chat/identity/identity.ts'
import type { TimelineItem } from '../../../src/chat/item.ts'
import { itemsOf } from '../../../src/chat/timeline/items.ts'
import type { AppliedRecord } from '../../../src/chat/replay/log-state.ts'
import { readIncarnation } from '../../../src/chat/connection/store-identity.ts'
import { Outbox } from '../../../src/chat/outbox/outbox.ts'
import { RoomLog } from '../../../src/chat/log/room-log.ts'
import { verifyLog } from '../../../src/chat/log/verification.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { Directory } from '../../../src/chat/people/directory.ts'
import { Invitations } from '../../../src/chat/people/invitations.ts'
import { Knocks } from '../../../src/chat/people/knocks.ts'
import { inboxId } from '../../../src/protocol/notice.ts'
import { inboxRange, knocksRange } from '../../../src/protocol/paths.ts'
import { FaultyStore } from '../faulty-store.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { headOf } from '../../../src/protocol/room.ts'
import type { Store } from '../../../src/store/store.ts'
import { hex } from '../../../src/base/bytes.ts'

export interface Reading {
  /** What was shown, one line an item, its place first. */
  readonly lines: readonly string[]
  /** Whether anything was said besides: a warning in the place of a record, or damage. */
  readonly reported: boolean
  readonly head: string | undefined
  readonly members: readonly string[]
  /** The records that this reader has now. */
  readonly records: number
  /** Others stand where this reader's copy had its end, and it goes on from them. */
  readonly parted: boolean
  /** The code of the refusal, if there was one. */
  readonly refusal: string | undefined
  readonly log: RoomLog
  /** What a check of the whole room says: places that are not as they were; `refused` when it ends with an error. */
  check(): Promise<readonly number[] | 'refused'>
}

export async function readRoom(store: Store, home: Store, identity: Identity, roomId: Bytes): Promise<Reading> {
  const applied: AppliedRecord[] = []
  let reported = false
  let parted = false
  const log = new RoomLog(
    {
      ...{ store, home, identity, roomId, random: systemRandom, log: silentLogger },
      outbox: new Outbox(home, identity.local, systemRandom),
      incarnation: { known: () => readIncarnation(store, systemRandom), found: () => undefined, saw: () => undefined },
      isOurs: async () => true,
    },
    {
      applied: (records) => void applied.push(...records),
      previewed: () => undefined,
      progressed: () => undefined,
      counted: () => undefined,
      damaged: () => (reported = true),
      diverged: async () => void (parted = true),
      reconciling: () => undefined,
    },
  )
  await log.load()
  const refusal = await refusalOf(() => log.catchUp())
  const { room } = log
  const viewer = { self: identity.signer.publicKey, warningOf: () => undefined }
  const items = room === undefined ? [] : applied.flatMap((one) => itemsOf(room, one, viewer))
  return {
    lines: items.flatMap((item) => (item.kind === 'warning' ? [] : [lineOf(item)])),
    reported: reported || items.some(({ kind }) => kind === 'warning'),
    head: room && hex(headOf(room).hash),
    members: [...(room?.members.values() ?? [])].map(({ name, rootKey, admin }) => `${name} ${hex(rootKey)} ${admin}`),
    records: log.state.checkpoint.next,
    parted,
    refusal,
    log,
    check: async () => {
      let damage: readonly number[] | 'refused' = 'refused'
      await refusalOf(async () => {
        damage = (await verifyLog(store, roomId, log)).damage.map(({ i }) => i)
      })
      return damage
    },
  }
}

export interface Outsiders {
  readonly requests: number
  readonly invitations: number
  readonly listed: number
  /** Values that a second look read once more. */
  readonly again: number
  /** Requests and notices that lie in the store now. */
  readonly lying: number
}

/** What a member's program makes of what anyone can write beside the rooms. */
export async function readOutsiders(store: Store, identity: Identity, { log }: Reading): Promise<Outsiders> {
  const line = new FaultyStore(store)
  const { roomId } = log.state
  const parts = { store: line, identity, roomId, log, clock: systemClock }
  const knocks = new Knocks({ ...parts, arrived: async () => undefined, changed: () => undefined })
  const [invitations, directory] = [new Invitations(parts), new Directory(parts)]
  const look = async () => {
    await refusalOf(() => knocks.refresh())
    await invitations.refresh()
    await directory.refresh()
    return line.read.values
  }
  const first = await look()
  const again = (await look()) - first
  let lying = 0
  for (const { start, end } of [knocksRange(roomId), inboxRange(inboxId(identity.signer.publicKey))]) {
    lying += (await store.range(start, end, { keysOnly: true })).entries.length
  }
  return {
    requests: knocks.list(log.room).length,
    invitations: invitations.all.length,
    listed: directory.rooms.length,
    again,
    lying,
  }
}

async function refusalOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof ConclaveError && error.code !== 'unexpected') return error.code
    throw error
  }
}

/** Who said or did what where; numbers are left out, since they count what is shown before. */
function lineOf(item: TimelineItem): string {
  const { seq: _seq, own: _own, ...told } = item as TimelineItem & { seq?: number; own?: boolean }
  return JSON.stringify(told)
}
