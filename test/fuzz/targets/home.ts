/** What lies in a home: vaults, the copies of rooms, the outbox, files; and the copy of a vault in the store. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concat, hex, utf8, type Bytes } from '../../../src/base/bytes.ts'
import { encode } from '../../../src/base/codec.ts'
import { vaultBytesMax, vaultEnvelopeBytes, vaultRoomsMax } from '../../../src/base/limits.ts'
import { readConfig } from '../../../src/client/config.ts'
import {
  attemptKey,
  checkpointKey,
  copiedAtKey,
  copySeenKey,
  identityKey,
  localKeysKey,
  outboxKey,
  divergedKey,
  divergenceKey,
  draftKey,
  linesKey,
  passwordChangeKey,
  readKey,
  rememberedKey,
  replicaKey,
  secretKey,
  seenKey,
  seenPageKey,
} from '../../../src/chat/home/local-paths.ts'
import { LocalSeal, readLocalKeys } from '../../../src/chat/home/local-seal.ts'
import { TypedTextRows } from '../../../src/chat/home/typed-text.ts'
import { knownIdentities } from '../../../src/chat/open-accounts.ts'
import { Outbox } from '../../../src/chat/outbox/outbox.ts'
import { divergenceValue } from '../../../src/chat/replica/divergence.ts'
import { ReadMark } from '../../../src/chat/timeline/read-mark.ts'
import { Replica } from '../../../src/chat/replica/replica.ts'
import { RoomSecrets } from '../../../src/chat/replica/room-secrets.ts'
import { readChange, readCopiedAt, readSeen } from '../../../src/chat/identity/vault-copy.ts'
import { argonFloor } from '../../../src/crypto/password.ts'
import { sealWithNonce, sealKey } from '../../../src/crypto/seal.ts'
import { createVault, localKey, openVaultWithKey, resealVault, vaultHeader } from '../../../src/crypto/vault.ts'
import { fitVault } from '../../../src/crypto/vault-bounds.ts'
import { decodeVaultBody, encodeVaultBody, type VaultBody } from '../../../src/crypto/vault-body.ts'
import { contentValue } from '../../../src/protocol/content.ts'
import { Keyring } from '../../../src/protocol/keyring.ts'
import { nodePaths } from '../../../src/node/home/paths.ts'
import { readState, writeState, type NodeState } from '../../../src/node/home/state.ts'
import { runningNode } from '../../../src/node/process/pid-file.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { SqliteStore } from '../../../src/store/sqlite/store.ts'
import { acquireLock } from '../../../scripts/lock.js'
import { fullBody, smallBody } from '../../crypto/vault-fixture.ts'
import type { Chance } from '../chance.ts'
import { mutateBytes, mutateJson, mutateText } from '../mutate.ts'
import { demand, sizeOf, type Target } from '../target.ts'
import type { Specimens } from './specimens.ts'

const zero = (length: number): Bytes => new Uint8Array(length)

/** A vault that others have filled: with pins in bulk, and rooms. */
function overfull(
  counts: Record<'pinned' | 'retired' | 'confirmed' | 'inside' | 'former' | 'long', number>,
): VaultBody {
  const { pinned, retired, confirmed, inside, former, long } = counts
  const id = (n: number): Bytes => concat(zero(28), Uint8Array.of(n >> 24, n >> 16, n >> 8, n))
  const room = { name: 'm'.repeat(1 + (long % 64)), memberIndex: 2 ** 40, knockHash: zero(32), head: null }
  return {
    ...smallBody(),
    pins: Array.from({ length: pinned }, (_, n) => {
      const pin = { confirmed: n % 256 < confirmed / 2, retired: n % 256 < retired, firstSeenAt: n, decidedAt: n }
      return { ...pin, name: `${'m'.repeat(long % 26)}${n}`, rootKey: id(n) }
    }),
    rooms: Array.from({ length: inside + former }, (_, n) => {
      return { ...room, roomId: id(n), standing: n < inside ? ('member' as const) : ('left' as const) }
    }),
  }
}

