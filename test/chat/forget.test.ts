import { expect, test } from 'vitest'
import { logKey } from '../../src/protocol/paths.ts'
import { fromHex } from '../../src/base/bytes.ts'
import { again, enter, person, say, texts, until, wholeHistory, world } from './world.ts'

test('a program that has the room open writes no copy with a hole after another one has dropped it', async () => {
  const place = world('sqlite')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const bobs = await enter(bob, room)
  await say(bobs, 'one', 'two')
  await until(room, () => room.seq === 2)
  await wholeHistory(room)
  const other = await again(place, ada)
  expect(await other.chat.forget('demo')).toMatchObject({ name: 'demo' })
  await say(bobs, 'three')
  await until(room, () => room.seq === 3)
  await ada.chat.close()
  const later = await again(place, ada)
  expect(texts(await wholeHistory(await later.chat.open('demo')))).toEqual(['one', 'two', 'three'])
})

test('what was read before and dropped here is not taken for another room’s past', async () => {
  const place = world('memory')
  const ada = await person(place, 'ada')
  const room = await ada.chat.create('demo')
  await say(room, 'one', 'two')
  await ada.chat.forget('demo')
  await ada.chat.close()
  const store = await place.openStore()
  // The last record that was read, replaced by the one before.
  const { entries } = await store.range(logKey(fromHex(room.id), 1), logKey(fromHex(room.id), 2))
  await store.commit({
    then: [{ kind: 'put', key: logKey(fromHex(room.id), 2), value: entries[0]?.value as Uint8Array }],
  })
  const later = await again(place, ada)
  await expect(later.chat.open('demo')).rejects.toMatchObject({ code: 'tampering' })
  await store.close()
})
