/**
 * A person's name in the store: restored if the store has lost it, or has an older record or none that is valid. Apart
 * from rooms and the copy of the vault, which have their own repair, nothing else of a person is stored there.
 */
import type { Clock } from '../../base/clock.ts'
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { openPatienceMs } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Signer } from '../../crypto/sign.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { createNameRecord, decodeNameRecord, descendsFrom, renewNameRecord } from '../../protocol/name-record.ts'
import { userKey } from '../../protocol/paths.ts'
import type { Store } from '../../store/store.ts'
import type { Recovery } from '../chat.ts'
import type { Identity } from './identity.ts'
import { sameStoreIdentity, type StoreIdentity } from '../connection/store-identity.ts'
import type { Lineage } from './lineage.ts'
import { readOne } from '../../store/read-one.ts'

export interface OwnNameParts {
  readonly store: Store
  readonly identity: Identity
  readonly clock: Clock
  readonly log: Logger
  readonly life: StoreIdentity
  readonly lineage: Lineage
  changed(): void
  /** The name is there again: what depends on it may follow. */
  restored(): void
}

type Outcome = 'valid' | 'restored' | 'replaced' | 'taken' | 'unknown'

export class OwnName {
  readonly #parts: OwnNameParts
  readonly #closing = new AbortController()
  #looking: Promise<void> | undefined
  #outcome: Outcome = 'valid'

  constructor(parts: OwnNameParts) {
    this.#parts = parts
  }

  get recovery(): Recovery | undefined {
    const { name } = this.#parts.identity
    const counts = { done: 0, total: 0 }
    switch (this.#outcome) {
      case 'valid':
        return undefined
      case 'restored':
        return {
          ...{ kind: 'put-back', ...counts, short: 'your name was restored to the store' },
          text: 'Your name was missing, outdated or damaged in the store, and was restored.',
          hint: 'You don’t have to do anything.',
        }
      case 'replaced':
        return {
          ...{ kind: 'damaged', ...counts, short: 'your keys here are older than those in the store' },
          text: `The keys of ${name} were replaced on another machine, and the new ones are not here: the store gave this machine an older copy of them, or doesn't have the newer one yet.`,
          hint: 'Start Conclave on the other machine, then here again.',
        }
      case 'taken':
        return {
          ...{ kind: 'damaged', ...counts, short: `someone else has the name ${name} in this store` },
          text: `Someone else has the name ${name} in this store: others find their key under it.`,
          hint: 'Tell the others, and compare fingerprints with them. Your rooms are not affected.',
        }
      case 'unknown':
        return {
          ...{ kind: 'damaged', ...counts, short: "this store doesn't know you" },
          text: `This store doesn't know ${name}: it is another one, or was rolled back to before you signed up. Nothing of yours is written to it.`,
          hint: 'Use the store in which you signed up.',
        }
    }
  }

  /** Checks for it when the store is first reached, and whenever it was restored. */
  look(): void {
    const { signal } = this.#closing
    this.#looking ??= this.#look(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#parts.log.warn('own-name', { error: String(error) })
      })
      .finally(() => (this.#looking = undefined))
  }

  /** Waits a moment at most for a store that does not answer. */
  async close(): Promise<void> {
    await Promise.race([this.#looking, this.#parts.clock.sleep(openPatienceMs, { ref: false })])
    this.#closing.abort()
    await this.#looking
  }

  /** For what needs the name to be there. @throws no-such-user, tampering where it can't be restored */
  async require(): Promise<void> {
    await this.#look(this.#closing.signal)
    const found = this.recovery
    if (found?.kind !== 'damaged') return
    throw new ConclaveError(this.#outcome === 'unknown' ? 'no-such-user' : 'tampering', found.text, {
      hint: found.hint,
    })
  }

  async #look(signal: AbortSignal): Promise<void> {
    const parts = this.#parts
    this.#outcome = (await parts.lineage.isOurs(signal)) ? await this.#restore(signal) : 'unknown'
    if (this.#outcome === 'restored') parts.restored()
    if (this.#outcome !== 'valid') parts.changed()
  }

  async #restore(signal: AbortSignal): Promise<Outcome> {
    const { identity, store, life } = this.#parts
    const key = userKey(skeleton(identity.name))
    const entry = await readOne(store, key, signal)
    const record = nameRecord(identity, entry?.value)
    if (record === 'another' || record === 'replaced') return record === 'another' ? 'taken' : 'replaced'
    if (record === undefined) return 'valid'
    const { ok } = await store.commit(
      {
        if: [sameStoreIdentity(await life.known()), { kind: 'revision', key, modRevision: entry?.modRevision ?? 0 }],
        then: [{ kind: 'put', key, value: record }],
      },
      signal,
    )
    return ok ? 'restored' : 'valid'
  }
}

/** What should be in the store; undefined if it is. Rebuilt from the vault: each key signs the next. */
function nameRecord({ name, signer, formerSigners, wrapKey }: Identity, found: Uint8Array | undefined) {
  const keys = [...formerSigners.toReversed(), signer]
  let record = found && decoded(found, name)
  let reached = keys.findIndex(({ publicKey }) => record !== undefined && equalBytes(publicKey, record.rootKey))
  if (record !== undefined && reached === -1) return descendsFrom(record, signer.publicKey) ? 'replaced' : 'another'
  let bytes: Bytes | undefined
  while (reached < keys.length - 1) {
    const [previous, next] = [keys[reached], keys[reached + 1] as Signer]
    bytes =
      record === undefined || previous === undefined
        ? createNameRecord(name, next, wrapKey)
        : renewNameRecord(record, previous, next, wrapKey)
    record = decodeNameRecord(bytes, name)
    reached += 1
  }
  return bytes
}

/** Bytes that aren't a record of this name count as none. */
function decoded(bytes: Uint8Array, name: string) {
  try {
    return decodeNameRecord(bytes, name)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
