/** One value, one encoding: decode ∘ encode and encode ∘ decode are identities, and all else is a FormatError. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { decode, encode, Fields, FormatError, type Value } from '../../src/base/codec.ts'
import { anyCharacter } from '../any-character.ts'

const value: fc.Memo<Value> = fc.memo((depth) => {
  const leaf = fc.oneof(
    fc.maxSafeInteger(),
    fc.string({ unit: anyCharacter, maxLength: 40 }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 40 }),
  )
  return depth <= 1 ? leaf : fc.oneof(leaf, fc.array(value(depth - 1), { maxLength: 5 }))
})

/** Other headers than the one that stands there, among other bytes. */
const change = fc.record({
  at: fc.nat(),
  byte: fc.oneof(fc.constantFrom(...fromHex('18191b3b585b5f607f8098a0c0f4f7f8f9fbff')), fc.nat({ max: 255 })),
  kind: fc.constantFrom('put', 'insert', 'remove', 'cut'),
})

function changed([some, changes]: [Value, { at: number; byte: number; kind: string }[]]): Uint8Array {
  const bytes = [...encode(some)]
  for (const { at, byte, kind } of changes) {
    const place = at % (bytes.length + 1)
    if (kind === 'cut') bytes.length = place
    else bytes.splice(place, kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [byte]))
  }
  return Uint8Array.from(bytes)
}

describe('the codec', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(value(5), (some) => {
        expect(decode(encode(some))).toEqual(some)
      }),
    )
  })

  it('keeps a byte order mark, wherever it stands', () => {
    for (const text of ['\ufeff', '\ufeffhi', '\ufeff\ufeffhi', `\ufeff${'x'.repeat(300)}`, 'a\ufeff']) {
      expect(decode(encode([text, [text]]))).toEqual([text, [text]])
    }
  })

  it.each([
    ['bytes', fc.uint8Array({ maxLength: 24 })],
    ['encodings with a few bytes changed', fc.tuple(value(4), fc.array(change, { maxLength: 3 })).map(changed)],
  ])('takes one encoding of each value, or none: of any %s', (_, some) => {
    fc.assert(
      fc.property(some, (bytes) => {
        try {
          expect(encode(decode(bytes))).toEqual(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['nothing', ''],
    ['a number in too many bytes', '1801'],
    ['a length in too many bytes', '580101'],
    ['an indefinite array', '9f01ff'],
    ['an indefinite text', '7f6161ff'],
    ['a map', 'a10102'],
    ['a tag', 'c101'],
    ['undefined', 'f7'],
    ['a float', 'f93c00'],
    ['a float that is no number', 'f97e00'],
    ['a number beyond 2^53 − 1', '1b0020000000000000'],
    ['a negative number beyond −(2^53 − 1)', '3b001fffffffffffff'],
    ['text that is not UTF-8', '62c328'],
    ['text with half a surrogate pair', '63eda080'],
    ['something behind the end', '0101'],
    ['an array longer than its bytes', '9bffffffffffffffff01'],
    ['a text longer than its bytes', '7a00ffffff61'],
    ['nesting too deep', '81'.repeat(17) + '01'],
    ['a million open arrays', '81'.repeat(100_000)],
  ])('refuses %s', (_, bytes) => {
    expect(() => decode(fromHex(bytes))).toThrow(FormatError)
  })
})

describe('positional fields', () => {
  it('are as many as expected, each of its kind and within its bounds', () => {
    expect(() => new Fields([1], 2)).toThrow(FormatError)
    expect(() => new Fields('x', 1)).toThrow(FormatError)
    const of = (item: Value) => new Fields([item], 1)
    expect(of(5).unsigned(5)).toBe(5)
    expect(of(null).nullable((f) => f.unsigned())).toBeNull()
    for (const wrong of [
      () => of(6).unsigned(5),
      () => of(-1).unsigned(),
      () => of('x').unsigned(),
      () => of(1).boolean(),
      () => of(new Uint8Array(2)).fixed(3),
      () => of('ab').fixed(2),
      () => of(new Uint8Array(4)).bytes(3),
      () => of('éé').text(3),
      () => of([1, 2]).array(1),
      () => of('x').array(5),
      () => new Fields([], 0).next(),
    ]) {
      expect(wrong).toThrow(FormatError)
    }
  })
})
