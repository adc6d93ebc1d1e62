/**
 * Whether this identity belongs to a store. Only there is anything restored: a home may be used with other stores too,
 * whose people have no claim to data from elsewhere.
 */
import { emptyBytes } from '../../base/bytes.ts'
import { isConclaveError } from '../../base/errors.ts'
import { storeOperationsMax } from '../../base/limits.ts'
import { descendsFrom } from '../../protocol/name-record.ts'
import { formerIncarnationRange } from '../../protocol/paths.ts'
import type { Store } from '../../store/store.ts'
import type { Identity } from './identity.ts'
import type { StoreIdentity } from '../connection/store-identity.ts'
import { knownIdentityKey } from '../home/local-paths.ts'
import { readOne } from '../../store/read-one.ts'
import { lookUpName } from './registry.ts'

export interface LineageParts {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly life: StoreIdentity
}

export class Lineage {
  readonly #parts: LineageParts

  constructor(parts: LineageParts) {
    this.#parts = parts
  }

  /** By its incarnation, an earlier one, or this identity's name record. Remembered from then on. */
  async isOurs(signal?: AbortSignal): Promise<boolean> {
    const { home, life } = this.#parts
    const key = knownIdentityKey(await life.known())
    if ((await readOne(home, key)) !== undefined) return true
    if (!(await this.#knowsName(signal)) && !(await this.#wentBefore(signal))) return false
    await home.commit({ then: [{ kind: 'put', key, value: emptyBytes }] })
    return true
  }

  async #knowsName(signal?: AbortSignal): Promise<boolean> {
    const { store, identity } = this.#parts
    const record = await lookUpName(store, identity.name, signal).catch((error: unknown) => {
      if (isConclaveError(error, 'tampering')) return undefined
      throw error
    })
    const own = [identity.signer, ...identity.formerSigners]
    return record !== undefined && own.some(({ publicKey }) => descendsFrom(record, publicKey))
  }

  async #wentBefore(signal?: AbortSignal): Promise<boolean> {
    const { store, home } = this.#parts
    const { start, end } = formerIncarnationRange
    const { entries } = await store.range(start, end, { limit: storeOperationsMax, keysOnly: true }, signal)
    // Store and home name an incarnation in the same way.
    for (const { key } of entries) if ((await readOne(home, key)) !== undefined) return true
    return false
  }
}