export async function homeTargets({ world, messages, controls }: Specimens): Promise<readonly Target[]> {
  const { roomId } = world
  const vaults = await makeVaults()
  const secret = zero(32).fill(3)
  const key = sealKey(secret)
  const random = (length: number): Bytes => zero(length)
  const sealed = (at: Bytes, plain: Bytes): Bytes => concat(zero(12), sealWithNonce(key, zero(12), at, plain))
  const device = zero(8)
  const rows = [...messages, ...controls].map((bytes, i) => encode([bytes, i % 3, i, [], i]))

  /** One value of a home's store, read the way that the program reads it. */
  const stored = (
    name: string,
    at: Bytes,
    valid: readonly Bytes[],
    read: (home: MemoryStore) => Promise<unknown>,
    wrap = (bytes: Bytes): Bytes => bytes,
  ): Target => ({
    name,
    micros: 50,
    make: (chance: Chance) => mutateBytes(chance, valid),
    async read(input) {
      const home = new MemoryStore()
      await home.commit({ then: [{ kind: 'put', key: at, value: wrap(input as Bytes) }] })
      const value = await read(home)
      demand(value === undefined || sizeOf(value) <= 4 * input.length + 2048, 'more than was read')
      return value
    },
  })
  const locals = new LocalSeal([secret], random)
  const outer = new LocalSeal([localKey(secret)], random)
  const replica = (home: MemoryStore) => new Replica(home, roomId)
  const secrets = async (home: MemoryStore) => {
    const keyring = new Keyring()
    await new RoomSecrets(home, roomId, locals).load(keyring)
    return keyring.all().map(({ secret }) => secret)
  }
  const readUpTo = async (home: MemoryStore) => {
    const reading = new ReadMark(home, roomId, 'ada', () => false)
    await reading.load()
    return reading.upTo
  }
  const outbox = (home: MemoryStore) => new Outbox(home, locals, random)
  const secretAt = secretKey(roomId, zero(32))
  const queuedAt = outboxKey(roomId, device, 7)
  const [draftAt, linesAt] = [draftKey(roomId), linesKey(roomId)]
  const draft = encode(['yes', 'reply', '5', 'bob: lunch?', 'and'])
  const readTyped = (home: MemoryStore) => new TypedTextRows(home, locals).read(hex(roomId))
  const queued = encode([5, contentValue({ type: 'text', text: 'soon' })])

  const targets: readonly Target[] = [
    {
      name: 'vault',
      micros: 40,
      make: (chance) => mutateBytes(chance, vaults.whole),
      read(input) {
        const bytes = input as Bytes
        const outcome = openVaultWithKey(bytes, vaults.dataKey)
        const opened = outcome.kind === 'open'
        demand(!opened || vaults.whole.some((whole) => Buffer.compare(whole, bytes) === 0), 'a changed vault opens')
        demand((resealVault(bytes, vaults.dataKey, smallBody()) !== undefined) === opened, 'reseals what does not open')
        return [vaultHeader(bytes), outcome.kind]
      },
    },
    {
      name: 'vault, inside',
      micros: 60,
      make: (chance) => mutateBytes(chance, vaults.bodies),
      read(input) {
        const body = decodeVaultBody(input as Bytes)
        demand(Buffer.compare(encodeVaultBody(body), input as Bytes) === 0, 'another encoding of the same')
        return body
      },
    },
    {
      name: 'vault, overfull',
      micros: 300_000,
      make: (chance) => chance.bytes(6),
      read(input) {
        const [pinned = 0, retired = 0, confirmed = 0, inside = 0, former = 0, long = 0] = input as Bytes
        const body = overfull({ pinned: 64 * pinned, retired, confirmed, inside: 9 * inside, former: 9 * former, long })
        const fitted = fitVault(body)
        demand(encodeVaultBody(fitted).length <= vaultBytesMax - vaultEnvelopeBytes, 'larger than a vault can be')
        const kept = new Set(fitted.pins)
        const gone = body.pins.filter((pin) => !kept.has(pin))
        demand(
          gone.every((pin) => !pin.confirmed || pin.retired),
          'a verified key let go',
        )
        const joined = fitted.rooms.filter(({ standing }) => standing === 'member').length
        demand(joined === Math.min(9 * inside, vaultRoomsMax), 'a room let go that the person is in')
        return fitted.pins.length
      },
    },
    stored('copy of a record', replicaKey(roomId, 0), rows, (home) => replica(home).rows(0, 1, 1)),
    stored('where a copy ends', checkpointKey(roomId), [encode([3, zero(32), 4])], (home) => replica(home).load()),
    stored('where a dropped copy ended', rememberedKey(roomId), [encode([3, zero(32), 4])], (home) =>
      replica(home).remembered(),
    ),
    stored('what was seen', seenKey(roomId, concat(zero(32), device, zero(8))), [encode(zero(32))], (home) =>
      replica(home).load(),
    ),
    stored('what was read', readKey(roomId), [encode(17)], readUpTo),
    stored(
      'where a log parted',
      divergedKey(roomId, 0),
      [divergenceValue({ from: 3, to: 5, previousHash: zero(32) })],
      (home) => replica(home).load(),
    ),
    stored('where a parting began', divergenceKey(roomId), [encode(3)], (home) => replica(home).load()),
    stored('pages of what was seen', seenPageKey(roomId, 0), [encode([[zero(32), device, 3, zero(32)]])], (home) =>
      replica(home).load(),
    ),
    stored('secret, sealed', secretAt, [sealed(secretAt, encode([0, zero(32), zero(32), zero(32)]))], secrets),
    stored('secret, inside', secretAt, [encode([0, zero(32), zero(32), zero(32)])], secrets, (bytes) =>
      sealed(secretAt, bytes),
    ),
    stored('queued message, sealed', queuedAt, [sealed(queuedAt, queued)], (home) => adopted(outbox(home), roomId)),
    stored(
      'queued message, inside',
      queuedAt,
      [queued],
      (home) => adopted(outbox(home), roomId),
      (bytes) => sealed(queuedAt, bytes),
    ),
    stored('draft, sealed', draftAt, [sealed(draftAt, draft)], readTyped),
    stored('draft, inside', draftAt, [draft], readTyped, (bytes) => sealed(draftAt, bytes)),
    stored('sent lines', linesAt, [encode(['one', 'two'])], readTyped, (bytes) => sealed(linesAt, bytes)),
    stored('attempt', attemptKey(roomId, device), [encode([4, zero(32), messages[0] as Bytes])], (home) =>
      outbox(home).attempt(roomId, device),
    ),
    stored('keys of a home, sealed', localKeysKey, [outer.seal(localKeysKey, encode([true, [secret]]))], (home) =>
      readLocalKeys(home, secret),
    ),
    stored(
      'keys of a home, inside',
      localKeysKey,
      [encode([true, [secret]]), encode([false, [zero(32), secret]])],
      (home) => readLocalKeys(home, secret),
      (bytes) => outer.seal(localKeysKey, bytes),
    ),
    stored(
      'change of a password',
      passwordChangeKey,
      [encode([secret, vaults.whole[0] as Bytes, false])],
      (home) => readChange(home, secret, random),
      (bytes) => outer.seal(passwordChangeKey, bytes),
    ),
    stored('what was seen of the vault’s copy', copySeenKey, [encode(17)], readSeen),
    stored('when the vault was copied', copiedAtKey, [encode(17)], readCopiedAt),
    stored('known identity', identityKey, [encode(['ada', zero(32), 5])], (home) =>
      knownIdentities({ names: async () => ['ada'], open: async () => home }),
    ),
    ...fileTargets(),
  ]
  // These are read in front of a person: errors have to say what to do.
  return targets.map((target) => (target.name === 'vault, inside' ? target : { ...target, toPeople: true }))
}

