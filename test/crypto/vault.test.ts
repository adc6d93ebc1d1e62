import { spawnSync } from 'node:child_process'
import { argon2Sync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { hex, utf8 } from '../../src/base/bytes.ts'
import { decode, encode, type Value } from '../../src/base/codec.ts'
import { argonFloor, passwordBytes, passwordKey } from '../../src/crypto/password.ts'
import { generatePassphrase } from '../../src/crypto/passphrase.ts'
import { generateRecoveryCode } from '../../src/crypto/recovery-code.ts'
import { systemRandom } from '../../src/crypto/random.ts'
import {
  createVault,
  localKey,
  openVault,
  openVaultWithKey,
  resealVault,
  vaultHeader,
  type CreatedVault,
} from '../../src/crypto/vault.ts'
import { decodeVaultBody, encodeVaultBody } from '../../src/crypto/vault-body.ts'
import { filled, fullBody, smallBody } from './vault-fixture.ts'

const argon = argonFloor
const passphrase = generatePassphrase()
const ownPassword = 'Zwölf Boxkämpfer jagen Viktor'
const recoveryCode = generateRecoveryCode()
const canonicalFull = decodeVaultBody(encodeVaultBody(fullBody()))

let generated: CreatedVault
let chosen: CreatedVault
beforeAll(async () => {
  generated = await createVault({ name: 'ada', body: fullBody(), protection: 'generated', password: passphrase, argon })
  chosen = await createVault({
    name: 'ada',
    body: fullBody(),
    protection: 'chosen',
    password: ownPassword,
    recoveryCode,
    argon,
  })
})

describe('a vault under a generated passphrase', () => {
  it('opens with the passphrase to what was put in', async () => {
    expect(await openVault(generated.local, passphrase)).toEqual({
      kind: 'open',
      name: 'ada',
      sequence: 1,
      protection: 'generated',
      dataKey: generated.dataKey,
      body: canonicalFull,
    })
    expect(vaultHeader(generated.local)).toEqual({ name: 'ada', sequence: 1, protection: 'generated' })
  })

  it('has one form for the home and the store', () => {
    expect(generated.store).toEqual(generated.local)
  })

  it('opens whatever case and separators the words are typed with', async () => {
    const typed = `  ${passphrase.toUpperCase().replaceAll('-', '  ')} `
    expect((await openVault(generated.local, typed)).kind).toBe('open')
  })

  it('tells a wrong passphrase, and leaves the bytes as they were', async () => {
    const before = generated.local.slice()
    expect(await openVault(generated.local, generatePassphrase())).toEqual({ kind: 'wrong-password' })
    expect(await openVault(generated.local, 'not six words')).toEqual({ kind: 'wrong-password' })
    expect(generated.local).toEqual(before)
  })

  it('is refused for a password that was not generated', async () => {
    const request = { name: 'ada', body: smallBody(), protection: 'generated', password: 'hunter2', argon } as const
    await expect(createVault(request)).rejects.toMatchObject({ name: 'ConclaveError', code: 'usage' })
  })
})

describe('a vault under a chosen passphrase', () => {
  it('opens in the home with the password alone', async () => {
    expect(await openVault(chosen.local, ownPassword)).toMatchObject({ kind: 'open', body: canonicalFull })
  })

  it('takes the same password in another normal form of Unicode', async () => {
    expect(ownPassword.normalize('NFD')).not.toBe(ownPassword)
    expect((await openVault(chosen.local, ownPassword.normalize('NFD'))).kind).toBe('open')
  })

  it('opens from the store with the recovery code, and only with the right one', async () => {
    expect(await openVault(chosen.store, ownPassword)).toEqual({ kind: 'recovery-code-needed' })
    expect(await openVault(chosen.store, ownPassword, generateRecoveryCode())).toEqual({ kind: 'wrong-password' })
    expect(await openVault(chosen.store, `${ownPassword}.`, recoveryCode)).toEqual({ kind: 'wrong-password' })
    expect(await openVault(chosen.store, ownPassword, recoveryCode)).toMatchObject({
      kind: 'open',
      dataKey: chosen.dataKey,
      body: canonicalFull,
    })
  })

  it('does not mind a recovery code that it does not need', async () => {
    expect((await openVault(chosen.local, ownPassword, recoveryCode)).kind).toBe('open')
  })

  it.each(['', 'x'.repeat(1025), 'half a pair \ud800'])(
    'takes no password that is empty, too long or not text',
    async (bad) => {
      const request = {
        name: 'ada',
        body: smallBody(),
        protection: 'chosen',
        password: bad,
        recoveryCode,
        argon,
      } as const
      await expect(createVault(request)).rejects.toMatchObject({ name: 'ConclaveError', code: 'usage' })
      expect(await openVault(chosen.local, bad)).toEqual({ kind: 'wrong-password' })
    },
  )
})

describe('any byte changed', () => {
  it('is damage to a holder of the data key, in every bit', () => {
    for (const bytes of [chosen.local, chosen.store]) {
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const outcome = openVaultWithKey(changed(bytes, bit >> 3, 1 << (bit % 8)), chosen.dataKey)
        expect(outcome.kind, `bit ${bit}`).toBe('damaged')
      }
    }
  })

  it('in the sealed body is damage, not a wrong password', async () => {
    const at = generated.local.length - 1
    expect(await openVault(changed(generated.local, at, 1), passphrase)).toMatchObject({ kind: 'damaged' })
  })

  it('is damage when cut short, lengthened, or not a vault at all', async () => {
    const whole = generated.local
    for (let length = 0; length < whole.length; length += 1) {
      expect((await openVault(whole.subarray(0, length), passphrase)).kind).toBe('damaged')
    }
    for (const bytes of [Uint8Array.of(...whole, 0), utf8('hello'), filled(1_048_577, 0), encode([1, 2, 3])]) {
      expect((await openVault(bytes, passphrase)).kind).toBe('damaged')
    }
  })

  it('is damage when the name is none, since it is shown before anything is authenticated', () => {
    const forged = encode((decode(chosen.local) as Value[]).with(1, 'a\u001b[2J'))
    expect(vaultHeader(forged)).toBeUndefined()
    expect(openVaultWithKey(forged, chosen.dataKey).kind).toBe('damaged')
  })

  it('the sequence or the body of another copy does not fit', () => {
    const next = resealVault(chosen.local, chosen.dataKey, smallBody())!
    const [one, two] = [decode(chosen.local) as Value[], decode(next) as Value[]]
    expect(openVaultWithKey(encode(one.with(2, two[2]!)), chosen.dataKey).kind).toBe('damaged')
    expect(openVaultWithKey(encode(one.with(7, two[7]!)), chosen.dataKey).kind).toBe('damaged')
    const store = decode(chosen.store) as Value[]
    expect(openVaultWithKey(encode(one.with(7, store[7]!)), chosen.dataKey).kind).toBe('damaged')
  })
})

