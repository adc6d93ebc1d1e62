/**
 * What counts as a key and as a signature is decided before the library is asked. Here the library takes everything, as
 * OpenSSL before 3.5.8 took every signature under a key of small order for which the equation holds.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { verifyAsync, verifyRaw } from '../../src/crypto/sign.ts'
import type { SignatureVector } from '../vectors/edges.ts'

const asked = vi.hoisted(() => vi.fn())
vi.mock('node:crypto', async (original) => ({
  ...(await original<object>()),
  verify(...[, , , , callback]: [unknown, unknown, unknown, unknown, ((error: null, good: boolean) => void)?]) {
    asked()
    callback?.(null, true)
    return true
  },
}))

const file = fileURLToPath(new URL('../vectors/protocol/edges.json', import.meta.url))
const { signatures } = JSON.parse(readFileSync(file, 'utf8')) as { signatures: SignatureVector[] }
/** Those that only the forms of their key and signature make void. */
const unasked = signatures.filter(({ equation, valid }) => equation === 'cofactorless' && !valid)

it.each(unasked)('is not asked where $what', async ({ publicKey, message, signature }) => {
  const vector = [fromHex(publicKey), fromHex(message), fromHex(signature)] as const
  expect(verifyRaw(...vector)).toBe(false)
  expect(await verifyAsync(...vector)).toBe(false)
  expect(asked).not.toHaveBeenCalled()
})

it('is asked about the equation', async () => {
  const honest = signatures.find(({ valid }) => valid) as SignatureVector
  const vector = [fromHex(honest.publicKey), fromHex(honest.message), fromHex(honest.signature)] as const
  expect([verifyRaw(...vector), await verifyAsync(...vector)]).toEqual([true, true])
  expect(asked).toHaveBeenCalledTimes(2)
})
