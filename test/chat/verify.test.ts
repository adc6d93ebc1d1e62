import { describe, expect, test } from 'vitest'
import { encode } from '../../src/base/codec.ts'
import { controlRange, logKey } from '../../src/protocol/paths.ts'
import { again, anyKind, enter, person, say, texts, until, wholeHistory, world, type World } from './world.ts'

async function talkedIn(place: World) {
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const bobs = await enter(bob, room)
  await say(room, 'one', 'two')
  await say(bobs, 'three', 'four')
  await until(room, () => room.seq === 4)
  const roomId = new Uint8Array(Buffer.from(room.id, 'hex'))
  return { ada, bob, room, bobs, roomId }
}

/** Whoever runs the store does this to a record. */
async function meddle(place: World, key: Uint8Array, change?: (value: Uint8Array) => Uint8Array): Promise<void> {
  const store = await place.openStore()
  const { entries } = await store.range(key, new Uint8Array([...key, 0]))
  const value = entries[0]?.value
  if (value === undefined) throw new Error('nothing there')
  await store.commit({
    then: [change === undefined ? { kind: 'delete', key } : { kind: 'put', key, value: change(value) }],
  })
  await store.close()
}

const flipped = (at: number) => (value: Uint8Array) => {
  const changed = new Uint8Array(value)
  const place = at < 0 ? changed.length + at : at
  changed[place] = (changed[place] ?? 0) ^ 1
  return changed
}

