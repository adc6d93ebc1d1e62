/** An unlocked identity: its keys ready for use, and its memory (the vault's body) kept in the home and in the store. */
import { concat, equalBytes, type Bytes } from '../../base/bytes.ts'
import { encode } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { vaultRoomsMax } from '../../base/limits.ts'
import { fingerprint } from '../../crypto/fingerprint.ts'
import { derive } from '../../crypto/derive.ts'
import type { Random } from '../../crypto/random.ts'
import { seedBytes, signerFromSeed, type Signer } from '../../crypto/sign.ts'
import { fitVault, isCurrent } from '../../crypto/vault-bounds.ts'
import type { VaultBody, VaultRoom } from '../../crypto/vault-body.ts'
import { resealVault, type OpenVault } from '../../crypto/vault.ts'
import { unwrapperFromSeed, wrapSeedBytes, type Unwrapper } from '../../crypto/wrap.ts'
import type { Store } from '../../store/store.ts'
import type { Person } from '../item.ts'
import { identityKey, localVaultKey } from '../home/local-paths.ts'
import { LocalSeal, readLocalKeys, settleLocalKeys } from '../home/local-seal.ts'
import { followCopy, readVault, type Followed } from './vault-copy.ts'

const casTriesMax = 20

export class Identity {
  readonly name: string
  /** Seals what the home keeps beside the vault. */
  readonly local: LocalSeal
  /** Whether a key is that of someone in a room that is open here: it is the last to be let go. */
  sharesRoom: (rootKey: Bytes) => boolean = () => false
  #body: VaultBody
  #keys: Keys
  readonly #dataKey: Bytes
  readonly #home: Store
  /** The revision of `#body` in the home's vault; 0 before the first change. */
  #revision = 0
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(opened: OpenVault, keys: Keys, local: LocalSeal, home: Store) {
    this.name = opened.name
    this.#keys = keys
    this.local = local
    this.#body = opened.body
    this.#dataKey = opened.dataKey
    this.#home = home
  }

  static async unlock(opened: OpenVault, home: Store, random: Random): Promise<Identity> {
    const { dataKey, body } = opened
    const roomIds = body.rooms.map(({ roomId }) => roomId)
    await settleLocalKeys(home, dataKey, roomIds, random)
    const { keys } = await readLocalKeys(home, dataKey)
    return new Identity(opened, await keysOf(body), new LocalSeal(keys, random), home)
  }

  get signer(): Signer {
    return this.#keys.signer
  }

  /** Replaced root keys, newest first: a room may not know the new one yet. */
  get formerSigners(): readonly Signer[] {
    return this.#keys.former
  }

  /** Newest first; the first is in force. */
  get unwrappers(): readonly Unwrapper[] {
    return this.#keys.unwrappers
  }

  /** A 16-byte pseudonym that only this identity can make, and that survives a change of keys. */
  pseudonym(label: string, about: Bytes): Bytes {
    const { rootSeed, formerRootSeeds } = this.#body
    return derive(formerRootSeeds.at(-1) ?? rootSeed, label, about).slice(0, 16)
  }

  /**
   * Generates new keys; the old ones are kept to open what was wrapped for them. Durable in the home once it resolves.
   */
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
  }

  /** Records what a login screen shows before the passphrase. `now`: when it was last used. */
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
  setRoom(room: VaultRoom): Promise<void> {
    return this.changeRoom(room.roomId, () => room)
  }

  /** The same, computed from the current value: others may be changing it too. */
  async changeRoom(id: Bytes, change: (room: VaultRoom | undefined) => VaultRoom): Promise<void> {
    await this.update((body) => {
      const known = body.rooms.find(({ roomId }) => equalBytes(roomId, id))
      return { ...body, rooms: [...body.rooms.filter((room) => room !== known), change(known)] }
    })
  }

  async forgetRoom(roomId: Bytes): Promise<void> {
    await this.update((body) => ({ ...body, rooms: body.rooms.filter((room) => !equalBytes(room.roomId, roomId)) }))
  }

  /** One at a time. Other processes of this home may change the vault too, so each change is compared and merged. */
  update(change: (body: VaultBody) => VaultBody): Promise<void> {
    const done = this.#turn.then(() => this.#updateHome(change))
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #updateHome(change: (body: VaultBody) => VaultBody): Promise<void> {
    for (let attempt = 0; attempt < casTriesMax; attempt += 1) {
      const { entry, opened } = await readVault(this.#home, this.#dataKey)
      const changed = change(opened.body)
      if (changed.rooms.filter(isCurrent).length > vaultRoomsMax) throw tooManyRooms()
      const body = fitVault(changed, { before: opened.body, sharesRoom: this.sharesRoom })
      const value = resealVault(entry.value, this.#dataKey, body)
      if (value === undefined) throw new ConclaveError('unexpected', 'Could not encrypt the vault')
      const { ok, revision } = await this.#home.commit({
        if: [{ kind: 'revision', key: localVaultKey, modRevision: entry.modRevision }],
        then: [{ kind: 'put', key: localVaultKey, value }],
      })
      if (ok) return this.#take(body, revision)
    }
    throw new ConclaveError('unavailable', 'The vault in this home is busy', { retryable: true })
  }

  /** Takes over changes by other programs of this home. False if there are none. */
  reload(): Promise<boolean> {
    const done = this.#turn.then(async () => {
      const { entry, opened } = await readVault(this.#home, this.#dataKey)
      if (entry.modRevision === this.#revision) return false
      await this.#take(opened.body, entry.modRevision)
      return true
    })
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #take(body: VaultBody, revision: number): Promise<void> {
    const renewed = !sameKeys(body, this.#body)
    this.#body = body
    this.#revision = revision
    if (renewed) this.#keys = await keysOf(body)
  }

  /**
   * Syncs the copy in the store with the home, both ways: other machines may have changed it. Nothing is lost when it
   * fails: the next sync includes everything.
   */
  async followCopy(store: Store, random: Random, signal?: AbortSignal, takesOnly = false): Promise<Followed> {
    const [home, name, dataKey] = [this.#home, this.name, this.#dataKey]
    const { sharesRoom } = this
    const followed = await followCopy({ store, home, name, dataKey, random, signal, sharesRoom, takesOnly })
    if (followed.learned === true) await this.reload()
    return followed
  }
}

function tooManyRooms(): ConclaveError {
  return new ConclaveError('usage', `You are in ${vaultRoomsMax} rooms or waiting to join them, which is the limit`, {
    hint: 'Leave a room, or withdraw a request to join.',
  })
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

function sameKeys(a: VaultBody, b: VaultBody): boolean {
  const seeds = ({ rootSeed, wrapSeeds }: VaultBody): Bytes => concat(rootSeed, ...wrapSeeds)
  return equalBytes(seeds(a), seeds(b))
}
