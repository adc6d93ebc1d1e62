import { describe, expect, test } from 'vitest'
import type { Room } from '../../../src/chat/chat.ts'
import type { TimelineItem } from '../../../src/chat/item.ts'
import { again, enter, messages, person, say, texts, told, until, wholeHistory, type Being } from '../world.ts'
import { failingHome } from '../failing-home.ts'
import { lives, restorableWorld, type RestorableWorld, type RestoredLife } from './restorable-world.ts'

/** Messages that are only this home's: with their authors. */
function lost(items: readonly TimelineItem[]): readonly string[] {
  return told(items.filter(({ kind }) => kind === 'lost'))
}

/** Every message once, wherever it is shown. */
async function everything(room: Room): Promise<readonly string[]> {
  const items = await wholeHistory(room)
  const shown = items.flatMap((item) => (item.kind === 'lost' ? [item.item] : [item]))
  const ids = messages(shown).map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  return texts(shown)
}

interface Scene {
  readonly place: RestorableWorld
  readonly ada: Being
  readonly bob: Being
  readonly cyd: Being
  readonly room: Room
  readonly bobs: Room
  readonly cyds: Room
}

/** Three people; what ada and bob say last is lost, and cyd, who has only just come to a new machine, writes first. */
async function parted(life: RestoredLife): Promise<Scene & { readonly freshly: Room; readonly fresh: Being }> {
  const place = restorableWorld()
  const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
  const room = await ada.chat.create('demo')
  const [bobs, cyds] = [await enter(bob, room), await enter(cyd, room)]
  await say(room, 'one')
  await say(bobs, 'two')
  await until(cyds, () => cyds.seq === 2)
  // So that the vault in the store knows the room.
  await cyd.chat.close()
  const early = await place.copy()
  await say(room, 'three', 'four')
  await say(bobs, 'five')
  await until(room, () => room.seq === 5)
  await until(bobs, () => bobs.seq === 5)
  await ada.chat.close()
  await bob.chat.close()
  await place.setBack(early, life)
  const fresh = await again(place, cyd, place.machine())
  const freshly = await fresh.chat.open('demo')
  await say(freshly, 'instead')
  return { place, ada, bob, cyd, room, bobs, cyds, fresh, freshly }
}

describe.each(lives)('others wrote first after a store was set back, with the %s incarnation', (life) => {
  test('each message that was lost is sent again by its author, and shown once everywhere', async () => {
    const { place, ada, bob, freshly } = await parted(life)
    const adas = (await again(place, ada)).chat
    const room = await adas.open('demo')
    await until(room, () => room.seq === 5)
    // Bob's is still only here: it is shown where it was, and said to be missing.
    expect(texts(await wholeHistory(room))).toEqual(['one', 'two', 'instead', 'three', 'four'])
    expect(lost(await wholeHistory(room))).toEqual(['lost: bob: five'])
    expect(room.recovery).toMatchObject({ kind: 'diverged', text: expect.stringContaining('1 message of others') })
    await until(freshly, () => freshly.seq === 5)
    expect(texts(await wholeHistory(freshly))).toEqual(['one', 'two', 'instead', 'three', 'four'])

    const bobs = await (await again(place, bob)).chat.open('demo')
    const rooms = [room, bobs, freshly]
    for (const one of rooms) await until(one, () => one.seq === 6)
    for (const one of rooms) {
      expect(await everything(one)).toEqual(['one', 'two', 'instead', 'three', 'four', 'five'])
      expect(lost(await wholeHistory(one))).toEqual([])
      await until(one, () => one.recovery === undefined)
      expect(await one.verify()).toMatchObject({ damage: [], voids: [] })
    }
    await say(room, 'six')
    await until(bobs, () => bobs.seq === 7)
  })

  test('the order of one’s own messages stays, and what one says meanwhile comes behind them', async () => {
    const { place, ada, bob, freshly } = await parted(life)
    const chat = (await again(place, ada)).chat
    const room = await chat.open('demo')
    await say(room, 'six')
    expect(texts(await wholeHistory(room)).slice(-3)).toEqual(['three', 'four', 'six'])
    expect(bob.name).toBe('bob')
    await until(freshly, () => freshly.seq === 6)
  })

  test('two machines of one person send the same messages again: they are shown once', async () => {
    const { place, ada, freshly } = await parted(life)
    const [first, second] = await Promise.all([again(place, ada), again(place, ada)])
    const rooms = await Promise.all([first.chat.open('demo'), second.chat.open('demo')])
    // The copies from before the store was set back had five messages, too.
    for (const one of [...rooms, freshly]) {
      await expect.poll(async () => texts(await wholeHistory(one))).toEqual(['one', 'two', 'instead', 'three', 'four'])
      await until(one, () => one.pending.length === 0)
    }
  })

  test('who follows is told where the history goes another way, and nothing twice', async () => {
    const place = restorableWorld()
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    await say(room, 'one')
    await until(bobs, () => bobs.seq === 1)
    await bob.chat.close()
    const early = await place.copy()
    const stop = new AbortController()
    const shown: TimelineItem[] = []
    const following = (async () => {
      for await (const item of room.follow({ from: 1, signal: stop.signal })) shown.push(item)
    })()
    await say(room, 'two', 'three')
    await until(room, () => shown.length >= 5)
    ada.line.cut()
    await place.setBack(early, life)
    const freshly = await (await again(place, bob, place.machine())).chat.open('demo')
    await say(freshly, 'instead')
    ada.line.mend()
    await until(room, () => room.seq === 4)
    await say(freshly, 'four')
    await until(room, () => shown.some((item) => item.kind === 'message' && texts([item])[0] === 'four'))
    stop.abort()
    await following
    expect(texts(shown)).toEqual(['one', 'two', 'three', 'instead', 'four'])
    expect(shown.filter(({ kind }) => kind === 'warning')).toMatchObject([{ restart: { seq: 2 } }])
  })

  test('a program that was cut off while it set its records aside goes on with it', async () => {
    const { place, ada, freshly } = await parted(life)
    for (let writes = 1; writes <= 12; writes += 1) {
      const { home, cutAfter } = failingHome(ada)
      const one = await again(place, { ...ada, home })
      cutAfter(writes)
      await one.chat.open('demo').catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 10))
      cutAfter(0)
      await one.chat.close().catch(() => undefined)
    }
    const room = await (await again(place, ada)).chat.open('demo')
    await until(room, () => room.seq === 5 && room.pending.length === 0)
    expect(await everything(room)).toEqual(['one', 'two', 'five', 'instead', 'three', 'four'])
    await until(freshly, () => freshly.seq === 5)
    expect(texts(await wholeHistory(freshly))).toEqual(['one', 'two', 'instead', 'three', 'four'])
  })
})
