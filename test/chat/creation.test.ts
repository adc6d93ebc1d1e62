import { expect, test } from 'vitest'
import { isConclaveError } from '../../src/base/errors.ts'
import { openAccounts } from '../../src/chat/open-accounts.ts'
import { dying } from './dying.ts'
import { again, kinds, person, say, texts, wholeHistory, world } from './world.ts'

test.each(kinds)('a room whose maker’s program dies at any write is his, or is not there (%s store)', async (kind) => {
  const place = world(kind)
  const ada = await person(place, 'ada')
  await ada.chat.close()
  const outcomes = new Set<string>()
  for (let at = 0; at < 24; at += 1) {
    const dies = dying(at)
    const home = { names: () => ada.home.names(), open: async (name: string) => dies(await ada.home.open(name)) }
    const make = async (): Promise<void> => {
      const chat = await openAccounts({ store: dies(await place.openStore()), home, kdf: 'floor' }).logIn(ada)
      await chat.create(`room-${at}`)
      await chat.close()
    }
    await Promise.race([make().catch(() => undefined), dies.died])

    const { chat } = await again(place, ada)
    const room = await chat.create(`room-${at}`).catch((error: unknown) => {
      if (!isConclaveError(error, 'name-taken')) throw error
      outcomes.add('made')
      return chat.open(`room-${at}`)
    })
    if (!outcomes.has('made')) outcomes.add('not made')
    await say(room, 'works')
    expect(texts(await wholeHistory(room))).toEqual(['works'])
    await chat.close()
  }
  expect([...outcomes].toSorted()).toEqual(['made', 'not made'])
})
