import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FormatError } from '../../src/base/codec.ts'
import { pad, paddedLength, unpad } from '../../src/protocol/padding.ts'

describe('padding', () => {
  it('has these rungs', () => {
    const rungs = new Set<number>()
    for (let length = 0; length < 6000; length += 1) rungs.add(paddedLength(length))
    expect([...rungs]).toEqual([256, 384, 512, 768, 1024, 1280, 1600, 2000, 2500, 3125, 3907, 4884, 6105])
    expect([252, 253, 1020, 1021].map(paddedLength)).toEqual([256, 384, 1024, 1280])
  })

  it('comes off again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (content) => {
        expect(unpad(pad(content))).toEqual(content)
      }),
    )
  })

  it('has one form: no other length, and zeros alone', () => {
    const padded = pad(new Uint8Array([1, 2, 3]))
    const with_ = (at: number, byte: number) => padded.map((old, k) => (k === at ? byte : old))
    const longer = new Uint8Array(384)
    longer.set(padded)
    for (const wrong of [
      new Uint8Array(0),
      new Uint8Array(3),
      padded.slice(0, 255),
      longer,
      with_(255, 1),
      with_(7, 1),
      with_(3, 253),
      with_(0, 255),
    ]) {
      expect(() => unpad(wrong)).toThrow(FormatError)
    }
  })
})