async function adopted(outbox: Outbox, roomId: Bytes): Promise<unknown> {
  try {
    return (await outbox.adopt(roomId)).adopted
  } finally {
    await outbox.close()
  }
}

async function makeVaults() {
  const password = 'legal winner thank year wave sausage'
  const base = { name: 'ada', password, argon: argonFloor }
  const { local, dataKey } = await createVault({ ...base, body: fullBody(), protection: 'generated' })
  const whole = [local, resealVault(local, dataKey, smallBody()) as Bytes]
  return { whole, dataKey, bodies: [encodeVaultBody(fullBody()), encodeVaultBody(smallBody())] }
}

/** Files of a home, one folder for all inputs. */
function fileTargets(): readonly Target[] {
  const home = mkdtempSync(join(tmpdir(), 'conclave-fuzz-'))
  process.on('exit', () => rmSync(home, { recursive: true, force: true }))
  const paths = nodePaths(home)
  const state: NodeState = {
    version: 1,
    settings: { name: 'n', listen: '0.0.0.0', advertise: '10.0.0.1', clientPort: 2379, peerPort: 2380, wan: false },
    phase: 'claimed',
    token: 't',
    ticket: { id: 'a', digest: 'b', authority: 'c', certificate: 'd', ticketKey: 'e', key: 'f' },
    endpoints: ['10.0.0.1:2379'],
  }
  const file = (name: string, path: string, valid: readonly unknown[], read: () => Promise<unknown>): Target => ({
    name,
    micros: 800,
    make: (chance) =>
      chance.oneIn(2)
        ? mutateText(
            chance,
            valid.map((value) => JSON.stringify(value)),
          )
        : JSON.stringify(mutateJson(chance, chance.pick(valid))),
    read(input) {
      writeFileSync(path, utf8(input as string))
      return read()
    },
  })
  const ready = writeState(paths, state)
  const afterState = async <T>(read: () => Promise<T>): Promise<T> => ready.then(read)
  return [
    file('configuration', join(home, 'config.json'), [{ store: 'etcd://a:1' }, {}], () => readConfig(home)),
    file('state of a node', paths.state, [state], () => afterState(() => readState(paths))),
    file('note of a running node', paths.running, [{ pid: 1, began: '5' }], () => afterState(() => runningNode(paths))),
    file('lock file', join(home, 'lock'), [[{ pid: 2 ** 22 + 7, began: '5' }]], async () => {
      const lock = await acquireLock(join(home, 'lock'))
      lock.release()
    }),
    databaseTarget(home),
  ]
}

/** The embedded store's file: its first page says what it is. */
function databaseTarget(home: string): Target {
  const path = join(home, 'store.db')
  const made = SqliteStore.open(path).then(async (store) => {
    await store.commit({ then: [{ kind: 'put', key: utf8('a'), value: utf8('b') }] })
    await store.close()
    return new Uint8Array(readFileSync(path))
  })
  let valid: Bytes | undefined
  void made.then((bytes) => (valid = bytes))
  return {
    name: 'database file',
    micros: 400,
    make: (chance) =>
      mutateBytes(chance, valid === undefined ? [] : [valid, valid.slice(0, 4096), valid.slice(0, 100)]),
    async read(input) {
      await made
      for (const side of ['-wal', '-shm', '-bell', '']) rmSync(path + side, { force: true })
      writeFileSync(path, input)
      const store = await SqliteStore.open(path)
      try {
        return await store.range(utf8('a'), utf8('z'))
      } finally {
        await store.close()
      }
    },
  }
}
