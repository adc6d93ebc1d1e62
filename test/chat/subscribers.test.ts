import { expect, test } from 'vitest'
import type { Logger } from '../../src/base/log.ts'
import { openAccounts } from '../../src/chat/open-accounts.ts'
import { closeAtEnd, enter, person, say, texts, until, wholeHistory, world } from './world.ts'

test('what a subscriber throws is logged, and disturbs neither the other subscribers nor the room', async () => {
  const place = world('memory')
  const bob = await person(place, 'bob')
  const warnings: string[] = []
  const log: Logger = {
    debug() {},
    info() {},
    warn: (event, fields) => warnings.push(`${event} ${String(fields?.['error'])}`),
  }
  const accounts = openAccounts({ home: place.machine(), store: await place.openStore(), kdf: 'floor', log })
  const { chat } = await accounts.signUp({ name: 'ada', password: accounts.suggestPassphrase(), chosen: false })
  closeAtEnd(chat)
  const room = await chat.create('demo')
  const bobs = await enter(bob, room)
  chat.subscribe(() => {
    throw new Error('the list is broken')
  })
  room.subscribe(({ kind }) => {
    if (kind === 'items') throw new Error('the window is broken')
  })
  const shown: string[] = []
  room.subscribe((change) => {
    if (change.kind === 'items') shown.push(...texts(change.items))
  })
  await say(bobs, 'one')
  await until(room, () => room.seq === 1)
  await say(room, 'two')
  await until(bobs, () => bobs.seq === 2)
  expect(shown).toEqual(['one', 'two'])
  expect(texts(await wholeHistory(room))).toEqual(['one', 'two'])
  expect(chat.connection.state).toBe('online')
  // Once, however often it is thrown, and under the name of what it is.
  expect(warnings.filter((line) => line.includes('the window is broken'))).toHaveLength(1)
  expect(warnings.some((line) => line.includes('the list is broken'))).toBe(true)
  expect(warnings.filter((line) => line.includes('is broken') && !line.startsWith('listener.threw'))).toEqual([])
})
