/** Room creation is crash-atomic: the first record, and what makes the room findable, in one transaction. */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { encode } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { roomNameCharsMax, rotateDaysDefault } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { Random } from '../../crypto/random.ts'
import type { VaultRoom } from '../../crypto/vault-body.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { prepareGenesis } from '../../protocol/compose.ts'
import type { RoomPolicy } from '../../protocol/operation.ts'
import { cardKey, controlKey, directoryKey, incarnationKey, logKey, wrapPageKey } from '../../protocol/paths.ts'
import type { Store } from '../../store/store.ts'
import type { CreateOptions } from '../api.ts'
import { listing } from '../people/directory.ts'
import type { Identity } from '../identity/identity.ts'
import { sameStoreIdentity, type StoreIdentity } from '../connection/store-identity.ts'
import { KeptWraps } from '../replica/kept-wraps.ts'
import { checkRotateDays } from '../rotation.ts'

export interface Creating {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
}

export const pairPolicy: RoomPolicy = {
  kind: 'pair',
  acceptBy: 'members',
  listed: false,
  rotateDays: rotateDaysDefault,
}

/** @throws usage */
export function groupPolicy(options: CreateOptions): RoomPolicy {
  const { unlisted = false, acceptBy = 'members', rotateDays = rotateDaysDefault } = options
  checkRotateDays(rotateDays)
  return { kind: 'group', acceptBy, listed: !unlisted, rotateDays }
}

/** The name of a direct message in its records; front ends show the other person's. */
export function pairName(a: string, b: string): string {
  return `dm-${a}-${b}`.slice(0, roomNameCharsMax)
}

/** Remembered, and not seen in the store yet: its creation is under way, or was interrupted. */
export function isUncreated({ standing, memberIndex, knockHash, head }: VaultRoom): boolean {
  return standing === 'member' && memberIndex === 0 && knockHash === null && head === null
}

/** The room's id. @throws name-taken */
export async function createRoom(
  parts: Creating,
  life: StoreIdentity,
  name: string,
  policy: RoomPolicy,
): Promise<Bytes> {
  // A store that was restored in the meantime is asked once more.
  const roomId = (await tryToCreate(parts, life, name, policy)) ?? (await tryToCreate(parts, life, name, policy))
  if (roomId !== undefined) return roomId
  throw new ConclaveError('unavailable', 'The store is being restored from a backup', {
    hint: 'Try again.',
    retryable: true,
  })
}

/** undefined if the store has changed identity since; this process knows the new one now. */
async function tryToCreate(
  { store, home, identity, clock, random }: Creating,
  life: StoreIdentity,
  name: string,
  policy: RoomPolicy,
): Promise<Bytes | undefined> {
  const unlisted = !policy.listed
  const incarnation = await life.known()
  const author = { signer: identity.signer, random }
  const request = { name: identity.name, wrapKey: identity.wrapKey, roomName: name, policy }
  const { roomId, prepared } = await prepareGenesis(author, request)
  for (const { page, bytes } of prepared.wraps?.pages ?? []) {
    const key = wrapPageKey(roomId, prepared.wraps?.name ?? zeroHash, page)
    await store.commit({ then: [{ kind: 'put', key, value: bytes }] })
  }
  if (prepared.wraps) await new KeptWraps(home, roomId).keep(0, prepared.wraps.name, prepared.wraps.pages)
  const { record, card } = prepared.seal({ i: 0, previousHash: zeroHash, at: clock.now(), seq: 0 })
  // In the vault first: a room that its creator doesn't remember would be lost to them; the reverse is harmless.
  await identity.setRoom({ roomId, name, memberIndex: 0, knockHash: null, standing: 'member', head: null })
  const directory = directoryKey(skeleton(name))
  const { ok, reads } = await store.commit({
    if: [
      sameStoreIdentity(incarnation),
      { kind: 'revision', key: logKey(roomId, 0), modRevision: 0 },
      ...(unlisted ? [] : [{ kind: 'revision', key: directory, modRevision: 0 } as const]),
    ],
    then: [
      { kind: 'put', key: logKey(roomId, 0), value: record },
      { kind: 'put', key: controlKey(roomId, 0), value: encode(0) },
      ...(card ? [{ kind: 'put', key: cardKey(roomId), value: card } as const] : []),
      ...(unlisted ? [] : [{ kind: 'put', key: directory, value: listing({ roomId, name }) } as const]),
    ],
    else: [{ kind: 'read', key: incarnationKey }],
  })
  if (!ok) {
    await identity.forgetRoom(roomId)
    const found = reads[0]?.[0]?.value
    life.found(found)
    if (found === undefined || !equalBytes(found, incarnation)) return undefined
    throw new ConclaveError('name-taken', `There is already a room named ${name}, or one that looks like it`, {
      hint: ['Join it (', command('join', name), '), choose another name, or create it unlisted.'],
    })
  }
  return roomId
}