describe('the parameters of argon2', () => {
  const refused = [
    { what: 'more memory than a machine has', kdf: [2 ** 40, 1, 4] },
    { what: 'a kibibyte over the most', kdf: [1024 * 1024 + 1, 1, 4] },
    { what: 'a kibibyte under the least', kdf: [64 * 1024 - 1, 1, 4] },
    { what: 'no pass', kdf: [64 * 1024, 0, 4] },
    { what: 'too many passes', kdf: [64 * 1024, 11, 4] },
    { what: 'no lane', kdf: [64 * 1024, 1, 0] },
    { what: 'too many lanes', kdf: [64 * 1024, 1, 9] },
    { what: 'a negative number', kdf: [-65536, 1, 4] },
  ]
  const forged = (kdf: number[]): Bytes => {
    const fields = decode(generated.local) as Value[]
    return encode(fields.with(3, [kdf, (fields[3] as Value[])[1]!]))
  }

  it.each(refused)('are refused out of bounds: $what', async ({ kdf }) => {
    expect(await openVault(forged(kdf), passphrase)).toMatchObject({ kind: 'damaged' })
    const [memoryKiB, passes, lanes] = kdf as [number, number, number]
    const password = passwordBytes('x')!
    await expect(passwordKey(password, filled(16, 0), { memoryKiB, passes, lanes })).rejects.toThrow(RangeError)
  })

  it('are refused before anything is allocated for them', () => {
    const peaks = peakMemoryMiB([...refused.map(({ kdf }) => forged(kdf)), generated.local], passphrase)
    const [start, ...after] = peaks
    const grown = after.map((peak) => peak - start!)
    // The last vault is the honest one, which shows that the peak tells an allocation of 64 MiB.
    expect(grown.pop()).toBeGreaterThan(60)
    expect(Math.max(...grown)).toBeLessThan(32)
  })

  it('give argon2id’s key off the event loop', async () => {
    const parameters = { memoryKiB: 65_536, passes: 8, lanes: 1 }
    let turns = 0
    const timer = setInterval(() => (turns += 1), 1)
    const key = await passwordKey(passwordBytes('password')!, filled(16, 1), parameters)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(1)
    const options = {
      message: 'password',
      nonce: filled(16, 1),
      memory: 65_536,
      passes: 8,
      parallelism: 1,
      tagLength: 32,
    }
    expect(hex(key)).toBe(argon2Sync('argon2id', options).toString('hex'))
  })

  it('mean what the reference implementation’s own test vector says', () => {
    const options = { message: 'password', nonce: 'somesalt', memory: 65_536, passes: 2, parallelism: 1, tagLength: 32 }
    expect(argon2Sync('argon2id', options).toString('hex')).toBe(
      '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
    )
  })
})

