/**
 * The store's copy of the vault, from which another machine logs in. The home's vault is authoritative; changes by the
 * same person's other homes are merged in and returned. A pending passphrase change is stored in the home, with the
 * copy's keys before and after it, until the copy has followed: if interrupted, the next start continues. A copy that
 * the store lost is restored as it last was.
 */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { decode, encode, Fields } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { vaultBytesMax } from '../../base/limits.ts'
import type { Random } from '../../crypto/random.ts'
import { sealKeyBytes } from '../../crypto/seal.ts'
import { signerFromSeed } from '../../crypto/sign.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { fitVault } from '../../crypto/vault-bounds.ts'
import { encodeVaultBody, type Pin, type VaultBody } from '../../crypto/vault-body.ts'
import { mergeVaultBodies } from '../../crypto/vault-merge.ts'
import { localKey, openVaultWithKey, resealVault, vaultHeader, type OpenVault } from '../../crypto/vault.ts'
import { vaultKey } from '../../protocol/paths.ts'
import type { Entry, Operation, Store } from '../../store/store.ts'
import { copiedAtKey, copySeenKey, localVaultKey, passwordChangeKey, storedVaultKey } from '../home/local-paths.ts'
import { LocalSeal } from '../home/local-seal.ts'
import { readLocal } from '../home/local-value.ts'
import { readOne } from '../../store/read-one.ts'
import { lookUpName } from './registry.ts'

export type CopyStanding =
  | 'in-step'
  /** It was deleted; or this is another store than the one in which the name was registered. */
  | 'missing'
  /** Nothing that this home knows opens it: the passphrase was changed on another machine. */
  | 'changed-elsewhere'

export interface Followed {
  readonly standing: CopyStanding
  /** Another home had changed the copy: the home's vault has these changes too now. */
  readonly learned?: true
  /**
   * It was older than one that this home has seen: the store was rolled back, or the copy was replaced by an old one.
   */
  readonly older?: true
  /** Names that this person had decided about before, and of which another of their homes did not know. */
  readonly unknownElsewhere?: readonly string[]
  /** Names that they had decided about before this home got its copy, which did not have them. */
  readonly unknownHere?: readonly string[]
}

/** A passphrase change that the copy has not followed yet. */
export interface PasswordChange {
  /** The data key before it. */
  readonly formerKey: Bytes
  /** The copy after it, with whatever body. */
  readonly form: Bytes
  /** Also overwrite a copy that neither key opens. */
  readonly replaces: boolean
}

type Pending = PasswordChange & Pick<Entry, 'modRevision'>

const triesMax = 20
const whatWasSeen = 'what was seen of the copy of your keys'

export interface CopyParts {
  readonly store: Store
  readonly home: Store
  readonly name: string
  readonly dataKey: Bytes
  readonly random: Random
  readonly signal?: AbortSignal | undefined
  /** Whether a key is that of someone in a room that is open here: it is the last to be let go. */
  readonly sharesRoom?: (rootKey: Bytes) => boolean
  /** Takes what the copy holds, and writes it only to repair it: two homes that answered each other would never stop. */
  readonly takesOnly?: boolean
}

/**
 * What the copy has by other homes is in the home's vault before anything says that it was seen: cut off at any point, the
 * next one goes on.
 *
 * @throws wrong-password when this key no longer opens the home's vault; unavailable
 */
