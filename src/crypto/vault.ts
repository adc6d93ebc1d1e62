/**
 * The vault: a person's keys and memory. A random data key seals the body, and the passphrase's key seals the data key, so
 * a changed body is sealed without asking for the passphrase. The form in the home and the copy in the store share the data
 * key; operators can guess offline at the copy, so its data key is sealed under a generated passphrase, or under a chosen
 * one *and* the recovery code. The header is cleartext and authenticated: no changed byte opens to something else.
 */
import { concat, emptyBytes, type Bytes } from '../base/bytes.ts'
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import { ConclaveError } from '../base/errors.ts'
import { passwordBytesMax, userNameCharsMax, vaultBytesMax } from '../base/limits.ts'
import { derive } from './derive.ts'
import { normalizePassphrase } from './passphrase.ts'
import { argonFormat, argonSaltBytes, passwordBytes, passwordKey, type ArgonParameters } from './password.ts'
import { systemRandom, type Random } from './random.ts'
import { recoveryCodeBytes } from './recovery-code.ts'
import { nonceBytes, open, seal, sealKey, sealKeyBytes, tagBytes } from './seal.ts'
import { checkUserName, userNameFault } from './skeleton.ts'
import { decodeVaultBody, encodeVaultBody, type VaultBody } from './vault-body.ts'

const vaultVersion = 1
const sealedDataKeyBytes = nonceBytes + sealKeyBytes + tagBytes

/** `generated`: six words of ours, strong enough by themselves. `chosen`: the owner's own words. */
export type Protection = 'generated' | 'chosen'
const protections: readonly Protection[] = ['generated', 'chosen']

export type NewPassword =
  | { readonly protection: 'generated'; readonly password: string; readonly argon: ArgonParameters }
  | {
      readonly protection: 'chosen'
      readonly password: string
      readonly argon: ArgonParameters
      /** 16 random bytes, for the copy in the store. */
      readonly recoveryCode: Bytes
    }

export type NewVault = NewPassword & { readonly name: string; readonly body: VaultBody; readonly sequence?: number }

export interface CreatedVault {
  readonly local: Bytes
  /** Equal to `local` when the passphrase was generated. */
  readonly store: Bytes
  readonly dataKey: Bytes
  readonly sequence: number
}

export interface OpenVault {
  readonly kind: 'open'
  readonly name: string
  /** Counts the changes of the body: a lower one than remembered is an old copy. */
  readonly sequence: number
  readonly protection: Protection
  readonly dataKey: Bytes
  readonly body: VaultBody
}

export type Damaged = { readonly kind: 'damaged'; readonly reason: string }
export type VaultOutcome =
  | OpenVault
  /** Also when the sealed data key, or what is bound to it, was damaged: the two can't be told apart. */
  | { readonly kind: 'wrong-password' }
  /** The copy of a vault under a chosen passphrase: nothing was tried. */
  | { readonly kind: 'recovery-code-needed' }
  | Damaged

interface VaultHeader {
  readonly name: string
  readonly sequence: number
  readonly argon: ArgonParameters
  readonly salt: Bytes
  readonly protection: Protection
  /** The data key is sealed under password and recovery code. */
  readonly recovery: boolean
}

interface Sealed extends VaultHeader {
  readonly sealedDataKey: Bytes
  readonly sealedBody: Bytes
}

/**
 * Runs argon2 once. The strength of a chosen passphrase is checked before (`passwordWeakness`).
 * @throws ConclaveError usage: not a name, not a password, or `generated` and not six words of the list.
 * @throws FormatError when the body is out of its bounds.
 */
export async function createVault(request: NewVault, random: Random = systemRandom): Promise<CreatedVault> {
  const { name, body, protection, argon, sequence = 1 } = request
  checkUserName(name)
  const password = typedPassword(request.password, protection)
  if (password === undefined) throw unfit(protection)
  const salt = random(argonSaltBytes)
  const dataKey = random(sealKeyBytes)
  const key = await passwordKey(password, salt, argon)
  const header = { name, sequence, argon, salt, protection, recovery: false }
  const build = (recovery: boolean, code: Bytes) =>
    sealVault({ ...header, recovery }, outerKey(key, code), dataKey, body, random)
  const local = build(false, emptyBytes)
  const store = request.protection === 'chosen' ? build(true, checkedCode(request.recoveryCode)) : local
  return { local, store, dataKey, sequence }
}

