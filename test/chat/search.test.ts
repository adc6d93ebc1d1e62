import { expect, test } from 'vitest'
import { enter, person, say, world } from './world.ts'

test('finds what is shown: all words, whatever their case; edited texts as they are now, deleted ones not at all', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const bobs = await enter(bob, room)
  await say(
    room,
    'The Straße is wet',
    'ΟΔΟΣ and strasse',
    'to be edited',
    'to be deleted',
    'spoken of by somebody else',
  )
  const { items } = await room.history({ limit: 100 })
  const [edited, deleted, others] = items.slice(-3).map((item) => (item.kind === 'message' ? item.id : ''))
  for (const content of [
    { type: 'edit', to: edited, text: 'it is other now' },
    { type: 'delete', to: deleted },
    { type: 'reply', to: edited, text: 'A REPLY to it' },
    { type: 'emote', text: 'nods' },
  ] as const) {
    await (
      await room.send(content as never)
    ).sent
  }
  // Not the author: it counts for nothing.
  await (
    await bobs.send({ type: 'edit', to: others as string, text: 'forged' })
  ).sent
  await room.refresh()
  const find = async (words: string, last?: number): Promise<(readonly [number, string])[]> => {
    const { found } = await room.search(words.split(' '), last === undefined ? {} : { last })
    return found.map(({ item, edited: isEdited }) => {
      return [item.seq, `${'text' in item ? item.text : ''}${isEdited ? ' (edited)' : ''}`] as const
    })
  }
  expect(await find('STRASSE')).toEqual([
    [1, 'The Straße is wet'],
    [2, 'ΟΔΟΣ and strasse'],
  ])
  expect(await find('strasse', 1)).toEqual([[2, 'ΟΔΟΣ and strasse']])
  expect(await find('and οδος')).toEqual([[2, 'ΟΔΟΣ and strasse']])
  expect(await find('strasse wet other')).toEqual([])
  expect(await find('edited')).toEqual([])
  expect(await find('deleted')).toEqual([])
  expect(await find('forged')).toEqual([])
  expect(await find('reply')).toEqual([[8, 'A REPLY to it']])
  expect(await find('now')).toEqual([[3, 'it is other now (edited)']])
  expect((await room.search(['it'], { last: 1 })).more).toBe(true)
})
