import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import {
  generatePassphrase,
  normalizePassphrase,
  passphraseBits,
  passphraseWords,
} from '../../src/crypto/passphrase.ts'
import { formatRecoveryCode, generateRecoveryCode, parseRecoveryCode } from '../../src/crypto/recovery-code.ts'
import { passwordWeakness } from '../../src/crypto/password-strength.ts'
import { filled } from './vault-fixture.ts'

describe('a generated passphrase', () => {
  it('is six words of a list of 2,048 different ones: 66 bits', () => {
    expect(new Set(wordlist).size).toBe(2048)
    expect(passphraseWords * Math.log2(new Set(wordlist).size)).toBe(passphraseBits)
    const words = generatePassphrase().split('-')
    expect(words).toHaveLength(6)
    for (const word of words) expect(wordlist).toContain(word)
  })

  it('takes every word of the list from the random bytes evenly', () => {
    const counts = new Map<string, number>()
    for (let value = 0; value < 65_536; value += 1) {
      const bytes = new Uint8Array(12)
      bytes.set([value >> 8, value & 255], 10)
      const word = generatePassphrase(() => bytes).split('-')[5]!
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
    expect(counts.size).toBe(2048)
    expect(new Set(counts.values())).toEqual(new Set([32]))
  })

  it('uses all of the twelve random bytes', () => {
    const base = generatePassphrase(() => filled(12, 0))
    for (let at = 0; at < 12; at += 1) {
      const bytes = filled(12, 0)
      bytes[at] = 1
      expect(generatePassphrase(() => bytes)).not.toBe(base)
    }
  })

  it('does not repeat', () => {
    expect(new Set(Array.from({ length: 1000 }, () => generatePassphrase())).size).toBe(1000)
  })

  it('is known again in any case, with spaces or hyphens, and only if all six words are of the list', () => {
    const passphrase = generatePassphrase()
    expect(normalizePassphrase(passphrase)).toBe(passphrase)
    expect(normalizePassphrase(`\t${passphrase.toUpperCase().replaceAll('-', ' - ')}\n`)).toBe(passphrase)
    expect(normalizePassphrase(`${passphrase}-abandon`)).toBeUndefined()
    expect(normalizePassphrase(passphrase.slice(passphrase.indexOf('-') + 1))).toBeUndefined()
    expect(normalizePassphrase(passphrase.replace(/^[a-z]+/, 'conclave'))).toBeUndefined()
  })
})

describe('a chosen passphrase', () => {
  it.each([
    '',
    'password',
    'P@ssw0rd!',
    'qwertyuiop',
    '12345678901234',
    'letmein2024',
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    'abcabcabcabcabc',
    'ada',
    'ada1990!',
    'conclave-ada',
    'Summer2026',
    'iloveyou123',
    'x'.repeat(2000),
  ])('%j is refused, with advice', async (password) => {
    expect(await passwordWeakness(password, 'ada')).toMatch(/\S.*\.$/)
  })

  it.each(['Zwölf Boxkämpfer jagen Viktor', 'gT7#qL2!vR9$', 'purple tractor sings at noon'])(
    '%j is accepted',
    async (password) => {
      expect(await passwordWeakness(password, 'ada')).toBeUndefined()
    },
  )

  it('that repeats the name is weaker for it', async () => {
    const password = 'xelqirantho7'
    expect(await passwordWeakness(password, 'bob')).toBeUndefined()
    expect(await passwordWeakness(password, 'xelqirantho')).toBeDefined()
  })

  it('is generated: six words pass as well', async () => {
    expect(await passwordWeakness(generatePassphrase(), 'ada')).toBeUndefined()
  })
})

describe('a recovery code', () => {
  it('is eight groups of four, without I, L, O and U', () => {
    for (let k = 0; k < 100; k += 1) {
      expect(formatRecoveryCode(generateRecoveryCode())).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){7}$/)
    }
  })

  it('has its version 1 form', () => {
    const code = Uint8Array.from({ length: 16 }, (_, k) => k * 17)
    expect(formatRecoveryCode(code)).toMatchInlineSnapshot(`"008J-4CT4-ANK7-F24S-NAXW-SQFE-ZYGF-SDW0"`)
  })

  it('comes back from its written form, in any case and grouping, with I, L and O for 1 and 0', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const code = Uint8Array.from(bytes)
        const text = formatRecoveryCode(code)
        expect(parseRecoveryCode(text)).toEqual(code)
        expect(parseRecoveryCode(` ${text.toLowerCase().replaceAll('-', ' ')} `)).toEqual(code)
        expect(parseRecoveryCode(text.replaceAll('1', 'l').replaceAll('0', 'o').replaceAll('-', ''))).toEqual(code)
      }),
    )
  })

  it('is refused with any one character changed or any two neighbours swapped', () => {
    const text = formatRecoveryCode(Uint8Array.from({ length: 16 }, (_, k) => 255 - k * 13))
    let tried = 0
    for (let at = 0; at < text.length; at += 1) {
      if (text[at] === '-') continue
      for (const symbol of '0123456789ABCDEFGHJKMNPQRSTVWXYZ') {
        if (symbol === text[at]) continue
        tried += 1
        expect(() => parseRecoveryCode(text.slice(0, at) + symbol + text.slice(at + 1))).toThrow(/not a recovery code/)
      }
      const swapped = text.slice(0, at) + (text[at + 1] ?? '') + text[at] + text.slice(at + 2)
      if (swapped.replaceAll('-', '') !== text.replaceAll('-', '')) {
        expect(() => parseRecoveryCode(swapped)).toThrow(/not a recovery code/)
      }
    }
    expect(tried).toBe(32 * 31)
  })

  it('says that a character is missing, surplus or foreign', () => {
    const text = formatRecoveryCode(generateRecoveryCode())
    for (const bad of ['', text.slice(1), `${text}0`, `U${text.slice(1)}`, `é${text.slice(1)}`]) {
      expect(() => parseRecoveryCode(bad)).toThrow(expect.objectContaining({ code: 'usage', hint: expect.any(String) }))
    }
  })
})