/** The form for a home, of a vault that was opened from its copy in the store: the same data key, without the recovery code. Runs argon2 once. */
export async function localForm(
  { name, sequence, protection, dataKey, body }: OpenVault,
  password: string,
  argon: ArgonParameters,
  random: Random = systemRandom,
): Promise<Bytes> {
  const typed = typedPassword(password, protection)
  if (typed === undefined) throw unfit(protection)
  const salt = random(argonSaltBytes)
  const key = await passwordKey(typed, salt, argon)
  const header = { name, sequence, argon, salt, protection, recovery: false }
  return sealVault(header, outerKey(key, emptyBytes), dataKey, body, random)
}

function sealVault(header: VaultHeader, outer: Bytes, dataKey: Bytes, body: VaultBody, random: Random): Bytes {
  const { nonce, ciphertext } = seal(sealKey(outer), dataKeyContext(header), dataKey, random)
  return sealBody({ ...header, sealedDataKey: concat(nonce, ciphertext) }, dataKey, body, random)
}

/** Runs argon2 once, unless the bytes are no vault or the recovery code is missing. Never throws for what it was given. */
export async function openVault(bytes: Uint8Array, password: string, recoveryCode?: Bytes): Promise<VaultOutcome> {
  const sealed = decodeVault(bytes)
  if ('kind' in sealed) return sealed
  if (sealed.recovery && recoveryCode === undefined) return { kind: 'recovery-code-needed' }
  const typed = typedPassword(password, sealed.protection)
  if (typed === undefined) return { kind: 'wrong-password' }
  const key = await passwordKey(typed, sealed.salt, sealed.argon)
  const outer = outerKey(key, sealed.recovery ? (recoveryCode as Bytes) : emptyBytes)
  const dataKey = openWithNonce(outer, dataKeyContext(sealed), sealed.sealedDataKey)
  return dataKey === undefined ? { kind: 'wrong-password' } : openBody(sealed, dataKey)
}

/** Without the passphrase, with the data key of an earlier opening: either form of the vault, until the password is changed. */
export function openVaultWithKey(bytes: Uint8Array, dataKey: Bytes): OpenVault | Damaged {
  const sealed = decodeVault(bytes)
  return 'kind' in sealed ? sealed : openBody(sealed, dataKey)
}

/**
 * The same vault around another body, one sequence on; no argon2. Either form; give both the same `sequence` to keep them
 * in step (it must be greater than the vault's own).
 * undefined when the bytes are no vault under this data key, for instance because the password was changed elsewhere.
 */
export function resealVault(
  bytes: Uint8Array,
  dataKey: Bytes,
  body: VaultBody,
  { sequence, random = systemRandom }: { readonly sequence?: number; readonly random?: Random } = {},
): Bytes | undefined {
  const sealed = decodeVault(bytes)
  if ('kind' in sealed || openBody(sealed, dataKey).kind !== 'open') return undefined
  const next = sequence ?? sealed.sequence + 1
  if (next <= sealed.sequence) throw new RangeError('the sequence of a vault never goes back')
  return sealBody({ ...sealed, sequence: next }, dataKey, body, random)
}

/** The key for the keys of what a home keeps sealed beside the vault, such as the outbox. It changes with the password. */
export function localKey(dataKey: Bytes): Bytes {
  return derive(dataKey, 'conclave/v1/vault/local')
}

/** The cleartext header: an unauthenticated claim, since nothing is opened. undefined when the bytes are no vault. */
export function vaultHeader(bytes: Uint8Array): Pick<OpenVault, 'name' | 'sequence' | 'protection'> | undefined {
  const sealed = decodeVault(bytes)
  if ('kind' in sealed) return undefined
  const { name, sequence, protection } = sealed
  return { name, sequence, protection }
}

