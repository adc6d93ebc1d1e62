import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode, FormatError, type Value } from '../../src/base/codec.ts'
import { contentValue, decodeContent } from '../../src/protocol/content.ts'
import { anyCharacter } from '../any-character.ts'

const id = new Uint8Array(16).fill(3)
const hash = new Uint8Array(32).fill(4)

describe("a message's content", () => {
  it.each<[Value]>([
    [['text', 'hello']],
    [['emote', 'waves']],
    [['reply', id, 'yes']],
    [['edit', id, 'no']],
    [['delete', id]],
    [['react', id, '👍', true]],
    [['file', 'a.txt', 'text/plain', 12, hash, hash]],
  ])('comes back as it was: %s', (value) => {
    const content = decodeContent(decode(encode(value)))
    expect(content.type).toBe((value as Value[])[0])
    expect(contentValue(content)).toEqual(value)
  })

  it('of a later version is kept as it is', () => {
    const value: Value = ['poll', 'tea?', [1, [true, null]], hash]
    expect(decodeContent(value)).toEqual({ type: 'unknown', name: 'poll', value })
    expect(contentValue(decodeContent(value))).toBe(value)
  })

  it.each<[string, Value]>([
    ['no array', 'text'],
    ['an empty array', []],
    ['no type', [1, 'x']],
    ['a type too long', ['x'.repeat(17)]],
    ['an empty text', ['text', '']],
    ['a text too long', ['text', 'é'.repeat(8193)]],
    ['a text of bytes', ['text', hash]],
    ['a field too many', ['text', 'x', 'y']],
    ['a field too few', ['reply', id]],
    ['an id too short', ['delete', id.slice(1)]],
    ['an id too long', ['edit', hash, 'x']],
    ['a reaction too long', ['react', id, 'x'.repeat(33), true]],
    ['a reaction that is neither on nor off', ['react', id, 'x', 1]],
    ['a negative size', ['file', 'a', 'b', -1, hash, hash]],
    ['a file name too long', ['file', 'x'.repeat(256), 'b', 1, hash, hash]],
    ['a digest too short', ['file', 'a', 'b', 1, id, hash]],
    ['inherited names', ['__proto__']],
  ])('is refused with %s', (what, value) => {
    if (what === 'inherited names') expect(decodeContent(value).type).toBe('unknown')
    else expect(() => decodeContent(value)).toThrow(FormatError)
  })

  it('of any text comes back, a byte order mark in front included', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200, unit: anyCharacter }), fc.boolean(), (some, marked) => {
        const text = marked ? `\ufeff${some}` : some
        const content = decodeContent(decode(encode(contentValue({ type: 'text', text }))))
        expect(content).toEqual({ type: 'text', text })
      }),
    )
  })
})
