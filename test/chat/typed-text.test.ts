import { describe, expect, it } from 'vitest'
import { fromHex, utf8, type Bytes } from '../../src/base/bytes.ts'
import { draftBytesMax, inputLinesBytesMax, inputLinesMax, typedRowsMax } from '../../src/base/limits.ts'
import { draftKey, linesKey, localKeysKey, typedRange } from '../../src/chat/home/local-paths.ts'
import { LocalSeal, readLocalKeys, renewLocalKeys, settleLocalKeys } from '../../src/chat/home/local-seal.ts'
import { TypedTextRows } from '../../src/chat/home/typed-text.ts'
import { localKey } from '../../src/crypto/vault.ts'
import { systemRandom } from '../../src/crypto/random.ts'
import { readOne } from '../../src/store/read-one.ts'
import { MemoryStore } from '../../src/store/memory.ts'

const dataKey = new Uint8Array(32).fill(5)
const room = 'ab'.repeat(32)
const reply = { text: 'yes', about: { act: 'reply', id: 'm1', quote: 'bob: lunch?', before: 'and' } } as const

function inHome(home: MemoryStore, key: Bytes = localKey(dataKey)): TypedTextRows {
  return new TypedTextRows(home, new LocalSeal([key], systemRandom))
}

describe('what is typed', () => {
  it('comes back in a program that starts later, until it is sent', async () => {
    const home = new MemoryStore()
    const typed = inHome(home)
    expect(await typed.read(room)).toEqual({ draft: undefined, lines: [] })
    await typed.saveDraft(room, { text: 'see you at eight' })
    await typed.addLines(room, ['one', 'two\nlines'])
    await typed.addLines(room, ['three'])
    const later = inHome(home)
    expect(await later.read(room)).toEqual({
      draft: { text: 'see you at eight' },
      lines: ['one', 'two\nlines', 'three'],
    })
    await later.saveDraft(room, reply)
    expect((await typed.read(room)).draft).toEqual(reply)
    await later.saveDraft(room, undefined)
    expect((await typed.read(room)).draft).toBeUndefined()
    expect(await typed.read('cd'.repeat(32))).toEqual({ draft: undefined, lines: [] })
  })

  it('lies sealed, and opens in its place only', async () => {
    const home = new MemoryStore()
    const typed = inHome(home)
    await typed.saveDraft(room, { text: 'ocelot' })
    await typed.addLines(room, ['ocelot'])
    const { entries } = await home.range(typedRange.start, typedRange.end)
    expect(entries.length).toBe(2)
    for (const { value } of entries) expect(Buffer.from(value).includes('ocelot')).toBe(false)
    const other = 'cd'.repeat(32)
    const moved = entries.map(({ key, value }) => {
      const place = Buffer.from(key).toString().includes('draft') ? draftKey : linesKey
      return { kind: 'put', key: place(fromHex(other)), value } as const
    })
    await home.commit({ then: moved })
    expect(await typed.read(other)).toEqual({ draft: undefined, lines: [] })
  })

  it('is bounded: bytes of a draft, lines and their bytes, rooms', async () => {
    const home = new MemoryStore()
    const typed = inHome(home)
    await typed.saveDraft(room, { text: '漢'.repeat(30_000) })
    const { draft } = await typed.read(room)
    expect(draft?.text).toBe('漢'.repeat(Math.floor(draftBytesMax / 3)))
    await typed.saveDraft(room, { ...reply, about: { ...reply.about, before: 'x'.repeat(90_000) }, text: '\ud800' })
    expect((await typed.read(room)).draft?.text).toBe('\ufffd')

    await typed.addLines(
      room,
      Array.from({ length: inputLinesMax + 5 }, (_, n) => `line ${n}`),
    )
    const { lines } = await typed.read(room)
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([inputLinesMax, 'line 5', `line ${inputLinesMax + 4}`])
    await typed.addLines(room, ['x'.repeat(inputLinesBytesMax + 1), 'y'.repeat(inputLinesBytesMax - 10)])
    expect((await typed.read(room)).lines.map((line) => line.slice(0, 8))).toEqual([
      `line ${inputLinesMax + 4}`,
      'yyyyyyyy',
    ])
  })

  it('of very many rooms, what was written longest ago goes', async () => {
    const home = new MemoryStore()
    const typed = inHome(home)
    const rooms = Array.from({ length: typedRowsMax + 3 }, (_, n) => n.toString(16).padStart(64, '0'))
    for (const id of rooms) await typed.saveDraft(id, { text: id })
    const kept = await Promise.all(rooms.map(async (id) => (await typed.read(id)).draft !== undefined))
    expect(kept.slice(0, 5)).toEqual([false, false, false, true, true])
    expect(kept.filter(Boolean).length).toBe(typedRowsMax)
  })

  it('lines of two programs are all kept', async () => {
    const home = new MemoryStore()
    const [one, other] = [inHome(home), inHome(home)]
    await Promise.all([one.addLines(room, ['a']), other.addLines(room, ['b'])])
    await one.addLines(room, ['c'])
    expect((await other.read(room)).lines.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('that is damaged counts as absent, and lines under an unknown key stay', async () => {
    const home = new MemoryStore()
    const stranger = inHome(home, new Uint8Array(32).fill(9))
    await stranger.addLines(room, ['kept'])
    const typed = inHome(home)
    await typed.addLines(room, ['not written'])
    expect((await typed.read(room)).lines).toEqual([])
    expect((await stranger.read(room)).lines).toEqual(['kept'])
    const seal = new LocalSeal([localKey(dataKey)], systemRandom)
    const key = draftKey(fromHex(room))
    await home.commit({ then: [{ kind: 'put', key, value: seal.seal(key, utf8('no draft')) }] })
    expect((await typed.read(room)).draft).toBeUndefined()
  })

  it('is sealed again when the passphrase changes', async () => {
    const home = new MemoryStore()
    const typed = inHome(home)
    const ids = Array.from({ length: 30 }, (_, n) => n.toString(16).padStart(64, '0'))
    for (const id of ids) await typed.saveDraft(id, { text: 'x'.repeat(draftBytesMax) })
    const next = new Uint8Array(32).fill(6)
    const { put } = renewLocalKeys(await readLocalKeys(home, dataKey), next, systemRandom)
    await home.commit({ then: [put] })
    await settleLocalKeys(home, next, [], systemRandom)
    const [newest] = (await readLocalKeys(home, next)).keys
    const after = new TypedTextRows(home, new LocalSeal([newest as Bytes], systemRandom))
    for (const id of ids) expect((await after.read(id)).draft?.text.length).toBe(draftBytesMax)
    expect(await readOne(home, localKeysKey)).toBeDefined()
  })
})