export async function followCopy(parts: CopyParts): Promise<Followed> {
  const { store, home, name, dataKey, random, signal, takesOnly = false } = parts
  const key = vaultKey(skeleton(name))
  let learned: Omit<Followed, 'standing'> = {}
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const vault = await readVault(home, dataKey)
    const own = vault.opened
    const change = await readChange(home, dataKey, random)
    const seenEntry = await readOne(home, copySeenKey)
    const seen = numberIn(seenEntry)
    const entry = await readOne(store, key, signal)
    const found = entry === undefined ? undefined : openCopy(entry, dataKey, change)
    if (found === undefined) {
      // If the name belongs to someone else, so does the copy.
      if (!(await isRegistered(store, own, signal))) return { standing: 'missing' }
      const isVault = entry !== undefined && vaultHeader(entry.value) !== undefined
      if (isVault && change?.replaces !== true) return { standing: 'changed-elsewhere' }
    }
    const form = found?.form ?? change?.form ?? (await readKept(home, dataKey))
    // The copy's form can't be derived from the home's vault, which opens without the recovery code.
    if (form === undefined) return { standing: 'missing' }
    const copy = found?.copy
    const kept = await readOne(home, storedVaultKey)
    // As last seen from here, it holds nothing new, except what was dropped here since.
    const isKept =
      copy === undefined || (kept !== undefined && entry !== undefined && equalBytes(kept.value, entry.value))
    const isOlder = copy !== undefined && (copy.sequence < seen || (copy.sequence === seen && !isKept))
    const written = isKept ? undefined : isOlder ? seenRooms(copy.body) : copy.body
    const body = written === undefined ? own.body : brought(parts, own.body, written)
    const isNews = written !== undefined && !sameBody(body, own.body)
    // An older copy that nobody has written on since tells of no other machine.
    const byAnother = isNews || (copy !== undefined && copy.sequence > seen) ? copy?.body : undefined
    // Another attempt finds it in the home's vault.
    const wasMissed = await missed(home, dataKey, own.body, kept, byAnother)
    learned = { ...learned, ...(isOlder ? { older: true } : {}), ...wasMissed }
    if (isNews) {
      if (!(await keep(parts, vault, body))) continue
      learned = { ...learned, learned: true }
    }
    const outcome: Followed = { standing: 'in-step', ...learned }
    const isSound = (outcome.older ?? outcome.unknownElsewhere ?? outcome.unknownHere) === undefined
    const current = found?.current === true && ((takesOnly && isSound) || sameBody(body, found.copy.body))
    if (current && !isOlder) {
      if (await noteFollowed(home, { sequence: found.copy.sequence, value: found.form }, seenEntry, change))
        return outcome
      continue
    }
    const sequence = Math.max(copy?.sequence ?? 0, seen, own.sequence) + 1
    const value = resealVault(form, dataKey, body, { sequence, random })
    if (value === undefined) throw new ConclaveError('unexpected', 'Could not encrypt the copy of the vault')
    const { ok } = await store.commit(
      {
        if: [{ kind: 'revision', key, modRevision: entry?.modRevision ?? 0 }],
        then: [{ kind: 'put', key, value }],
      },
      signal,
    )
    if (!ok) continue
    if (await noteFollowed(home, { sequence, value }, seenEntry, change)) return outcome
  }
  throw new ConclaveError('unavailable', 'The copy of the vault in the store is busy', { retryable: true })
}

function brought({ sharesRoom = () => false }: CopyParts, own: VaultBody, written: VaultBody): VaultBody {
  return fitVault(mergeVaultBodies(own, written), { before: own, sharesRoom })
}

/** @returns false if another program of this home has changed the vault since it was read */
async function keep(
  { home, dataKey }: CopyParts,
  { entry }: { readonly entry: Entry },
  body: VaultBody,
): Promise<boolean> {
  const value = resealVault(entry.value, dataKey, body)
  if (value === undefined) throw new ConclaveError('unexpected', 'Could not encrypt the vault')
  const { ok } = await home.commit({
    if: [{ kind: 'revision', key: localVaultKey, modRevision: entry.modRevision }],
    then: [{ kind: 'put', key: localVaultKey, value }],
  })
  return ok
}

/** The home's vault, opened. @throws wrong-password when it is under another key. */
export async function readVault(home: Store, dataKey: Bytes): Promise<{ entry: Entry; opened: OpenVault }> {
  const entry = await readOne(home, localVaultKey)
  const opened = entry && openVaultWithKey(entry.value, dataKey)
  if (entry !== undefined && opened?.kind === 'open') return { entry, opened }
  throw new ConclaveError('wrong-password', 'The vault in this home was changed by another program', {
    hint: 'The passphrase was changed on this machine: log in again with the new one.',
  })
}

/** Commit it together with the changed vault. `dataKey` is the one after the change. */
export function putChange(change: PasswordChange, dataKey: Bytes, random: Random): Operation {
  const { formerKey, form, replaces } = change
  const sealed = sealOf(dataKey, random).seal(passwordChangeKey, encode([formerKey, form, replaces]))
  return { kind: 'put', key: passwordChangeKey, value: sealed }
}

/** undefined: none is pending, or a different one is. */
export async function readChange(home: Store, dataKey: Bytes, random: Random): Promise<Pending | undefined> {
  const entry = await readOne(home, passwordChangeKey)
  const plaintext = entry && sealOf(dataKey, random).open(passwordChangeKey, entry.value)
  if (entry === undefined || plaintext === undefined) return undefined
  return readLocal('a change of the passphrase', () => {
    const fields = Fields.decode(plaintext, 3)
    const [formerKey, form] = [fields.fixed(sealKeyBytes), fields.bytes(vaultBytesMax)]
    return { formerKey, form, replaces: fields.boolean(), modRevision: entry.modRevision }
  })
}

function sealOf(dataKey: Bytes, random: Random): LocalSeal {
  return new LocalSeal([localKey(dataKey)], random)
}

interface Copy {
  /** What the next copy takes its envelope from. */
  readonly form: Bytes
  readonly copy: OpenVault
  /** Whether it is under the data key in force. */
  readonly current: boolean
}

