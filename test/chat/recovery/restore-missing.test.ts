import { describe, expect, test } from 'vitest'
import { fromHex, hex } from '../../../src/base/bytes.ts'
import { directoryKey, logRange, roomRange, userKey, vaultKey } from '../../../src/protocol/paths.ts'
import { again, enter, person, say, texts, until, wholeHistory } from '../world.ts'
import { lives, restorableWorld, type RestorableWorld } from './restorable-world.ts'

async function log(place: RestorableWorld, roomId: string): Promise<ReadonlyMap<string, string>> {
  const { start, end } = logRange(fromHex(roomId))
  const { entries } = await place.raw.range(start, end)
  return new Map(entries.map(({ key, value }) => [hex(key), hex(value)]))
}

async function talk(place: RestorableWorld) {
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const bobs = await enter(bob, room)
  await say(room, 'one')
  await say(bobs, 'two')
  const early = await place.copy()
  await say(room, 'three')
  await room.rotate()
  await say(bobs, 'four', 'five')
  await until(room, () => room.seq === 5)
  return { ada, bob, room, bobs, early }
}

const lines = ['one', 'two', 'three', 'four', 'five']

describe.each(lives)('a store that was set back, with the %s incarnation', (life) => {
  test('has everything again, byte for byte, as soon as anybody looks who remembers it; and talk goes on', async () => {
    const place = restorableWorld()
    const { room, bobs, early } = await talk(place)
    const before = await log(place, room.id)
    await place.setBack(early, life)
    expect((await log(place, room.id)).size).toBeLessThan(before.size)
    await say(room, 'six')
    await say(bobs, 'seven')
    await until(room, () => room.seq === 7)
    const after = await log(place, room.id)
    for (const [key, value] of before) expect(after.get(key)).toBe(value)
    expect(after.size).toBe(before.size + 2)
    for (const one of [room, bobs]) {
      expect(texts(await wholeHistory(one))).toEqual([...lines, 'six', 'seven'])
      expect(await one.verify()).toMatchObject({ damage: [], voids: [] })
    }
    expect([room.recovery, bobs.recovery].map((one) => one?.kind)).toContain('put-back')
  })

  test('has everything again also where nobody’s program ran meanwhile', async () => {
    const place = restorableWorld()
    const { ada, bob, room, early } = await talk(place)
    const before = await log(place, room.id)
    await ada.chat.close()
    await bob.chat.close()
    await place.setBack(early, life)
    const later = await again(place, bob)
    const theirs = await later.chat.open('demo')
    expect(await log(place, room.id)).toEqual(before)
    expect(theirs.recovery).toMatchObject({ kind: 'put-back', done: before.size - 4 })
    // The vault is back then, if it was set back at all.
    await later.chat.close()
    // On a new machine one reads it all: with the wraps of the epoch that was lost.
    const fresh = await again(place, bob, place.machine())
    expect(texts(await wholeHistory(await fresh.chat.open('demo')))).toEqual(lines)
  })

  test('has the rooms, the names and the vaults again that are younger than the copy', async () => {
    const place = restorableWorld()
    const ada = await person(place, 'ada')
    const early = await place.copy()
    const bob = await person(place, 'bob')
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    await say(bobs, 'one')
    await until(room, () => room.seq === 1)
    const whole = await place.copy()
    await place.setBack(early, life)
    await bobs.refresh()
    await until(room, () => room.recovery !== undefined || bobs.recovery !== undefined)
    const { start } = roomRange(fromHex(room.id))
    const lost = whole.map(({ key }) => hex(key)).filter((key) => key.startsWith(hex(start)))
    await untilThere(place, [userKey('bob'), vaultKey('bob'), directoryKey('derno')].map(hex).concat(lost))
    const cyd = await person(place, 'cyd')
    const cyds = await enter(cyd, room)
    expect(texts(await wholeHistory(cyds))).toEqual(['one'])
    await bob.chat.close()
    const elsewhere = await again(place, bob, place.machine())
    expect(texts(await wholeHistory(await elsewhere.chat.open('demo')))).toEqual(['one'])
  })
})

async function untilThere(place: RestorableWorld, keys: readonly string[]): Promise<void> {
  for (;;) {
    const standing = new Set((await place.copy()).map(({ key }) => hex(key)))
    if (keys.every((key) => standing.has(key))) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('nothing is sent that is new before everything that is old stands again', async () => {
  const place = restorableWorld()
  const { room, bobs, early, bob } = await talk(place)
  await bob.chat.close()
  await place.setBack(early, 'same')
  const sent = []
  for (const text of ['six', 'seven', 'eight']) sent.push((await room.send(text)).sent)
  const places = await Promise.all(sent)
  expect(places.map(({ seq }) => seq)).toEqual([6, 7, 8])
  expect(texts(await wholeHistory(room))).toEqual([...lines, 'six', 'seven', 'eight'])
  expect(texts(await wholeHistory(bobs)).slice(0, 5)).toEqual(lines)
})

test('a home that is used with another store puts nothing into it', async () => {
  const [place, elsewhere] = [restorableWorld(), restorableWorld()]
  const { ada, room } = await talk(place)
  await ada.chat.close()
  const stranger = await person(elsewhere, 'cyd')
  await stranger.chat.create('other')
  const before = (await elsewhere.copy()).map(({ key }) => hex(key))
  const there = await again(elsewhere, ada)
  const shown = await there.chat.open('demo')
  expect(texts(await wholeHistory(shown))).toEqual(lines)
  await expect(shown.send('into the wrong store')).rejects.toMatchObject({ code: 'tampering' })
  expect(shown.recovery).toMatchObject({ kind: 'damaged', text: expect.stringContaining('doesn’t know you') })
  expect(there.chat.recoveries.length).toBeGreaterThan(0)
  await there.chat.close()
  expect((await elsewhere.copy()).map(({ key }) => hex(key))).toEqual(before)
  const home = await again(place, ada)
  await say(await home.chat.open('demo'), 'six')
  expect(room.id).toHaveLength(64)
})
