/** Two machines of one person, both running: what is done on one is known on the other at once. */
import { describe, expect, test } from 'vitest'
import { again, enter, person, untilChat, world } from './world.ts'

async function twoMachines(kind: 'memory' | 'sqlite') {
  const place = world(kind)
  const ada = await person(place, 'ada')
  await ada.chat.rooms()
  const there = await again(place, ada, place.machine())
  await there.chat.rooms()
  return { place, here: ada.chat, there: there.chat }
}

const standingOf = (chat: Awaited<ReturnType<typeof twoMachines>>['here'], name: string) =>
  chat.knownRooms().find((room) => room.name === name)?.standing

describe.each(['memory', 'sqlite'] as const)('on a store of kind %s', (kind) => {
  test('a room made on one machine is a room of the other one, and not one to ask to join', async () => {
    const { here, there } = await twoMachines(kind)
    const room = await here.create('demo')
    await untilChat(there, () => standingOf(there, 'demo') === 'member')
    await room.send('hello')
    const theirs = await there.open('demo')
    await theirs.send('from the other machine')
    await room.leave()
    await untilChat(there, () => standingOf(there, 'demo') === 'left')
  })

  test('an accepted invitation, and a key that was verified, follow', async () => {
    const { place, here, there } = await twoMachines(kind)
    const bob = await person(place, 'bob')
    const room = await here.create('demo')
    await enter(bob, room)
    await here.confirmKey('bob', bob.chat.self.fingerprint)
    const invited = await bob.chat.create('guests', { unlisted: true })
    await invited.invite('ada')
    await here.rooms()
    await untilChat(here, () => standingOf(here, 'guests') === 'invited')
    await here.join('guests')
    await untilChat(there, () => standingOf(there, 'guests') === 'member')
    expect(await there.safetyNumber('bob')).toMatchObject({ confirmed: true })
  })
})

test('two machines that both receive messages do not answer each other’s copies', async () => {
  const { place, here, there } = await twoMachines('memory')
  const raw = await place.openStore()
  const room = await here.create('demo')
  await untilChat(there, () => standingOf(there, 'demo') === 'member')
  for (let n = 0; n < 10; n += 1) await room.send(`line ${n}`)
  // Were each the answer to the other, there would always be a newer one.
  let [still, last] = [0, -1]
  await expect
    .poll(async () => {
      const { revision } = await raw.range(Uint8Array.of(0), Uint8Array.of(255), { limit: 1 })
      still = revision === last ? still + 1 : 0
      last = revision
      return still
    })
    .toBeGreaterThan(25)
  await raw.close()
})
