import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { readLines } from '../../src/cli/room/stdin-lines.ts'
import { anyCharacter } from '../any-character.ts'

async function lines(chunks: readonly Uint8Array[], max = 1000): Promise<string[]> {
  const seen: string[] = []
  for await (const { number, text } of readLines(stream(chunks), max)) {
    seen.push(text)
    expect(number).toBe(seen.length)
  }
  return seen
}

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

test('lines are the same however the bytes are cut', async () => {
  const line = fc.string({ unit: anyCharacter, maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, ''))
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), fc.boolean(), async (wanted, cuts, crLf) => {
      const end = crLf ? '\r\n' : '\n'
      const bytes = utf8(wanted.map((text) => text + end).join(''))
      expect(await lines(cut(bytes, cuts))).toEqual(wanted)
    }),
  )
})

test('the last line needs no end', async () => {
  expect(await lines([utf8('a\nb')])).toEqual(['a', 'b'])
  expect(await lines([])).toEqual([])
})

test('a line of just the length that is allowed passes, in one piece or many', async () => {
  const text = 'é'.repeat(50)
  expect(await lines([utf8(`${text}\r\n${text}`)], 100)).toEqual([text, text])
  expect(
    await lines(
      [...utf8(`${text}\r\n`)].map((byte) => Uint8Array.of(byte)),
      100,
    ),
  ).toEqual([text])
})

test('a longer line is refused by its number, after the lines before it', async () => {
  const seen: string[] = []
  const reading = async (): Promise<void> => {
    for await (const { text } of readLines(stream([utf8('a\nb\n'), utf8('x'.repeat(101))]), 100)) seen.push(text)
  }
  await expect(reading()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('line 3') })
  expect(seen).toEqual(['a', 'b'])
})

test('a line without end is refused before it has filled the memory', async () => {
  let chunks = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      chunks += 1
      yield new Uint8Array(60).fill(0x78)
    }
  }
  await expect(readLines(endless(), 100).next()).rejects.toMatchObject({ code: 'usage' })
  expect(chunks).toBe(2)
})

test('bytes that are no text are refused by the line', async () => {
  await expect(lines([utf8('a\n'), Uint8Array.of(0xff, 0x0a)])).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('line 2'),
  })
})