function openCopy({ value }: Entry, dataKey: Bytes, change: PasswordChange | undefined): Copy | undefined {
  const copy = openVaultWithKey(value, dataKey)
  if (copy.kind === 'open') return { form: value, copy, current: true }
  if (change === undefined) return undefined
  const former = openVaultWithKey(value, change.formerKey)
  return former.kind === 'open' ? { form: change.form, copy: former, current: false } : undefined
}

async function isRegistered(store: Store, { name, body }: OpenVault, signal?: AbortSignal): Promise<boolean> {
  const record = await lookUpName(store, name, signal)
  const seeds = [body.rootSeed, ...body.formerRootSeeds]
  return record !== undefined && seeds.some((seed) => equalBytes(signerFromSeed(seed).publicKey, record.rootKey))
}

/** Of an older copy that was written on: rooms that were only begun may have been given up here since. */
function seenRooms(body: VaultBody): VaultBody {
  return { ...body, rooms: body.rooms.filter(({ head }) => head !== null) }
}

/** What a machine that was given an older copy did not know. */
async function missed(
  home: Store,
  dataKey: Bytes,
  own: VaultBody,
  kept: Entry | undefined,
  copy: VaultBody | undefined,
): Promise<Pick<Followed, 'unknownElsewhere' | 'unknownHere'>> {
  if (copy === undefined) return {}
  const before = kept && openVaultWithKey(kept.value, dataKey)
  const elsewhere = before?.kind === 'open' ? undecided(copy, before.body) : []
  const copiedAt = await readCopiedAt(home)
  const here = undecided(own, copy).filter(({ decidedAt }) => decidedAt < copiedAt)
  const names = (pins: readonly Pin[]): string[] => [...new Set(pins.map(({ name }) => name))]
  return {
    ...(elsewhere.length > 0 ? { unknownElsewhere: names(elsewhere) } : {}),
    ...(here.length > 0 ? { unknownHere: names(here) } : {}),
  }
}

/** Pins of `other` that its owner has decided about, and of which `body` knows nothing. */
function undecided(body: VaultBody, other: VaultBody): readonly Pin[] {
  return other.pins.filter(
    ({ rootKey, decidedAt }) =>
      decidedAt > 0 && !body.pins.some((pin) => equalBytes(pin.rootKey, rootKey) && pin.decidedAt >= decidedAt),
  )
}

function sameBody(a: VaultBody, b: VaultBody): boolean {
  return equalBytes(encodeVaultBody(a), encodeVaultBody(b))
}

/** 0 before the first look. */
export function readSeen(home: Store): Promise<number> {
  return readNumber(home, copySeenKey)
}

/** 0 where the identity was made in this home. */
export function readCopiedAt(home: Store): Promise<number> {
  return readNumber(home, copiedAtKey)
}

async function readNumber(home: Store, key: Bytes): Promise<number> {
  return numberIn(await readOne(home, key))
}

function numberIn(entry: Entry | undefined): number {
  return entry === undefined ? 0 : readLocal(whatWasSeen, () => new Fields([decode(entry.value)], 1).unsigned())
}

/** Whether the copy in the store, as it is now, was written or seen from here. */
export async function isAsKept(home: Store, value: Bytes): Promise<boolean> {
  const kept = await readOne(home, storedVaultKey)
  return kept !== undefined && equalBytes(kept.value, value)
}

/** The copy as it last was in the store, for restoring it; undefined when it is not under this key. */
async function readKept(home: Store, dataKey: Bytes): Promise<Bytes | undefined> {
  const entry = await readOne(home, storedVaultKey)
  return entry && openVaultWithKey(entry.value, dataKey).kind === 'open' ? entry.value : undefined
}

/** @returns false if another program of this home has noted something since it was read */
async function noteFollowed(
  home: Store,
  { sequence, value }: { readonly sequence: number; readonly value: Bytes },
  seen: Entry | undefined,
  change: Pending | undefined,
): Promise<boolean> {
  const isNew = sequence !== numberIn(seen)
  if (!isNew && change === undefined) return true
  const { ok } = await home.commit({
    if: [
      { kind: 'revision', key: copySeenKey, modRevision: seen?.modRevision ?? 0 },
      ...(change === undefined
        ? []
        : [{ kind: 'revision', key: passwordChangeKey, modRevision: change.modRevision } as const]),
    ],
    then: [
      ...(isNew
        ? [
            { kind: 'put', key: copySeenKey, value: encode(sequence) } as const,
            { kind: 'put', key: storedVaultKey, value } as const,
          ]
        : []),
      ...(change === undefined ? [] : [{ kind: 'delete', key: passwordChangeKey } as const]),
    ],
  })
  return ok
}
