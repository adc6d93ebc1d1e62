import { beforeAll, describe, expect, it } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { decode, encode, type Value } from '../../src/base/codec.ts'
import { unwrapperFromSeed, type Unwrapper, type Wrapped } from '../../src/crypto/wrap.ts'
import { decodeWrapPage, makeWrapPages, pageOf, unwrapSecret, wrapsName } from '../../src/protocol/wraps.ts'
import { diceFrom } from './seeded.ts'

const { random } = diceFrom('wraps')
const context = { roomId: random(32), n: 7, previousHead: random(32), epoch: 3 }
const secret = random(32)
const confirm = random(32)
let own: Unwrapper, other: Unwrapper
let pages: Awaited<ReturnType<typeof makeWrapPages>>
beforeAll(async () => {
  own = await unwrapperFromSeed(random(32))
  other = await unwrapperFromSeed(random(32))
  const targets = [
    { index: 300, wrapKey: own.publicKey },
    { index: 2, wrapKey: other.publicKey },
    { index: 5, wrapKey: new Uint8Array(1216) },
  ]
  pages = await makeWrapPages(context, targets, { secret, confirm })
})
const wrapAt = (index: number) => {
  const page = pages.pages.find((p) => p.page === pageOf(index))
  return page && decodeWrapPage(page.bytes).get(index)
}

describe('wrap pages', () => {
  it('hold a wrap by member index, 256 a page', async () => {
    expect(pages.pages.map(({ page }) => page)).toEqual([0, 1])
    expect(await unwrapSecret(context, own, wrapAt(300) as Wrapped)).toEqual(secret)
    expect(await unwrapSecret(context, other, wrapAt(2) as Wrapped)).toEqual(secret)
    expect([255, 256].map(pageOf)).toEqual([0, 1])
  })

  it('are bound to their record and to their owner', async () => {
    const wrapped = wrapAt(300) as Wrapped
    for (const change of [{ roomId: random(32) }, { n: 8 }, { previousHead: random(32) }, { epoch: 4 }]) {
      expect(await unwrapSecret({ ...context, ...change }, own, wrapped)).toBeUndefined()
    }
    expect(await unwrapSecret(context, other, wrapped)).toBeUndefined()
    const broken = { ...wrapped, ciphertext: wrapped.ciphertext.map((byte) => byte ^ 1) }
    expect(await unwrapSecret(context, own, broken)).toBeUndefined()
  })

  it('leave out who has no working key', () => {
    expect(wrapAt(5)).toBeUndefined()
  })

  it('are named by the epoch that they are for', () => {
    expect(pages.name).toEqual(wrapsName(context, confirm))
    for (const change of [{ roomId: random(32) }, { n: 8 }, { previousHead: random(32) }, { epoch: 4 }]) {
      expect(wrapsName({ ...context, ...change }, confirm)).not.toEqual(pages.name)
    }
    expect(wrapsName(context, random(32))).not.toEqual(pages.name)
  })

  it('are empty when they are no pages', () => {
    const page = pages.pages[0]?.bytes as Bytes
    const [row] = decode(page) as readonly (readonly Value[])[]
    if (row === undefined) throw new Error('a row')
    const wrong: Value[] = [
      null,
      [null],
      [[1]],
      [row.with(0, -1)],
      [row.with(1, new Uint8Array(5))],
      [[...row, 0]],
      Array.from({ length: 257 }, () => row),
    ]
    for (const value of wrong) expect(decodeWrapPage(encode(value)).size).toBe(0)
    for (const bytes of [new Uint8Array(0), page.slice(0, -1), new Uint8Array([0xff])])
      expect(decodeWrapPage(bytes).size).toBe(0)
  })
})
