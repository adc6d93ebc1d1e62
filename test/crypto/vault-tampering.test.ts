/**
 * No change to a vault's cleartext part opens it. argon2 is replaced by a hash of all its inputs, so that every bit can be
 * tried; `vault.test.ts` runs the real one.
 */
import { describe, expect, it, vi } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { decode, type Value } from '../../src/base/codec.ts'
import { argonFloor as argon } from '../../src/crypto/password.ts'
import { generateRecoveryCode } from '../../src/crypto/recovery-code.ts'
import { createVault, openVault } from '../../src/crypto/vault.ts'
import { smallBody } from './vault-fixture.ts'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  const argon2 = (name: string, inputs: object, done: (error: Error | null, key: Buffer) => void) => {
    const written = JSON.stringify([name, inputs], (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    )
    done(null, real.hash('sha256', written, 'buffer'))
  }
  return { ...real, argon2: argon2 as typeof real.argon2 }
})

const password = 'Zwölf Boxkämpfer jagen Viktor'
const recoveryCode = generateRecoveryCode()
const accepted = new Set(['damaged', 'wrong-password', 'recovery-code-needed'])

describe('any bit changed', () => {
  it.each([
    { form: 'local', code: undefined },
    { form: 'store', code: recoveryCode },
  ] as const)('in the header of the $form form never opens the vault', async ({ form, code }) => {
    const body = smallBody()
    const { [form]: bytes } = await createVault({
      name: 'bo',
      body,
      protection: 'chosen',
      password,
      recoveryCode,
      argon,
    })
    expect((await openVault(bytes, password, code)).kind).toBe('open')
    const headerBytes = bytes.length - ((decode(bytes) as Value[])[7] as Uint8Array).length
    const kinds = new Set<string>()
    for (let bit = 0; bit < headerBytes * 8; bit += 1) {
      const { kind } = await openVault(flipped(bytes, bit), password, code)
      expect(accepted, `bit ${bit}`).toContain(kind)
      kinds.add(kind)
    }
    expect(kinds).toContain('damaged')
    expect(kinds).toContain('wrong-password')
  })
})

function flipped(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice()
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy
}
