/**
 * Where an identity's own data lies in its local store: the vault, the replica of its rooms, drafts, the outbox.
 * Nothing here is plaintext: records are sealed as in the shared store, the rest under the vault's local key.
 */
import { concat, hex, prefixEnd, u64, utf8, type Bytes } from '../../base/bytes.ts'
import { hashBytes } from '../../crypto/hash.ts'
import type { KeyRange } from '../../protocol/paths.ts'

/** [name, root key, last used at]: what a login screen shows before the passphrase. */
export const identityKey = utf8('identity')
export const localVaultKey = utf8('vault')
/** The keys under which everything else here is sealed (local-seal.ts). */
export const localKeysKey = utf8('keys')
/** A passphrase change that the store's copy of the vault has not followed yet (vault-copy.ts). */
export const passwordChangeKey = utf8('password-change')
/** The recovery code of a chosen passphrase (recovery-code.ts). */
export const recoveryCodeKey = utf8('recovery-code')
/** When this home got the vault from the store's copy, by its clock; absent where the identity was made here. */
export const copiedAtKey = utf8('copied-at')
/** The highest sequence number seen of the store's copy. */
export const copySeenKey = utf8('copy-seen')

const allUnder = (prefix: Bytes): KeyRange => ({ start: prefix, end: prefixEnd(prefix) })
const room = (roomId: Bytes, rest: string): Bytes => utf8(`rooms/${hex(roomId)}/${rest}`)

export const roomsRange: KeyRange = allUnder(utf8('rooms/'))
/** Incarnations of the stores that this identity belongs to. */
export const knownIdentityKey = (incarnation: Bytes): Bytes => utf8(`lives/${hex(incarnation)}`)
/** The copy of the vault as the store has it: sealed also for machines without a home. */
export const storedVaultKey = utf8('stored-vault')

export const replicaKey = (roomId: Bytes, i: number): Bytes => concat(room(roomId, 'log/'), u64(i))
export const replicaRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'log/'))
/** The records that changed the room; the value is their `i` too. */
export const replicaControlKey = (roomId: Bytes, i: number): Bytes => concat(room(roomId, 'control/'), u64(i))
export const replicaControlRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'control/'))
/** From where on records are being archived; exists only while that is under way. */
export const divergenceKey = (roomId: Bytes): Bytes => room(roomId, 'parting')
/** Where the store's log diverged from the copy here, one entry per fork. */
export const divergedKey = (roomId: Bytes, time: number): Bytes => concat(room(roomId, 'parted/'), u64(time))
export const divergedRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'parted/'))
/** Archived records: the store had them before it was rolled back, and others wrote first. */
export const divergedItemKey = (roomId: Bytes, time: number, i: number): Bytes =>
  concat(room(roomId, 'lost/'), u64(time), u64(i))
export const divergedItemRange = (roomId: Bytes, time: number): KeyRange =>
  allUnder(concat(room(roomId, 'lost/'), u64(time)))
/** Pages of wraps, by their epoch, name and number. */
export const keptWrapsKey = (roomId: Bytes, epoch: number, name: Bytes, page: number): Bytes =>
  concat(room(roomId, 'wraps/'), u64(epoch), name, u64(page))
export const keptWrapsRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'wraps/'))
/** All pages beside this one. */
export const keptWrapsOf = (key: Bytes): KeyRange => allUnder(key.slice(0, -8))
/** The name in such a key, or in its beginning. */
export const keptWrapsName = (key: Bytes): Bytes => key.slice(wrapsNameAt, wrapsNameAt + hashBytes)
/** What members' void records prove of changes that the store does not show. */
export const withheldKey = (roomId: Bytes): Bytes => room(roomId, 'gaps')
export const branchesKey = (roomId: Bytes): Bytes => room(roomId, 'branches')
/** From where on the log is to be judged again with keys that arrived late; exists only while that is put off. */
export const replayFromKey = (roomId: Bytes): Bytes => room(roomId, 'replay-from')
export const checkpointKey = (roomId: Bytes): Bytes => room(roomId, 'checkpoint')
/** The secret of an epoch, by its confirm. */
export const secretKey = (roomId: Bytes, confirm: Bytes): Bytes => concat(room(roomId, 'secrets/'), confirm)
export const secretsRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'secrets/'))
/** The search index: what is known of a block of records (search-index.ts). */
export const searchKey = (roomId: Bytes, block: number): Bytes => concat(room(roomId, 'search/'), u64(block))
export const searchRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'search/'))
export const readKey = (roomId: Bytes): Bytes => room(roomId, 'read')
/** The room in which this home last marked messages as read: how its programs tell each other. */
export const lastReadKey = utf8('last-read')
/** Which messages of a block of counters have been shown; `name`: the author's first root key, device and block. */
export const seenKey = (roomId: Bytes, name: Bytes): Bytes => concat(room(roomId, 'seen/'), name)
export const seenRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'seen/'))
/** The same, merged, for blocks that used to have a row each; a later page counts. */
export const seenPageKey = (roomId: Bytes, page: number): Bytes => concat(room(roomId, 'seen-pages/'), u64(page))
export const seenPagesRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'seen-pages/'))
export const roomDataRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, ''))

/** Where the copy of a room ended when it was dropped, to prove that what is fetched again is the same log. */
export const rememberedKey = (roomId: Bytes): Bytes => utf8(`remembered/${hex(roomId)}`)

/** Text that was typed in a room and not sent, and the lines that were sent. */
export const draftKey = (roomId: Bytes): Bytes => utf8(`typed/${hex(roomId)}/draft`)
export const linesKey = (roomId: Bytes): Bytes => utf8(`typed/${hex(roomId)}/lines`)
export const typedRange: KeyRange = allUnder(utf8('typed/'))
export const roomTypedRange = (roomId: Bytes): KeyRange => allUnder(utf8(`typed/${hex(roomId)}/`))

export const outboxKey = (roomId: Bytes, device: Bytes, counter: number): Bytes =>
  concat(utf8(`outbox/${hex(roomId)}/${hex(device)}/`), u64(counter))
export const outboxRange = (roomId: Bytes): KeyRange => allUnder(utf8(`outbox/${hex(roomId)}/`))
export const outboxesRange: KeyRange = allUnder(utf8('outbox/'))
export const attemptKey = (roomId: Bytes, device: Bytes): Bytes => utf8(`attempts/${hex(roomId)}/${hex(device)}`)
export const attemptRange = (roomId: Bytes): KeyRange => allUnder(utf8(`attempts/${hex(roomId)}/`))
/** Held under a lease by the process that sends what this device has queued. */
export const outboxWriterKey = (device: Bytes): Bytes => utf8(`lanes/${hex(device)}`)

const wrapsNameAt = room(new Uint8Array(hashBytes), 'wraps/').length + 8
