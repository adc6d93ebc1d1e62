/**
 * What a home keeps beside the vault (room secrets, the outbox, drafts) is sealed under a key of its own, which the vault's
 * data key seals. A change of passphrase puts a new key before the former ones in the transaction that changes the
 * vault, then reseals everything: if interrupted in between, both open. A program still using the former key loses
 * nothing.
 */
import { concat, type Bytes } from '../../base/bytes.ts'
import { encode, Fields, FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { localKeysMax } from '../../base/limits.ts'
import type { Random } from '../../crypto/random.ts'
import { nonceBytes, open, seal, sealKey, sealKeyBytes, type SealKey } from '../../crypto/seal.ts'
import { localKey } from '../../crypto/vault.ts'
import type { Entry, Operation, Store, Transaction } from '../../store/store.ts'
import { localKeysKey, outboxesRange, searchRange, secretsRange, typedRange } from './local-paths.ts'
import { readLocal } from './local-value.ts'
import { readOne } from '../../store/read-one.ts'

/** Rows resealed in one transaction: each queued message, or draft, may have the longest text. */
const resealBatch = 60
const resealDrafts = 12

export class LocalSeal {
  readonly #keys: readonly SealKey[]
  readonly #random: Random

  /** `keys` newest first: the first one seals. */
  constructor(keys: readonly Bytes[], random: Random) {
    this.#keys = keys.map(sealKey)
    this.#random = random
  }

  /** `place` is where the result will be stored: it opens nowhere else. */
  seal(place: Bytes, plaintext: Bytes): Bytes {
    const { nonce, ciphertext } = seal(this.#keys[0] as SealKey, place, plaintext, this.#random)
    return concat(nonce, ciphertext)
  }

  open(place: Bytes, sealed: Bytes): Bytes | undefined {
    for (const key of this.#keys) {
      const plaintext = openUnder(key, place, sealed)
      if (plaintext !== undefined) return plaintext
    }
    return undefined
  }

  isCurrent(place: Bytes, sealed: Bytes): boolean {
    return openUnder(this.#keys[0] as SealKey, place, sealed) !== undefined
  }
}

export interface LocalKeys {
  /** Newest first. */
  readonly keys: readonly Bytes[]
  /** Whether nothing is sealed under a former key any more, except by programs that don't know the new one. */
  readonly settled: boolean
}

/** If the passphrase was never changed: the key derived from the data key. @throws tampering */
export async function readLocalKeys(home: Store, dataKey: Bytes): Promise<LocalKeys> {
  const entry = await readOne(home, localKeysKey)
  const outer = localKey(dataKey)
  if (entry === undefined) return { keys: [outer], settled: true }
  const plaintext = openUnder(sealKey(outer), localKeysKey, entry.value)
  if (plaintext === undefined) {
    throw new ConclaveError('tampering', 'The keys of this home do not belong to its vault', {
      hint: 'Log in again with an empty home folder.',
    })
  }
  return readLocal('the list of keys', () => {
    const fields = Fields.decode(plaintext, 2)
    const settled = fields.boolean()
    const keys = fields.array(localKeysMax).map((key) => new Fields([key], 1).fixed(sealKeyBytes))
    if (keys.length === 0) throw new FormatError('no key')
    return { settled, keys }
  })
}

/** Puts a new key before the others, under another data key; commit it together with its vault. */
export function renewLocalKeys({ keys }: LocalKeys, dataKey: Bytes, random: Random): LocalKeys & { put: Operation } {
  const renewed = { keys: [random(sealKeyBytes), ...keys].slice(0, localKeysMax), settled: false }
  return { ...renewed, put: putLocalKeys(renewed, dataKey, random) }
}

/** Reseals under the newest key whatever is still under former ones. Can be interrupted anywhere and started again. */
export async function settleLocalKeys(
  home: Store,
  dataKey: Bytes,
  roomIds: readonly Bytes[],
  random: Random,
): Promise<void> {
  const entry = await readOne(home, localKeysKey)
  const local = await readLocalKeys(home, dataKey)
  if (entry === undefined || local.settled) return
  const locals = new LocalSeal(local.keys, random)
  // Made again by the next search.
  for (const { start: key, end } of roomIds.map(searchRange))
    await home.commit({ then: [{ kind: 'delete', key, end }] })
  const small = [...roomIds.map(secretsRange), outboxesRange].map((range) => ({ ...range, limit: resealBatch }))
  for (const { start, end, limit } of [...small, { ...typedRange, limit: resealDrafts }]) {
    let from: Bytes | undefined = start
    while (from !== undefined) {
      const { entries, more } = await home.range(from, end, { limit })
      await resealAll(home, locals, entries)
      const last: Entry | undefined = entries.at(-1)
      from = more && last !== undefined ? concat(last.key, new Uint8Array(1)) : undefined
    }
  }
  await home.commit({
    if: [{ kind: 'revision', key: localKeysKey, modRevision: entry.modRevision }],
    then: [putLocalKeys({ ...local, settled: true }, dataKey, random)],
  })
}

/** A row that changes during this is written by another program of this home, and stays as written. */
async function resealAll(home: Store, locals: LocalSeal, entries: readonly Entry[]): Promise<void> {
  const changes: Transaction[] = []
  for (const { key, value, modRevision } of entries) {
    const plaintext = locals.isCurrent(key, value) ? undefined : locals.open(key, value)
    if (plaintext === undefined) continue
    const put = { kind: 'put', key, value: locals.seal(key, plaintext) } as const
    changes.push({ if: [{ kind: 'revision', key, modRevision }], then: [put] })
  }
  if (changes.length === 0) return
  const together = { if: changes.flatMap((one) => one.if ?? []), then: changes.flatMap((one) => one.then) }
  const { ok } = await home.commit(together)
  if (!ok) for (const change of changes) await home.commit(change)
}

function putLocalKeys({ keys, settled }: LocalKeys, dataKey: Bytes, random: Random): Operation {
  const outer = new LocalSeal([localKey(dataKey)], random)
  return { kind: 'put', key: localKeysKey, value: outer.seal(localKeysKey, encode([settled, keys])) }
}

function openUnder(key: SealKey, place: Bytes, sealed: Bytes): Bytes | undefined {
  return open(key, sealed.subarray(0, nonceBytes), place, sealed.subarray(nonceBytes))
}
