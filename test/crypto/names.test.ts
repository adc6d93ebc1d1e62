import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRoomName, checkUserName, skeleton, userNameFault } from '../../src/crypto/skeleton.ts'
import { fingerprint, matchesFingerprint, safetyNumber } from '../../src/crypto/fingerprint.ts'
import { filled } from './vault-fixture.ts'

const nameCharacter = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')
const anyName = fc.string({ unit: nameCharacter, minLength: 2, maxLength: 32 })

describe('names too alike', () => {
  it.each([
    ['ada', 'ADA', 'Ada'],
    ['bob', 'B0b', 'BOB'],
    ['Alice', 'A1ice', 'AIice', 'alLce', 'aiice'],
    ['demo1', 'demol', 'demoI', 'dem01'],
    ['modern', 'rnodern', 'MODERN', 'rnodem'],
    ['wave', 'vvave', 'WAVE'],
    ['vvv', 'vw', 'wv', 'VVV'],
    ['zoe', '2oe', '20e'],
    ['boss', 'bo5s', 'B0S5'],
    ['a_b', 'a-b', 'a__b', 'A-_-b'],
  ])('%s has the same skeleton as all of %s, …', (...names) => {
    expect(new Set(names.map(skeleton)).size).toBe(1)
  })

  it.each([
    ['demo1', 'demo2', 'demo3', 'demo4', 'demo5', 'demo6', 'demo7', 'demo8', 'demo9', 'demo0'],
    ['ab', 'a-b', 'ab-', '-ab'],
    ['b8', 'bb', 'bg', 'b6', 'bq', 'b9'],
    ['ron', 'rom', 'ran'],
    ['anna', 'ana', 'alma'],
    ['cl', 'd0'],
    ['uv', 'uu', 'vu'],
  ])('%s stays apart from %s, …', (...names) => {
    expect(new Set(names.map(skeleton)).size).toBe(names.length)
  })

  it('a skeleton is its own skeleton, and at most twice as long as the name', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(skeleton(skeleton(name))).toBe(skeleton(name))
        expect(skeleton(name).length).toBeLessThanOrEqual(2 * name.length)
        expect(skeleton(name)).toMatch(/^[a-ln-vx-z346-9-]*$/)
      }),
    )
  })

  it('replacing a character by a look-alike anywhere keeps the skeleton', () => {
    const pairs = [
      ['o', '0'],
      ['l', '1'],
      ['I', 'l'],
      ['Z', '2'],
      ['S', '5'],
      ['m', 'rn'],
      ['w', 'vv'],
      ['_', '-'],
    ] as const
    fc.assert(
      fc.property(anyName, anyName, fc.constantFrom(...pairs), (before, after, [one, other]) => {
        expect(skeleton(before + one + after)).toBe(skeleton(before + other + after))
      }),
    )
  })

  it('keeps the keys under which names are stored', () => {
    const stored = Object.fromEntries(
      ['Demo1', 'William_M', 'BOB', 'x9-y', 'a25'].map((name) => [name, skeleton(name)]),
    )
    expect(stored).toEqual({
      Demo1: 'dernol',
      William_M: 'vvllllarn-rn',
      BOB: 'bob',
      'x9-y': 'x9-y',
      a25: 'azs',
    })
  })
})

describe('a name', () => {
  it.each(['ada', 'Demo5', 'a_b-c', '42', '_x', 'x'.repeat(32), 'Ali', 'Ian', 'root', 'demo'])(
    '%s is allowed',
    (name) => {
      expect(() => checkUserName(name)).not.toThrow()
      expect(() => checkRoomName(name)).not.toThrow()
    },
  )

  it.each([
    '',
    'a',
    'x'.repeat(33),
    'a b',
    'ada\n',
    'ada\u0000',
    '<admin>',
    'Åda',
    'аda',
    'a.b',
    '__',
    '--help',
    '-x',
    'a/b',
    '\u001b[2J',
  ])('%j is refused with a hint that says what is allowed', (name) => {
    const refusal = expect.objectContaining({ code: 'usage', hint: expect.stringContaining('letters A to Z') })
    expect(() => checkUserName(name)).toThrow(refusal)
    if (name.length < 33) expect(() => checkRoomName(name)).toThrow(refusal)
  })

  it.each(['admin', 'ADMIN', 'Adm1n', 'adrnin', 'admins', 'System', '5ystem', 'c0nclave', 'everyone', 'nobody'])(
    '%s is reserved to users, not to rooms',
    (name) => {
      expect(userNameFault(name)).toMatch(/reserved/)
      expect(() => checkUserName(name)).toThrow(expect.objectContaining({ code: 'usage' }))
      expect(() => checkRoomName(name)).not.toThrow()
    },
  )

  it('of a room may have 64 characters', () => {
    expect(() => checkRoomName('x'.repeat(64))).not.toThrow()
    expect(() => checkRoomName('x'.repeat(65))).toThrow(/longer than 64/)
  })

  it('never appears in what refuses it, since it may carry control characters', () => {
    try {
      checkUserName('\u001b]0;title\u0007')
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toMatch(/title|\u001b/)
      return
    }
    expect.unreachable()
  })
})

describe('a fingerprint', () => {
  it('is 24 digits in groups of four, fixed for a key', () => {
    expect(fingerprint(filled(32, 0))).toMatchInlineSnapshot(`"6795 5771 2732 8652 8900 7265"`)
    expect(fingerprint(filled(32, 255))).toMatchInlineSnapshot(`"8505 5859 3110 9632 6901 5119"`)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
        expect(fingerprint(key)).toMatch(/^\d{4}( \d{4}){5}$/)
      }),
    )
  })

  it('is found equal however its groups are typed, and to no other key', () => {
    const key = filled(32, 3)
    const text = fingerprint(key)
    for (const typed of [text, text.replaceAll(' ', ''), ` ${text.replaceAll(' ', '-')}\n`]) {
      expect(matchesFingerprint(typed, key)).toBe(true)
      expect(matchesFingerprint(typed, filled(32, 4))).toBe(false)
    }
    for (const typed of ['', text.slice(1), `${text}0`, text.slice(0, 14)]) {
      expect(matchesFingerprint(typed, key)).toBe(false)
    }
  })

  it('changes with every bit of the key', () => {
    const seen = new Set([fingerprint(filled(32, 0))])
    for (let bit = 0; bit < 256; bit += 1) {
      const key = filled(32, 0)
      key[bit >> 3] = 1 << (bit % 8)
      seen.add(fingerprint(key))
    }
    expect(seen.size).toBe(257)
  })
})

describe('a safety number', () => {
  it('is 60 digits in groups of five, fixed for two keys', () => {
    expect(safetyNumber(filled(32, 1), filled(32, 2))).toMatchInlineSnapshot(
      `"28709 32786 05781 51072 17371 32873 31148 61572 57701 35297 92925 58141"`,
    )
    expect(safetyNumber(filled(32, 1), filled(32, 2))).toMatch(/^\d{5}( \d{5}){11}$/)
  })

  it('is the same on both screens, and has a half for each key', () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(key, key, key, (a, b, c) => {
        expect(safetyNumber(a, b)).toBe(safetyNumber(b, a))
        const half = safetyNumber(a, a).slice(0, 35)
        expect(safetyNumber(a, b)).toContain(half)
        expect(safetyNumber(a, c)).toContain(half)
      }),
    )
  })

  it('is made of whole keys only', () => {
    expect(() => safetyNumber(filled(32, 1), filled(31, 2))).toThrow(RangeError)
    expect(() => fingerprint(filled(33, 1))).toThrow(RangeError)
  })
})
