/** An unlocked identity: its keys ready for use, and its memory (the vault's body) kept in the home and in the store. */
import { equalBytes, type Bytes } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { ConclaveError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { fingerprint } from '../crypto/fingerprint.ts'
import { derive } from '../crypto/derive.ts'
import type { Random } from '../crypto/random.ts'
import { seedBytes, signerFromSeed, type Signer } from '../crypto/sign.ts'
import { skeleton } from '../crypto/skeleton.ts'
import { mergeVaultBodies } from '../crypto/vault-merge.ts'
import type { VaultBody, VaultRoom } from '../crypto/vault-body.ts'
import { localKey, openVaultWithKey, resealVault, type OpenVault } from '../crypto/vault.ts'
import { sealKey, type SealKey } from '../crypto/seal.ts'
import { unwrapperFromSeed, wrapSeedBytes, type Unwrapper } from '../crypto/wrap.ts'
import { vaultKey } from '../protocol/paths.ts'
import type { Store } from '../store/store.ts'
import type { Person } from './item.ts'
import { identityKey, localVaultKey } from './local-paths.ts'
import { readOne } from './read-one.ts'

const casTriesMax = 20

export class Identity {
  readonly name: string
  /** Seals what the home keeps beside the vault. */
  readonly local: SealKey
  #body: VaultBody
  #keys: Keys
  readonly #dataKey: Bytes
  readonly #home: Store
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(opened: OpenVault, keys: Keys, home: Store) {
    this.name = opened.name
    this.#keys = keys
    this.local = sealKey(localKey(opened.dataKey))
    this.#body = opened.body
    this.#dataKey = opened.dataKey
    this.#home = home
  }

  static async unlock(opened: OpenVault, home: Store): Promise<Identity> {
    return new Identity(opened, await keysOf(opened.body), home)
  }

  get signer(): Signer {
    return this.#keys.signer
  }

  /** Of root keys that were replaced, newest first: a room may not know of the new one yet. */
  get formerSigners(): readonly Signer[] {
    return this.#keys.former
  }

  /** Newest first; the first is in force. */
  get unwrappers(): readonly Unwrapper[] {
    return this.#keys.unwrappers
  }

  /** A 16-byte pseudonym that only this identity can make, and that outlives a change of keys. */
  pseudonym(label: string, about: Bytes): Bytes {
    const { rootSeed, formerRootSeeds } = this.#body
    return derive(formerRootSeeds.at(-1) ?? rootSeed, label, about).slice(0, 16)
  }

  /** Draws new keys; the old ones stay, to open what was wrapped for them. Durable in the home when it resolves. */
  async renewKeys(random: Random): Promise<void> {
    const rootSeed = random(seedBytes)
    const wrapSeed = random(wrapSeedBytes)
    await this.update((body) => ({
      ...body,
      rootSeed,
      formerRootSeeds: [body.rootSeed, ...body.formerRootSeeds],
      wrapSeeds: [wrapSeed, ...body.wrapSeeds],
      generation: body.generation + 1,
    }))
    this.#keys = await keysOf(this.#body)
  }

  /** Writes down what a login screen shows before the password. `now`: when it was last used. */
  async introduce(now: number): Promise<void> {
    const value = encode([this.name, this.signer.publicKey, now])
    await this.#home.commit({ then: [{ kind: 'put', key: identityKey, value }] })
  }

  get self(): Person {
    return { name: this.name, fingerprint: fingerprint(this.signer.publicKey) }
  }

  get wrapKey(): Bytes {
    return (this.unwrappers[0] as Unwrapper).publicKey
  }

  get body(): VaultBody {
    return this.#body
  }

  room(roomId: Bytes): VaultRoom | undefined {
    return this.#body.rooms.find((room) => equalBytes(room.roomId, roomId))
  }

  /** Sets what the vault remembers of a room: durable in the home when it resolves. */
  async setRoom(room: VaultRoom): Promise<void> {
    await this.update((body) => ({
      ...body,
      rooms: [...body.rooms.filter(({ roomId }) => !equalBytes(roomId, room.roomId)), room],
    }))
  }

  async forgetRoom(roomId: Bytes): Promise<void> {
    await this.update((body) => ({ ...body, rooms: body.rooms.filter((room) => !equalBytes(room.roomId, roomId)) }))
  }

  /** One after the other; other processes of this home may change the vault too, so each change is compared and merged. */
  update(change: (body: VaultBody) => VaultBody): Promise<void> {
    const done = this.#turn.then(() => this.#updateHome(change))
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #updateHome(change: (body: VaultBody) => VaultBody): Promise<void> {
    for (let attempt = 0; attempt < casTriesMax; attempt += 1) {
      const entry = await readOne(this.#home, localVaultKey)
      const opened = entry && openVaultWithKey(entry.value, this.#dataKey)
      if (entry === undefined || opened?.kind !== 'open') throw vaultGone()
      const body = change(opened.body)
      const value = resealVault(entry.value, this.#dataKey, body)
      if (value === undefined) throw vaultGone()
      const { ok } = await this.#home.commit({
        if: [{ kind: 'revision', key: localVaultKey, modRevision: entry.modRevision }],
        then: [{ kind: 'put', key: localVaultKey, value }],
      })
      if (ok) {
        this.#body = body
        return
      }
    }
    throw new ConclaveError('unavailable', 'the vault in the home is busy', { retryable: true })
  }

  /**
   * Brings the copy in the store up to the home's, keeping what other machines have added. Nothing is lost when it
   * fails: the next one carries it all.
   */
  async copyToStore(store: Store, log: Logger, signal?: AbortSignal): Promise<void> {
    const key = vaultKey(skeleton(this.name))
    for (let attempt = 0; attempt < casTriesMax; attempt += 1) {
      const entry = await readOne(store, key, signal)
      if (entry === undefined) return
      const theirs = openVaultWithKey(entry.value, this.#dataKey)
      if (theirs.kind !== 'open') {
        log.warn('vault.copy.unreadable')
        return
      }
      const merged = mergeVaultBodies(this.#body, theirs.body)
      const value = resealVault(entry.value, this.#dataKey, merged)
      if (value === undefined) return
      const { ok } = await store.commit(
        {
          if: [{ kind: 'revision', key, modRevision: entry.modRevision }],
          then: [{ kind: 'put', key, value }],
        },
        signal,
      )
      if (ok) return
    }
  }
}

interface Keys {
  readonly signer: Signer
  readonly former: readonly Signer[]
  readonly unwrappers: readonly Unwrapper[]
}

async function keysOf({ rootSeed, formerRootSeeds, wrapSeeds }: VaultBody): Promise<Keys> {
  return {
    signer: signerFromSeed(rootSeed),
    former: formerRootSeeds.map(signerFromSeed),
    unwrappers: await Promise.all(wrapSeeds.map((seed) => unwrapperFromSeed(seed))),
  }
}

function vaultGone(): ConclaveError {
  return new ConclaveError('wrong-password', 'the vault in the home was changed elsewhere', {
    hint: 'the password was changed on this machine: log in again with the new one',
  })
}
