import { describe, expect, test } from 'vitest'
import type { Room } from '../../src/chat/chat.ts'
import type { TimelineItem } from '../../src/chat/item.ts'
import { again, anyKind, enter, messages, person, say, texts, told, until, wholeHistory, world } from './world.ts'
import type { World } from './world.ts'

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, k) => `message ${from + k}`)

/** Sent together, so that records hold many; then some alone; then a bundle again. */
async function chatter(room: Room): Promise<readonly string[]> {
  for (const [from, to] of [
    [1, 150],
    [151, 151],
    [152, 152],
    [153, 230],
  ] as const) {
    const sent = await Promise.all(numbered(from, to).map((text) => room.send(text)))
    await Promise.all(sent.map((message) => message.sent))
  }
  return numbered(1, 230)
}

async function backwards(room: Room, limit: number): Promise<{ items: TimelineItem[]; sizes: number[] }> {
  const items: TimelineItem[] = []
  const sizes: number[] = []
  let before: number | undefined
  for (;;) {
    const page = await room.history({ limit, ...(before === undefined ? {} : { before }) })
    items.unshift(...page.items)
    sizes.push(page.items.length)
    before = page.items[0]?.i
    if (!page.more) return { items, sizes }
    expect(before).toBeTypeOf('number')
  }
}

async function talkedIn(place: World) {
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const bobs = await enter(bob, room)
  const said = await chatter(room)
  return { ada, bob, room, bobs, said }
}

describe.each(anyKind)('history on the %s store', (kind) => {
  test('messages sent together share records, and are numbered without a gap', async () => {
    const { room, said } = await talkedIn(world(kind))
    const items = messages(await wholeHistory(room))
    expect(texts(items)).toEqual(said)
    expect(items.map(({ seq }) => seq)).toEqual(said.map((_, k) => k + 1))
    expect(new Set(items.map(({ id }) => id)).size).toBe(said.length)
    const records = new Set(items.map(({ i }) => i)).size
    expect(records).toBeLessThan(said.length / 2)
    expect(records).toBeGreaterThan(4)
    expect(room.seq).toBe(said.length)
  })

  test.each([1, 7, 64, 100, 1000])('pages of %i from the end back show everything once', async (limit) => {
    const { room } = await talkedIn(world(kind))
    const whole = await wholeHistory(room)
    const { items, sizes } = await backwards(room, limit)
    expect(items).toEqual(whole)
    for (const size of sizes) expect(size).toBeLessThanOrEqual(limit + 63)
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(limit)
  })

  test('a page from any message on begins with that message', async () => {
    const { room, said } = await talkedIn(world(kind))
    for (const fromSeq of [2, 64, 65, 100, 150, 151, 152, 153, 229, 230]) {
      const { items, more } = await room.history({ limit: 10, fromSeq })
      expect(texts(items)).toEqual(said.slice(fromSeq - 1, fromSeq - 1 + items.length))
      expect(items.length).toBeGreaterThanOrEqual(Math.min(10, said.length - fromSeq + 1))
      expect(more).toBe(fromSeq - 1 + items.length < said.length)
    }
    expect(await room.history({ limit: 10, fromSeq: 231 })).toEqual({ items: [], more: false })
    expect(told((await room.history({ limit: 10, fromSeq: 1 })).items)[0]).toBe('create by ada')
  })

  test('a page from a message on begins there also behind many changes of the room', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    await say(room, 'one')
    for (let time = 0; time < 12; time += 1) {
      const admission = await bob.chat.join('demo')
      const rejection = expect(admission.wait()).rejects.toMatchObject({ code: 'rejected' })
      await room.reject('bob')
      await rejection
    }
    await say(room, 'two', 'three')
    const page = await room.history({ limit: 5, fromSeq: 2 })
    expect(texts(page.items)).toEqual(['two', 'three'])
    expect(page.more).toBe(false)
    expect(texts((await room.history({ limit: 1, fromSeq: 2 })).items)).toEqual(['two'])
  })

  test('everybody sees the same items, but for whose they are', async () => {
    const { room, bobs } = await talkedIn(world(kind))
    await until(bobs, () => bobs.seq === 230)
    const strangers = (items: readonly TimelineItem[]) =>
      items.map((item) => (item.kind === 'message' ? { ...item, own: undefined } : item))
    expect(strangers(await wholeHistory(bobs))).toEqual(strangers(await wholeHistory(room)))
    expect(messages(await wholeHistory(bobs)).every(({ own }) => !own)).toBe(true)
    expect(messages(await wholeHistory(room)).every(({ own }) => own)).toBe(true)
  })

  test('it is there after a restart, also while the store is away', async () => {
    const place = world(kind)
    const { bob, bobs } = await talkedIn(place)
    await until(bobs, () => bobs.seq === 230)
    const whole = await wholeHistory(bobs)
    await bob.chat.close()
    const later = await again(place, bob)
    later.line.cut()
    const room = await later.chat.open('demo')
    expect(room).toHaveProperty('seq', 230)
    expect(await wholeHistory(room)).toEqual(whole)
    expect((await backwards(room, 50)).items).toEqual(whole)
    expect(later.chat.connection.state).toBe('offline')
  })

  test('a new machine reads it all from the store', async () => {
    const place = world(kind)
    const { ada, room } = await talkedIn(place)
    const whole = await wholeHistory(room)
    // Logging in takes the rooms over from the store's copy of the vault, which follows soon.
    await ada.chat.close()
    const elsewhere = await again(place, ada, place.machine())
    const theirs = await elsewhere.chat.open('demo')
    expect(await wholeHistory(theirs)).toEqual(whole)
    await say(theirs, 'from elsewhere')
    expect(messages(await wholeHistory(theirs)).at(-1)).toMatchObject({ own: true, seq: 231 })
  })

  test('texts come through as they were written, to the byte', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    const odd = [
      ' leading and trailing ',
      'two\nlines\ttab',
      '\ufeffmarked',
      'e\u0301 is not \u00e9',
      '👩‍👩‍👧 العربية 中文',
      '\u001b[31mred\u001b]0;title\u0007',
      '\u202eback',
      'x'.repeat(16_384),
    ]
    await say(room, ...odd)
    expect(texts(await wholeHistory(room))).toEqual(odd)
    for (const bad of ['', ' \n\t', 'x'.repeat(16_385), 'é'.repeat(8193)]) {
      await expect(room.send(bad)).rejects.toMatchObject({ code: 'usage' })
    }
    expect(room.seq).toBe(odd.length)
  })

  test('every type of message keeps its fields', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    const { sent } = await room.send('first')
    const to = (await sent).id
    const contents = [
      { type: 'emote', text: 'waves' },
      { type: 'reply', to, text: 'to that' },
      { type: 'edit', to, text: 'second' },
      { type: 'react', to, emoji: '👍', on: true },
      { type: 'react', to, emoji: '👍', on: false },
      { type: 'delete', to },
    ] as const
    for (const content of contents) await (await room.send(content)).sent
    const shown = messages(await wholeHistory(room)).slice(1)
    expect(shown).toMatchObject(contents)
    await expect(room.send({ type: 'reply', to: 'nothing', text: 'x' })).rejects.toMatchObject({ code: 'usage' })
  })
})
