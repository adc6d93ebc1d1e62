/**
 * The recovery code: 128 random bits that a new machine needs in addition to a chosen passphrase.
 *
 * Written down as eight groups of four characters in Crockford's base 32 (no I, L, O or U; case, hyphens and spaces
 * don't count; I and L are read as 1, O as 0): the code and the first four bytes of its hash, so that a typo
 * is told from a wrong code (one typo in 2^32 passes).
 */
import { concat, equalBytes, type Bytes } from '../base/bytes.ts'
import { ConclaveError } from '../base/errors.ts'
import { hash } from './hash.ts'
import type { Random } from './random.ts'
import { systemRandom } from './random.ts'

export const recoveryCodeBytes = 16
const checkBytes = 4
const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const symbolCount = ((recoveryCodeBytes + checkBytes) * 8) / 5

export function generateRecoveryCode(random: Random = systemRandom): Bytes {
  return random(recoveryCodeBytes)
}

/** As `7ZC4-…`: 39 characters. @throws RangeError unless the code has 16 bytes. */
export function formatRecoveryCode(code: Uint8Array): string {
  if (code.length !== recoveryCodeBytes) throw new RangeError('a recovery code has 16 bytes')
  let bits = 0n
  for (const byte of concat(code, checkOf(code))) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let k = symbolCount - 1; k >= 0; k -= 1) text += symbols.charAt(Number((bits >> BigInt(5 * k)) & 31n))
  return (text.match(/.{4}/g) as string[]).join('-')
}

/** @throws ConclaveError usage when a character is missing, surplus or wrong. */
export function parseRecoveryCode(text: string): Bytes {
  const typed = text
    .replace(/[\s-]+/g, '')
    .toUpperCase()
    .replace(/[IL]/g, '1')
    .replaceAll('O', '0')
  if (typed.length !== symbolCount) throw mistyped(`it has ${typed.length} characters instead of ${symbolCount}`)
  let bits = 0n
  for (const symbol of typed) {
    const value = symbols.indexOf(symbol)
    if (value < 0) throw mistyped('it has a character that no code has')
    bits = (bits << 5n) | BigInt(value)
  }
  const bytes = Uint8Array.from({ length: recoveryCodeBytes + checkBytes }, (_, k) =>
    Number((bits >> BigInt(8 * (recoveryCodeBytes + checkBytes - 1 - k))) & 255n),
  )
  const code = bytes.slice(0, recoveryCodeBytes)
  if (!equalBytes(bytes.subarray(recoveryCodeBytes), checkOf(code)))
    throw mistyped('its characters do not fit together')
  return code
}

function checkOf(code: Uint8Array): Bytes {
  return hash('conclave/v1/recovery-code', code).slice(0, checkBytes)
}

function mistyped(why: string): ConclaveError {
  return new ConclaveError('usage', `This is not a recovery code: ${why}.`, {
    hint: 'Compare it with what you wrote down: eight groups of four characters; a character is mistyped or missing.',
  })
}
