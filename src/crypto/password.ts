/**
 * From a password to a key: argon2id (RFC 9106) in OpenSSL's thread pool, off the event loop.
 *
 * Parameters that come out of a vault are checked before anything is allocated for them, so a forged vault can neither
 * weaken the derivation below the floor nor exhaust the memory of its reader.
 */
import { argon2 } from 'node:crypto'
import type { Bytes } from '../base/bytes.ts'
import { utf8 } from '../base/bytes.ts'
import { FormatError } from '../base/codec.ts'
import { ConclaveError } from '../base/errors.ts'
import { tuple, unsigned, type Format } from '../base/format.ts'
import {
  argonLanesMax,
  argonMemoryKiBMax,
  argonMemoryKiBMin,
  argonPassesMax,
  argonPassesMin,
  passwordBytesMax,
} from '../base/limits.ts'

export const argonSaltBytes = 16
export const passwordKeyBytes = 32

export interface ArgonParameters {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

/** About half a second of two cores. */
export const argonDefault: ArgonParameters = { memoryKiB: 256 * 1024, passes: 3, lanes: 4 }
/** The least that is accepted: for tests, and for machines without 256 MiB to spare. */
export const argonFloor: ArgonParameters = { memoryKiB: argonMemoryKiBMin, passes: argonPassesMin, lanes: 4 }

/**
 * 32 bytes. Takes `memoryKiB` of memory for the while.
 * @throws RangeError when the parameters or the salt are out of bounds, before anything is allocated.
 */
export async function passwordKey(password: Bytes, salt: Uint8Array, parameters: ArgonParameters): Promise<Bytes> {
  if (!withinBounds(parameters) || salt.length !== argonSaltBytes)
    throw new RangeError('argon2 parameters out of bounds')
  const { memoryKiB: memory, passes, lanes: parallelism } = parameters
  const options = { message: password, nonce: salt, memory, passes, parallelism, tagLength: passwordKeyBytes }
  return new Promise((resolve, reject) => {
    argon2('argon2id', options, (error, key) => {
      if (error === null) resolve(new Uint8Array(key))
      else reject(new ConclaveError('unexpected', 'Could not derive a key from the passphrase', { cause: error }))
    })
  })
}

/**
 * NFKC, so that the same password typed on another keyboard or system gives the same bytes; up to 1,024 of them.
 * undefined for what can't be a password: nothing, too much, or half of a surrogate pair.
 */
export function passwordBytes(password: string): Bytes | undefined {
  if (!password.isWellFormed()) return undefined
  const bytes = utf8(password.normalize('NFKC'))
  return bytes.length > 0 && bytes.length <= passwordBytesMax ? bytes : undefined
}

const parametersFormat = tuple({
  memoryKiB: unsigned(argonMemoryKiBMax),
  passes: unsigned(argonPassesMax),
  lanes: unsigned(argonLanesMax),
})

/** Reading refuses parameters out of bounds. */
export const argonFormat: Format<ArgonParameters> = {
  write: (parameters) => parametersFormat.write(parameters),
  read(fields) {
    const parameters = parametersFormat.read(fields)
    if (!withinBounds(parameters)) throw new FormatError('argon2 parameters below the floor')
    return parameters
  },
}

function withinBounds({ memoryKiB, passes, lanes }: ArgonParameters): boolean {
  return (
    isBetween(memoryKiB, argonMemoryKiBMin, argonMemoryKiBMax) &&
    isBetween(passes, argonPassesMin, argonPassesMax) &&
    isBetween(lanes, 1, argonLanesMax)
  )
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
