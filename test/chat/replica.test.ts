import { describe, expect, test } from 'vitest'
import { seenRowsMax } from '../../src/base/limits.ts'
import { seenRange } from '../../src/chat/home/local-paths.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import { Replica } from '../../src/chat/replica/replica.ts'
import { FaultyStore } from './faulty-store.ts'
import { onDisk } from './on-disk.ts'
import { again, enter, kinds, person, say, texts, until, wholeHistory, world } from './world.ts'

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe.each(kinds)('a replica in a home on the %s store', (kind) => {
  test('is shared by the programs of a home: one that lags behind takes nothing away from the others', async () => {
    const place = world(kind)
    const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    const cyds = await enter(cyd, room)
    const { home, disks } = onDisk(ada.home)
    const slow = await again(place, { ...ada, home })
    const slowRoom = await slow.chat.open('demo')
    const disk = disks.at(-1) as FaultyStore
    disk.hold()
    await say(bobs, 'one')
    await until(slowRoom, () => slowRoom.seq === 1)
    await eventually(() => disk.waiting > 0)
    await say(cyds, 'two', 'three')
    await until(room, () => room.seq === 3)
    const whole = await wholeHistory(room)
    expect(texts(whole)).toEqual(['one', 'two', 'three'])
    // Looks the message up on the disk, so what was read is there.
    await room.history({ limit: 1, fromSeq: 3 })
    // The slow one writes what it had, and is gone.
    const before = disk.committed.length
    disk.step()
    await eventually(() => disk.committed.length > before)
    disk.cut()
    disk.step()
    const third = await again(place, ada)
    const thirds = await third.chat.open('demo')
    expect(await wholeHistory(thirds)).toEqual(whole)
    await say(thirds, 'four')
    expect(texts(await wholeHistory(thirds))).toEqual(['one', 'two', 'three', 'four'])
  })

  test('never goes back to where a program stands that lags behind', async () => {
    const home = await world(kind).machine().open('ada')
    const [fast, slow] = [new Replica(home, zeroHash), new Replica(home, zeroHash)]
    const read = async (replica: Replica, from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i += 1) {
        const row = { i, bytes: Uint8Array.of(i), verdict: 'valid', seq: i + 1, repeats: [], n: null } as const
        replica.append(row, { next: i + 1, hash: zeroHash, seq: i + 2 })
      }
      await replica.flush()
    }
    await fast.load()
    await slow.load()
    await read(fast, 0, 9)
    await read(slow, 0, 3)
    await read(slow, 3, 6)
    await read(fast, 9, 10)
    await read(slow, 6, 11)
    await read(fast, 10, 12)
    const third = new Replica(home, zeroHash)
    expect(await third.load()).toMatchObject({ next: 12 })
    expect((await third.rows(0, 12, 12)).map(({ i }) => i)).toEqual([...Array(12).keys()])
    await home.close()
  })

  test('merges what many processes have sent, and takes none of it for new', async () => {
    const home = await world(kind).machine().open('ada')
    const author = new Uint8Array(32).fill(1)
    const device = (k: number): Uint8Array<ArrayBuffer> => new Uint8Array(8).fill(k)
    const { start, end } = seenRange(zeroHash)
    /** A process of its own, which takes message `counter` of device k. */
    const show = async (k: number, counter: number): Promise<Replica> => {
      const replica = new Replica(home, zeroHash)
      const { next } = await replica.load()
      expect((await home.range(start, end)).entries.length).toBeLessThanOrEqual(seenRowsMax)
      expect(replica.seen.add(author, device(k), counter)).toBe(true)
      const row = {
        i: next,
        bytes: Uint8Array.of(next),
        verdict: 'valid',
        seq: next + 1,
        repeats: [],
        n: null,
      } as const
      replica.append(row, { next: next + 1, hash: zeroHash, seq: next + 2 })
      await replica.flush()
      return replica
    }
    for (let k = 0; k < 25; k += 1) await show(k, 0)
    // One that was merged goes on, and one that ran meanwhile knows what it knew.
    const lagging = await show(3, 1)
    for (let k = 25; k < 50; k += 1) await show(k, 0)
    expect(lagging.seen.has(author, device(3), 1)).toBe(true)
    const last = new Replica(home, zeroHash)
    await last.load()
    for (let k = 0; k < 50; k += 1) {
      expect(last.seen.has(author, device(k), 0)).toBe(true)
      expect(last.seen.has(author, device(k), 1)).toBe(k === 3)
    }
    expect(last.seen.has(new Uint8Array(32), device(0), 0)).toBe(false)
    await home.close()
  })

  test('one that is loaded again while it writes loses nothing of what comes then', async () => {
    const disk = new FaultyStore(await world(kind).machine().open('ada'))
    const replica = new Replica(disk, zeroHash)
    const take = (i: number, byte: number): void => {
      const row = { i, bytes: Uint8Array.of(byte), verdict: 'valid', seq: i + 1, repeats: [], n: null } as const
      replica.append(row, { next: i + 1, hash: zeroHash, seq: i + 2 })
    }
    await replica.load()
    // The answer to a write is late: what was loaded and taken meanwhile is none of it.
    const { commit } = disk
    const answered = Promise.withResolvers<void>()
    const happened = Promise.withResolvers<void>()
    disk.commit = async (transaction, signal) => {
      const result = await commit.call(disk, transaction, signal)
      if (transaction.then.some(({ kind }) => kind === 'put')) {
        happened.resolve()
        await answered.promise
      }
      return result
    }
    take(0, 0)
    await happened.promise
    const loading = replica.load()
    const early = await Promise.race([loading, new Promise((resolve) => setImmediate(resolve, undefined))])
    if (early !== undefined) take(1, 1)
    answered.resolve()
    const { next } = await loading
    if (early === undefined) take(next, 1)
    await replica.flush()
    expect((await replica.rows(0, 5, 5)).map(({ bytes }) => bytes[0])).toEqual([0, 1])
    await disk.close()
  })

  test('a program cut off at any of its writes leaves a home that shows everything once', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    for (let round = 0; round < 50; round += 1) await say(round % 2 ? room : bobs, `${round} a`, `${round} b`)
    const whole = texts(await wholeHistory(room))
    expect(whole).toHaveLength(100)
    await ada.chat.close()
    // A machine that is new to the room reads it all; its disk fails after some of its writes.
    const fresh = place.machine()
    for (let writes = 0; writes < 6; writes += 1) {
      const { home, disks } = onDisk(fresh)
      const first = await again(place, { ...ada, home })
      const disk = disks.at(-1) as FaultyStore
      const before = disk.committed.length
      const stop = setInterval(() => disk.committed.length >= before + writes && disk.cut(), 0)
      await first.chat.open('demo').then(
        (theirs) => theirs.history({ limit: 1 }).catch(() => undefined),
        () => undefined,
      )
      disk.cut()
      clearInterval(stop)
      await first.chat.close().catch(() => undefined)
      const next = await again(place, ada, fresh)
      const theirs = await next.chat.open('demo')
      expect(texts(await wholeHistory(theirs))).toEqual(whole)
      await next.chat.close()
    }
  })

  test('what could not be written for a while is written later', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const { home, disks } = onDisk(bob.home)
    await enter(bob, room)
    await bob.chat.close()
    const later = await again(place, { ...bob, home })
    const theirs = await later.chat.open('demo')
    await say(room, 'one')
    await until(theirs, () => theirs.seq === 1)
    const disk = disks.at(-1) as FaultyStore
    disk.cut()
    await say(room, 'two', 'three')
    await until(theirs, () => theirs.seq === 3)
    await expect(theirs.history({ limit: 10, fromIndex: 0 })).rejects.toMatchObject({ code: 'unavailable' })
    disk.mend()
    await say(room, 'four')
    await until(theirs, () => theirs.seq === 4)
    expect(texts(await wholeHistory(theirs))).toEqual(['one', 'two', 'three', 'four'])
    await later.chat.close()
    const last = await again(place, bob)
    last.line.cut()
    expect(texts(await wholeHistory(await last.chat.open('demo')))).toEqual(['one', 'two', 'three', 'four'])
  })
})