function decodeVault(bytes: Uint8Array): Sealed | Damaged {
  if (bytes.length > vaultBytesMax) return { kind: 'damaged', reason: 'larger than a vault can be' }
  try {
    const fields = Fields.decode(bytes, 8)
    if (fields.unsigned() !== vaultVersion) throw new FormatError('this Conclave doesn’t support its version')
    const name = fields.text(userNameCharsMax)
    // It is shown before anything is authenticated, so it must not carry control characters.
    if (userNameFault(name) !== undefined) throw new FormatError('not a name')
    const sequence = fields.unsigned()
    const kdf = new Fields(fields.next(), 2)
    const argon = argonFormat.read(kdf)
    const salt = kdf.fixed(argonSaltBytes)
    const protection = protections[fields.unsigned(protections.length - 1)] as Protection
    const recovery = fields.boolean()
    const sealedDataKey = fields.fixed(sealedDataKeyBytes)
    return { name, sequence, argon, salt, protection, recovery, sealedDataKey, sealedBody: fields.bytes(vaultBytesMax) }
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'damaged', reason: error.message }
    throw error
  }
}

function openBody(sealed: Sealed, dataKey: Bytes): OpenVault | Damaged {
  const plaintext = openWithNonce(dataKey, bodyContext(sealed), sealed.sealedBody)
  if (plaintext === undefined) return { kind: 'damaged', reason: 'its sealed body does not open' }
  const { name, sequence, protection } = sealed
  try {
    return { kind: 'open', name, sequence, protection, dataKey, body: decodeVaultBody(plaintext) }
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'damaged', reason: error.message }
    throw error
  }
}

function sealBody(sealed: Omit<Sealed, 'sealedBody'>, dataKey: Bytes, body: VaultBody, random: Random): Bytes {
  const { name, sequence, argon, salt, protection, recovery, sealedDataKey } = sealed
  const { nonce, ciphertext } = seal(sealKey(dataKey), bodyContext(sealed), encodeVaultBody(body), random)
  const sealedBody = concat(nonce, ciphertext)
  const kdf = [argonFormat.write(argon), salt]
  const protectionAt = protections.indexOf(protection)
  const bytes = encode([vaultVersion, name, sequence, kdf, protectionAt, recovery, sealedDataKey, sealedBody])
  if (bytes.length > vaultBytesMax) throw new FormatError('larger than a vault can be')
  return bytes
}

/** undefined unless the bytes are a nonce and what was sealed with it under this key and context. */
function openWithNonce(key: Bytes, context: Bytes, bytes: Bytes): Bytes | undefined {
  return open(sealKey(key), bytes.subarray(0, nonceBytes), context, bytes.subarray(nonceBytes))
}

/** The header without what changes with the body. */
function constantFields({ name, argon, salt, protection, recovery }: VaultHeader): readonly Value[] {
  return [vaultVersion, name, argonFormat.write(argon), salt, protection, recovery]
}

function dataKeyContext(header: VaultHeader): Bytes {
  return encode(['conclave/v1/vault/data-key', ...constantFields(header)])
}

function bodyContext(sealed: Omit<Sealed, 'sealedBody'>): Bytes {
  return encode(['conclave/v1/vault/body', ...constantFields(sealed), sealed.sequence, sealed.sealedDataKey])
}

function outerKey(key: Bytes, recoveryCode: Bytes): Bytes {
  return derive(concat(key, recoveryCode), 'conclave/v1/vault/password')
}

/** Six generated words may differ in case and separators; a chosen passphrase is taken as typed. */
function typedPassword(password: string, protection: Protection): Bytes | undefined {
  const text = protection === 'generated' ? normalizePassphrase(password) : password
  return text === undefined ? undefined : passwordBytes(text)
}

function checkedCode(code: Bytes): Bytes {
  if (code.length !== recoveryCodeBytes) throw new RangeError('a recovery code has 16 bytes')
  return code
}

function unfit(protection: Protection): ConclaveError {
  return protection === 'generated'
    ? new ConclaveError('usage', 'A generated passphrase has six words from the word list', {
        hint: 'Let Conclave generate one.',
      })
    : new ConclaveError('usage', 'The passphrase is empty, too long or not text', {
        hint: `Use up to ${passwordBytesMax} bytes of text.`,
      })
}