describe('resealing', () => {
  it('puts another body in without the password, one sequence on, in both forms', async () => {
    const body = smallBody(40)
    const local = resealVault(chosen.local, chosen.dataKey, body)!
    const store = resealVault(chosen.store, chosen.dataKey, body)!
    const expected = { kind: 'open', sequence: 2, body, dataKey: chosen.dataKey }
    expect(await openVault(local, ownPassword)).toMatchObject(expected)
    expect(await openVault(store, ownPassword)).toEqual({ kind: 'recovery-code-needed' })
    expect(await openVault(store, ownPassword, recoveryCode)).toMatchObject(expected)
  })

  it('never seals two bodies alike', () => {
    const [one, two] = [1, 2].map(() => resealVault(chosen.local, chosen.dataKey, smallBody())!)
    expect(one).not.toEqual(two)
  })

  it('goes on to a given sequence, but never back', () => {
    const later = resealVault(chosen.local, chosen.dataKey, smallBody(), { sequence: 7 })!
    expect(openVaultWithKey(later, chosen.dataKey)).toMatchObject({ sequence: 7 })
    expect(() => resealVault(later, chosen.dataKey, smallBody(), { sequence: 7 })).toThrow(RangeError)
  })

  it('leaves alone a vault that another data key seals', () => {
    expect(resealVault(generated.local, chosen.dataKey, smallBody())).toBeUndefined()
    expect(resealVault(utf8('not a vault'), chosen.dataKey, smallBody())).toBeUndefined()
  })
})

describe('a change of password', () => {
  it('draws a new data key, so that neither the old password nor the old key opens what follows', async () => {
    const password = generatePassphrase()
    const before = await openVault(chosen.store, ownPassword, recoveryCode)
    if (before.kind !== 'open') throw new Error(before.kind)
    const { name, body, sequence } = before
    const fresh = await createVault({ name, body, sequence: sequence + 1, protection: 'generated', password, argon })
    expect(fresh.dataKey).not.toEqual(chosen.dataKey)
    expect(localKey(fresh.dataKey)).not.toEqual(localKey(chosen.dataKey))
    expect(await openVault(fresh.local, ownPassword)).toEqual({ kind: 'wrong-password' })
    expect(openVaultWithKey(fresh.local, chosen.dataKey).kind).toBe('damaged')
    expect(await openVault(fresh.store, password)).toMatchObject({ kind: 'open', sequence: 2, body: canonicalFull })
  })
})

describe('the body', () => {
  it('has one encoding, whatever order its lists came in', () => {
    const body = fullBody()
    const turned = { ...body, rooms: body.rooms.toReversed(), pins: body.pins.toReversed() }
    expect(encodeVaultBody(turned)).toEqual(encodeVaultBody(body))
  })

  it('is refused with a room, pin or secret twice, without a wrap key, or with too much of anything', () => {
    const body = fullBody()
    const twice = { ...body.rooms[0]!, name: 'other' }
    const pinTwice = { ...body.pins[0]!, name: 'B0B' }
    const seeds = Array.from({ length: 257 }, () => systemRandom(32))
    const faults = [
      { ...body, rooms: [...body.rooms, twice] },
      { ...body, pins: [...body.pins, pinTwice] },
      { ...body, secrets: [...body.secrets, ...body.secrets] },
      { ...body, wrapSeeds: [] },
      { ...body, wrapSeeds: seeds },
      { ...body, rootSeed: filled(31, 1) },
      { ...body, generation: -1 },
      { ...body, rooms: [{ ...twice, name: 'x'.repeat(65) }] },
    ]
    for (const fault of faults) expect(() => encodeVaultBody(fault)).toThrow(/./)
    expect(faults.map((fault) => nameOfError(() => encodeVaultBody(fault)))).toEqual(faults.map(() => 'FormatError'))
  })

  it('keeps its version 1 encoding', () => {
    const text = Buffer.from(encodeVaultBody(smallBody())).toString('hex')
    expect(text).toBe(`8801${`5820${'01'.repeat(32)}`}80815820${'02'.repeat(32)}00808080`)
  })
})

function changed(bytes: Uint8Array, at: number, mask: number): Bytes {
  const copy = Uint8Array.from(bytes)
  copy[at] = (copy[at] as number) ^ mask
  return copy
}

function nameOfError(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as Error).name
  }
  return 'none'
}

/** The peak of a fresh process before it opens the vaults, and after each of them. */
function peakMemoryMiB(vaults: readonly Bytes[], password: string): number[] {
  const program = `
    const { openVault } = await import(${JSON.stringify(new URL('../../src/crypto/vault.ts', import.meta.url).href)})
    const { vaults, password } = JSON.parse(process.argv[1])
    const peaks = [process.resourceUsage().maxRSS]
    for (const text of vaults) {
      await openVault(Uint8Array.from(Buffer.from(text, 'hex')), password)
      peaks.push(process.resourceUsage().maxRSS)
    }
    console.log(JSON.stringify(peaks))`
  const input = JSON.stringify({ vaults: vaults.map(hex), password })
  const args = ['--no-warnings', '--input-type=module', '--eval', program, input]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return (JSON.parse(stdout) as number[]).map((kibibytes) => kibibytes / 1024)
}
