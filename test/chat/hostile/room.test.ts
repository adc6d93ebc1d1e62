import { expect, onTestFinished, test } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromHex } from '../../../src/base/bytes.ts'
import { ConclaveError } from '../../../src/base/errors.ts'
import type { Room } from '../../../src/chat/chat.ts'
import { logIndexOf, logRange } from '../../../src/protocol/paths.ts'
import type { Store } from '../../../src/store/store.ts'
import { again, enter, person, say, texts, wholeHistory, world } from '../world.ts'
import { actsOn } from './hostile-writer.ts'

/** Only ends what hangs. */
const patienceMs = 100_000

const lines = ['one', 'two', 'three', 'four']
/** create, accept, one, rotate, two, topic, three, four */
const [records, controls] = [8, 4]

async function furnish(room: Room): Promise<void> {
  await say(room, 'one')
  await room.rotate()
  await say(room, 'two')
  await room.setTopic('hello')
  await say(room, 'three', 'four')
}

/** A value, or the code of the refusal; anything else is a crash or a hang, and says so. */
async function outcome<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    const late = sleep(patienceMs, 'hangs', { ref: false })
    return await Promise.race([work(), late])
  } catch (error) {
    if (error instanceof ConclaveError && error.code !== 'unexpected') return `refused: ${error.code}`
    return `crashed: ${error instanceof Error ? error.stack : String(error)}`
  }
}

async function indices(store: Store, roomId: string): Promise<readonly number[]> {
  const { start, end } = logRange(fromHex(roomId))
  const { entries } = await store.range(start, end, { keysOnly: true })
  return entries.flatMap(({ key }) => logIndexOf(key) ?? [])
}

/** Some of the lines, in order, and perhaps the one written afterwards. */
function isPartOf(shown: readonly string[], all: readonly string[]): boolean {
  let at = 0
  for (const line of shown) {
    at = all.indexOf(line, at) + 1
    if (at === 0) return false
  }
  return true
}

test('whatever is done to a room in the store is reported or harmless, and stops nobody without a word', async () => {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const acts = actsOn(records, controls)
  const other = await ada.chat.create('other')
  await enter(bob, other)
  await furnish(other)
  const rooms = []
  for (const [k, act] of acts.entries()) {
    const room = await ada.chat.create(`room-${k}`)
    const theirs = await enter(bob, room)
    await furnish(room)
    await theirs.refresh()
    expect(await indices(raw, room.id)).toHaveLength(records)
    rooms.push({ act, room, theirs })
  }
  // So that the store's copy of his vault knows the rooms.
  await bob.chat.close()
  const live = await again(place, bob)
  const watching = await Promise.all(
    rooms.map(async (one) => ({ ...one, theirs: await live.chat.open(one.room.name) })),
  )
  for (const { act, room, theirs } of watching) {
    await theirs.refresh()
    await act.run({ store: raw, roomId: fromHex(room.id), otherId: fromHex(other.id) })
  }
  const fresh = await again(place, bob, place.machine())

  for (const { act, room, theirs } of watching) {
    const damaged = act.hurts === 'log'
    const before = await indices(raw, room.id)
    const wrote = await outcome(async () => {
      const { id, sent } = await room.send('five')
      return sent.then(({ i }) => ({ i, id }))
    })
    // Nothing is ever written behind a missing record, or in the place of another.
    const after = await indices(raw, room.id)
    const added = after.filter((i) => !before.includes(i))
    for (const i of added) expect.soft(i >= records && after.includes(i - 1), `${act.name}: wrote ${i}`).toBe(true)
    const shown = await outcome(async () => {
      await theirs.refresh()
      return texts(await wholeHistory(theirs))
    })
    const verified = await outcome(() => theirs.verify())
    let warned = false
    const newcomer = await outcome(async () => {
      const opened = await fresh.chat.open(room.name)
      const items = await wholeHistory(opened)
      warned = items.some(({ kind }) => kind === 'warning')
      return texts(items)
    })
    const report = { act: act.name, wrote, shown, verified, newcomer }
    for (const one of [wrote, shown, verified, newcomer])
      expect.soft(typeof one === 'string' ? one : '', act.name).not.toMatch(/hangs|crashed/)
    // Who has read it keeps it, and nobody is shown anything else.
    expect.soft(Array.isArray(shown) && isPartOf(shown, [...lines, 'five']), JSON.stringify(report)).toBe(true)
    expect.soft(Array.isArray(shown) && shown.slice(0, 4), JSON.stringify(report)).toEqual(lines)
    if (Array.isArray(newcomer)) expect.soft(isPartOf(newcomer, [...lines, 'five']), JSON.stringify(report)).toBe(true)
    if (damaged) {
      expect.soft(typeof verified === 'string' || verified.damage.length > 0, JSON.stringify(report)).toBe(true)
    } else {
      expect.soft(wrote, JSON.stringify(report)).toMatchObject({ i: after.length - 1 })
      expect.soft(verified, JSON.stringify(report)).toMatchObject({ damage: [] })
      if (act.hurts === 'end') {
        expect.soft(verified, JSON.stringify(report)).toMatchObject({ voids: [{ i: records - 1 }] })
      }
      if (act.hurts === 'newcomers') expect.soft(warned, JSON.stringify(report)).toBe(true)
      else expect.soft(newcomer, JSON.stringify(report)).toEqual([...lines, 'five'])
    }
  }
})