describe.each(anyKind)('verify on the %s store', (kind) => {
  test('all is well: it counts records, messages and changes, and everybody has the same head', async () => {
    const { room, bobs } = await talkedIn(world(kind))
    const result = await room.verify()
    expect(result).toEqual({
      records: 6,
      messages: 4,
      controls: 2,
      voids: [],
      damage: [],
      putBack: 0,
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
      headPhrase: expect.stringMatching(/^[a-z]+( [a-z]+){5}$/),
      lastHeard: room.members.map(({ name, fingerprint }) => ({ name, fingerprint, at: expect.any(Number) })),
    })
    expect(await bobs.verify()).toEqual(result)
  })

  test.each([0, 1, 2, 3, 4])(
    'a changed byte of record %i is reported to who had read it, and to a new machine',
    async (i) => {
      const place = world(kind)
      const { ada, room, roomId } = await talkedIn(place)
      const whole = await wholeHistory(room)
      await ada.chat.close()
      await meddle(place, logKey(roomId, i), flipped(-1))
      const knows = await again(place, ada)
      const known = await knows.chat.open('demo')
      const found = await known.verify()
      expect(found.damage).toContainEqual({ i, reason: expect.any(String) })
      // What was read before is still shown as it was.
      expect((await wholeHistory(known)).filter(({ kind: what }) => what !== 'warning')).toEqual(whole)
      const fresh = await again(place, ada, place.machine())
      const theirs = await fresh.chat.open('demo')
      const report = await theirs.verify()
      expect(report).toMatchObject({ damage: expect.arrayContaining([{ i, reason: expect.any(String) }]) })
    },
  )

  test('a changed end, which has no successor that tells what it was, is passed over by everybody alike', async () => {
    const place = world(kind)
    const { room, bobs, roomId } = await talkedIn(place)
    await meddle(place, logKey(roomId, 5), flipped(-1))
    for (const one of [room, bobs]) {
      // Whose it was has sent it again, under its id.
      while ((await one.verify()).records < 7) await new Promise((resolve) => setTimeout(resolve, 10))
      expect(texts(await wholeHistory(one))).toEqual(['one', 'two', 'three', 'four'])
      expect(await one.verify()).toMatchObject({ voids: [{ i: 5 }], damage: [] })
    }
  })

  test.each([0, 2, 4, 5])('a deleted record %i is put back by who had read it, and that is said', async (i) => {
    const place = world(kind)
    const { ada, bob, bobs, roomId } = await talkedIn(place)
    await until(bobs, () => bobs.seq === 4)
    await ada.chat.close()
    await bob.chat.close()
    await meddle(place, logKey(roomId, i))
    // Who has never read it can't know.
    const later = await again(place, ada)
    const theirs = await later.chat.open('demo')
    expect(await theirs.verify()).toMatchObject({ records: 6, damage: [], voids: [], putBack: 1 })
    expect(theirs.recovery).toMatchObject({ kind: 'put-back', text: expect.stringContaining('1 record') })
    await say(theirs, 'five')
    expect(texts(await wholeHistory(theirs))).toEqual(['one', 'two', 'three', 'four', 'five'])
    const fresh = await again(place, bob, place.machine())
    const newcomers = await fresh.chat.open('demo')
    expect(texts(await wholeHistory(newcomers))).toEqual(['one', 'two', 'three', 'four', 'five'])
    expect((await newcomers.verify()).damage).toEqual([])
  })

  test('behind a hole nobody writes who has not got what is missing; whoever has it puts it back', async () => {
    const place = world(kind)
    const { ada, bob, bobs, roomId } = await talkedIn(place)
    await until(bobs, () => bobs.seq === 4)
    await ada.chat.close()
    await bob.chat.close()
    await meddle(place, logKey(roomId, 4))
    const fresh = await again(place, bob, place.machine())
    const newcomers = await fresh.chat.open('demo')
    expect((await newcomers.verify()).damage.map(({ i }) => i)).toContain(4)
    expect(newcomers.recovery).toMatchObject({ kind: 'damaged' })
    await expect(newcomers.send('into the hole')).rejects.toMatchObject({ code: 'tampering' })
    const later = await again(place, ada)
    await (await later.chat.open('demo')).verify()
    await until(newcomers, () => newcomers.seq === 4)
    await say(newcomers, 'five')
    expect(texts(await wholeHistory(newcomers))).toEqual(['one', 'two', 'three', 'four', 'five'])
  })

  test('a record put in another’s place is reported', async () => {
    const place = world(kind)
    const { room, roomId } = await talkedIn(place)
    const store = await place.openStore()
    const { entries } = await store.range(logKey(roomId, 3), logKey(roomId, 4))
    await store.close()
    await meddle(place, logKey(roomId, 2), () => entries[0]?.value ?? new Uint8Array(1))
    const { damage } = await room.verify()
    expect(damage).toContainEqual({ i: 2, reason: expect.any(String) })
  })

  test('a record of a stranger’s behind the end is passed over, with a warning, and talk goes on', async () => {
    const place = world(kind)
    const { room, bobs, roomId } = await talkedIn(place)
    const store = await place.openStore()
    await store.commit({ then: [{ kind: 'put', key: logKey(roomId, 6), value: encode(['not', 'a', 'record']) }] })
    await store.close()
    await say(bobs, 'five')
    await until(room, () => room.seq === 5)
    expect(texts(await wholeHistory(room))).toEqual(['one', 'two', 'three', 'four', 'five'])
    expect((await wholeHistory(room)).filter(({ kind: what }) => what === 'warning')).toMatchObject([{ i: 6 }])
    const { voids, damage } = await room.verify()
    expect(voids).toEqual([{ i: 6, reason: expect.any(String) }])
    expect(damage).toEqual([])
  })

  test('the hints are only hints: a room without them is entered and verified', async () => {
    const place = world(kind)
    const { ada, room, roomId } = await talkedIn(place)
    const cyd = await person(place, 'cyd')
    const store = await place.openStore()
    const { start, end } = controlRange(roomId)
    await store.commit({ then: [{ kind: 'delete', key: start, end }] })
    await store.close()
    const cyds = await enter(cyd, room)
    expect(texts(await wholeHistory(cyds))).toEqual(['one', 'two', 'three', 'four'])
    expect((await cyds.verify()).damage).toEqual([])
    await ada.chat.close()
    const fresh = await again(place, ada, place.machine())
    expect(texts(await wholeHistory(await fresh.chat.open('demo')))).toEqual(['one', 'two', 'three', 'four'])
  })
})
