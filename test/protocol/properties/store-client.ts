/** The program's own client on a device that has nothing yet: it finds its keys and its way through a store alone. */
import { fromHex, hex, type Bytes } from '../../../src/base/bytes.ts'
import { encode } from '../../../src/base/codec.ts'
import { silentLogger } from '../../../src/base/log.ts'
import { ControlLog } from '../../../src/chat/replay/control-log.ts'
import type { Identity } from '../../../src/chat/identity/identity.ts'
import { KeySearch } from '../../../src/chat/replay/key-search.ts'
import { LocalSeal } from '../../../src/chat/home/local-seal.ts'
import { Outbox } from '../../../src/chat/outbox/outbox.ts'
import { openTailPreview } from '../../../src/chat/log/open-tail-preview.ts'
import type { RowVerdict } from '../../../src/chat/replica/row.ts'
import { RoomLog } from '../../../src/chat/log/room-log.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { Keyring } from '../../../src/protocol/keyring.ts'
import { controlKey, logKey, wrapPageKey } from '../../../src/protocol/paths.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import type { RoomBuilder, User } from '../room-builder.ts'

/** Records, pages, and the index as honest writers keep it. */
export async function storeOf(
  { roomId, log, pages, room }: RoomBuilder,
  store: Store = new MemoryStore(),
): Promise<Store> {
  const put = (key: Uint8Array, value: Uint8Array) => store.commit({ then: [{ kind: 'put', key, value }] })
  for (const [i, bytes] of log.entries()) await put(logKey(roomId, i), bytes)
  for (const [n, { i }] of room.marks.entries()) await put(controlKey(roomId, n), encode(i))
  for (const [name, page] of pages) {
    const [wraps = '', number = ''] = name.split('/')
    await put(wrapPageKey(roomId, fromHex(wraps), Number(number)), page)
  }
  return store
}

/** What of an identity a room's log asks for. `knowsIndex`: their vault has their index, as it does after they were let in. */
function identityOf({ roomId, room }: RoomBuilder, { signer, unwrappers }: User, knowsIndex: boolean) {
  const memberIndex = (knowsIndex ? room.members.get(hex(signer.publicKey))?.index : undefined) ?? null
  const local = new LocalSeal([systemRandom(32)], systemRandom)
  const vaultRoom = { roomId, memberIndex, knockHash: null }
  const keys = { signer, formerSigners: [], unwrappers: [...unwrappers].reverse() }
  const identity = { local, ...keys, room: (_: Bytes) => vaultRoom }
  return { identity: identity as unknown as Identity, memberIndex: memberIndex ?? undefined }
}

/** The whole log from its beginning. */
export async function readFromStore(
  store: Store,
  builder: RoomBuilder,
  user: User,
  knowsIndex: boolean,
): Promise<readonly RowVerdict[]> {
  const roomLog = roomLogOf(store, builder, user, knowsIndex)
  await roomLog.catchUp()
  return (await roomLog.replica.rows(0, builder.log.length, builder.log.length)).map(({ verdict }) => verdict)
}

/** What reads it, with nothing in its home. It throws where it finds damage. */
export function roomLogOf(
  store: Store,
  builder: RoomBuilder,
  user: User,
  knowsIndex: boolean,
  home: Store = new MemoryStore(),
): RoomLog {
  const { roomId } = builder
  const { identity } = identityOf(builder, user, knowsIndex)
  const outbox = new Outbox(home, identity.local, systemRandom)
  const incarnation = { known: async () => systemRandom(16), found: () => undefined, saw: () => undefined }
  const rest = { random: systemRandom, log: silentLogger, outbox, incarnation, isOurs: async () => false }
  const parts = { store, home, roomId, identity, ...rest }
  const nothing = () => undefined
  const damaged = (damage: unknown) => {
    throw new Error(`damage where there is none: ${JSON.stringify(damage)}`)
  }
  return new RoomLog(parts, {
    applied: nothing,
    previewed: nothing,
    progressed: nothing,
    counted: nothing,
    damaged,
    diverged: () => Promise.resolve(),
    reconciling: nothing,
  })
}

/** The newest page first, by the control chain alone; undefined where the client gives that up. */
export async function preview(
  store: Store,
  builder: RoomBuilder,
  user: User,
  from: number,
): Promise<readonly RowVerdict[] | undefined> {
  const { roomId, log } = builder
  const { identity, memberIndex } = identityOf(builder, user, true)
  const [keyring, controls] = [new Keyring(), new ControlLog(store, roomId)]
  const keys = new KeySearch(store, identity, roomId, keyring, controls)
  const page = await openTailPreview({ store, roomId, identity, controls, keys, keyring, memberIndex }, 0)
  return (await page?.between(from, log.length))?.map(({ row }) => row.verdict)
}
