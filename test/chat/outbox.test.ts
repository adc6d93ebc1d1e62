import { describe, expect, test } from 'vitest'
import { prefixEnd, utf8 } from '../../src/base/bytes.ts'
import type { HomeStore } from '../../src/chat/home/home.ts'
import { logRange } from '../../src/protocol/paths.ts'
import type { Entry, Transaction } from '../../src/store/store.ts'
import { FaultyStore } from './faulty-store.ts'
import {
  again,
  appends,
  bury,
  enter,
  kinds,
  messages,
  person,
  say,
  texts,
  told,
  until,
  wholeHistory,
  world,
  type Being,
} from './world.ts'

describe.each(kinds)('the outbox on the %s store', (kind) => {
  test('messages wait while the store is away, and go out once, in order, when it is back', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    await say(room, 'zero')
    ada.line.cut()
    const sent = []
    for (const text of ['one', 'two', 'three']) sent.push(await room.send(text))
    expect(room.pending).toMatchObject([
      { content: { text: 'one' }, state: 'queued', id: sent[0]?.id },
      { content: { text: 'two' }, state: 'queued', id: sent[1]?.id },
      { content: { text: 'three' }, state: 'queued', id: sent[2]?.id },
    ])
    expect(texts(await wholeHistory(room))).toEqual(['zero'])
    ada.line.mend()
    const places = await Promise.all(sent.map((message) => message.sent))
    expect(places.map(({ seq }) => seq)).toEqual([2, 3, 4])
    expect(room.pending).toEqual([])
    await until(bobs, () => bobs.seq === 4)
    expect(texts(await wholeHistory(bobs))).toEqual(['zero', 'one', 'two', 'three'])
    expect(
      messages(await wholeHistory(bobs))
        .map(({ id }) => id)
        .slice(1),
    ).toEqual(sent.map(({ id }) => id))
  })

  test('a message whose answer was lost stands in the log once', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    for (const text of ['one', 'two', 'three']) {
      ada.line.loseReply(appends)
      await say(room, text)
      expect(ada.line.lossesLeft).toBe(0)
    }
    await say(room, 'four')
    expect(texts(await wholeHistory(room))).toEqual(['one', 'two', 'three', 'four'])
    // Not only shown once: no second record was ever written.
    expect(await recordsOf(place, room.id)).toBe(2 + 4)
    await until(bobs, () => bobs.seq === 4)
    expect(texts(await wholeHistory(bobs))).toEqual(['one', 'two', 'three', 'four'])
  })

  test('answers lost while others write too: all there, once, each author’s in order', async () => {
    const place = world(kind)
    const names = ['ada', 'bob', 'cyd']
    const [ada, bob, cyd] = await Promise.all(names.map((name) => person(place, name)))
    if (!ada || !bob || !cyd) throw new Error('three')
    const room = await ada.chat.create('demo')
    const rooms = [room, await enter(bob, room), await enter(cyd, room)]
    const talk = [ada, bob, cyd].map(async ({ name, line }, who) => {
      const mine = rooms[who]
      if (mine === undefined) throw new Error('no room')
      const sent: Promise<unknown>[] = []
      for (let k = 0; k < 30; k += 1) {
        if (k % 5 === who) line.loseReply(appends)
        sent.push((await mine.send(`${name} ${k}`)).sent)
        if (k % 3 === 0) await sent.at(-1)
      }
      await Promise.all(sent)
      // Some of the six there were to lose.
      expect(line.lossesLeft).toBeLessThan(6)
    })
    await Promise.all(talk)
    for (const one of rooms) await until(one, () => one.seq >= 90)
    const [first, ...others] = await Promise.all(rooms.map(async (one) => texts(await wholeHistory(one))))
    for (const name of names) {
      const theirs = first?.filter((text) => text.startsWith(name))
      expect(theirs).toEqual(Array.from({ length: 30 }, (_, k) => `${name} ${k}`))
    }
    for (const other of others) expect(other).toEqual(first)
  })

  test('what waited when its program was closed is sent by the next one', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    await say(room, 'zero')
    ada.line.cut()
    const waiting = [await room.send('one'), await room.send('two')]
    await ada.chat.close()
    const later = await again(place, ada)
    const theirs = await later.chat.open('demo')
    await until(theirs, () => theirs.seq === 3)
    expect(
      messages(await wholeHistory(theirs))
        .map(({ id }) => id)
        .slice(1),
    ).toEqual(waiting.map(({ id }) => id))
    expect(texts(await wholeHistory(theirs))).toEqual(['zero', 'one', 'two'])
    await until(theirs, () => theirs.pending.length === 0)
    await later.chat.close()
    const last = await again(place, ada)
    const again3 = await last.chat.open('demo')
    expect(again3.pending).toEqual([])
    await say(again3, 'three')
    expect(texts(await wholeHistory(again3))).toEqual(['zero', 'one', 'two', 'three'])
  })

  test('what waited in several rooms is sent in each', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const names = ['red', 'green', 'blue']
    const rooms = await Promise.all(names.map((name) => ada.chat.create(name)))
    ada.line.cut()
    for (const text of ['one', 'two']) for (const room of rooms) await room.send(`${room.name} ${text}`)
    await ada.chat.close()
    const later = await again(place, ada)
    for (const name of names) {
      const room = await later.chat.open(name)
      await until(room, () => room.seq === 2)
      expect(texts(await wholeHistory(room))).toEqual([`${name} one`, `${name} two`])
    }
  })

  test('a program that died is told from one that lives: only its messages are taken over', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    ada.line.cut()
    await room.send('one')
    // It lives, and waits: somebody else's messages are not touched.
    const second = await again(place, ada)
    const seconds = await second.chat.open('demo')
    await say(seconds, 'from the second')
    expect(texts(await wholeHistory(seconds))).toEqual(['from the second'])
    await second.chat.close()
    // It is gone.
    await bury(ada)
    const third = await again(place, ada)
    const thirds = await third.chat.open('demo')
    await until(thirds, () => thirds.seq === 2)
    expect(texts(await wholeHistory(thirds))).toEqual(['from the second', 'one'])
  })

  test('what a dead program had sent without hearing of it is not sent again', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    await say(room, 'zero')
    // The record reaches the store; then neither its answer nor anything else comes through.
    const happened = Promise.withResolvers<void>()
    ada.line.loseReply((transaction) => {
      if (!appends(transaction)) return false
      ada.line.cut()
      happened.resolve()
      return true
    })
    await room.send('one')
    await happened.promise
    await bury(ada)
    const later = await again(place, ada)
    const theirs = await later.chat.open('demo')
    await until(theirs, () => theirs.pending.length === 0)
    await say(theirs, 'two')
    expect(texts(await wholeHistory(theirs))).toEqual(['zero', 'one', 'two'])
    expect(await recordsOf(place, theirs.id)).toBe(4)
  })

  test('what a loss of power has taken back from the home is neither lost nor sent twice', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    await say(room, 'zero')
    ada.line.cut()
    await room.send('one')
    // The disk has what was taken so far, and nothing of how it was sent.
    const disk = (await entriesOf(ada)).filter(({ key }) => !liesUnder('attempts/', key))
    ada.line.mend()
    await until(room, () => room.seq === 2)
    await say(room, 'two')
    const records = await recordsOf(place, room.id)
    const machine = place.machine()
    const local = await machine.open(ada.name)
    for (const { key, value } of disk) await local.commit({ then: [{ kind: 'put', key, value }] })
    await local.close()
    await bury({ ...ada, home: machine })
    const later = await again(place, ada, machine)
    const theirs = await later.chat.open('demo')
    await until(theirs, () => theirs.seq === 3 && theirs.pending.length === 0)
    expect(texts(await wholeHistory(theirs))).toEqual(['zero', 'one', 'two'])
    expect(await recordsOf(place, room.id)).toBe(records)
    await say(theirs, 'three')
    expect(texts(await wholeHistory(theirs))).toEqual(['zero', 'one', 'two', 'three'])
  })

  test('two programs of one person send at once: each one’s messages once and in its order', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    const second = await again(place, ada)
    const seconds = await second.chat.open('demo')
    await Promise.all(
      [room, seconds].map(async (mine, who) => {
        const sent = []
        for (let k = 0; k < 40; k += 1) sent.push((await mine.send(`${who} ${k}`)).sent)
        await Promise.all(sent)
      }),
    )
    await until(room, () => room.seq === 80)
    const all = texts(await wholeHistory(room))
    for (const who of [0, 1]) {
      const theirs = all.filter((text) => text.startsWith(`${who} `))
      expect(theirs).toEqual(Array.from({ length: 40 }, (_, k) => `${who} ${k}`))
    }
  })

  test('a message taken back while it waits is not sent', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    ada.line.cut()
    const sent = []
    for (const text of ['one', 'two', 'three']) sent.push(await room.send(text))
    const dropped = expect(sent[1]?.sent).rejects.toMatchObject({ code: 'unavailable' })
    // The store may have been tried by now, and never have answered: then that is said.
    await room.drop(sent[1]?.id ?? '').catch((error: unknown) => expect(error).toMatchObject({ code: 'unavailable' }))
    await dropped
    expect(room.pending.map(({ id }) => id)).toEqual([sent[0]?.id, sent[2]?.id])
    ada.line.mend()
    await sent[2]?.sent
    expect(texts(await wholeHistory(room))).toEqual(['one', 'three'])
    await ada.chat.close()
    const later = await again(place, ada)
    const theirs = await later.chat.open('demo')
    await say(theirs, 'four')
    expect(texts(await wholeHistory(theirs))).toEqual(['one', 'three', 'four'])
  })

  test('all taken back after they were tried in vain: nothing of them comes with the next one', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    await say(room, 'zero')
    await untilAttempts(ada, (count) => count === 0)
    ada.line.cut()
    const { id } = await room.send('never')
    await untilAttempts(ada, (count) => count > 0)
    await expect(room.drop(id)).rejects.toMatchObject({ code: 'unavailable' })
    ada.line.mend()
    await say(room, 'one')
    expect(texts(await wholeHistory(room))).toEqual(['zero', 'one'])
    expect(room.pending).toEqual([])
  })

  test('what waits when its author is kicked is kept as failed, and says so', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    bob.line.cut()
    const { id, sent } = await bobs.send('too late')
    const refusal = expect(sent).rejects.toMatchObject({ code: 'kicked' })
    await room.kick('bob')
    bob.line.mend()
    await refusal
    expect(bobs.pending).toMatchObject([
      { id, state: 'failed', content: { text: 'too late' }, reason: expect.stringContaining('ada') },
    ])
    expect(told(await wholeHistory(room)).at(-1)).toBe('kick bob by ada')
    // It is still there after a restart, until its author takes it out.
    await bob.chat.close()
    const later = await again(place, bob)
    const theirs = await later.chat.open('demo')
    await until(theirs, () => theirs.pending[0]?.state === 'failed')
    await theirs.drop(id)
    expect(theirs.pending).toEqual([])
    await later.chat.close()
    const last = await again(place, bob)
    expect((await last.chat.open('demo')).pending).toEqual([])
  })

  test('what a dead program had tried and not yet taken is forgotten; what of it arrives stands once', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    await say(room, 'zero')
    await untilAttempts(ada, (count) => count === 0)
    ada.line.cut()
    await room.send('one')
    await untilAttempts(ada, (count) => count > 0)
    // As if it had died right after it wrote down what it tries.
    await bury(ada)
    const local = await ada.home.open(ada.name)
    const waiting = utf8('outbox/')
    await local.commit({ then: [{ kind: 'delete', key: waiting, end: prefixEnd(waiting) }] })
    await local.close()
    const later = await again(place, ada)
    const theirs = await later.chat.open('demo')
    await untilAttempts(ada, (count) => count === 0)
    await say(theirs, 'two')
    // What it had handed over may come late.
    ada.line.mend()
    await until(theirs, () => theirs.seq === 3)
    expect(texts(await wholeHistory(theirs)).toSorted()).toEqual(['one', 'two', 'zero'])
  })

  test('nothing of the outbox is readable in the home', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const room = await ada.chat.create('demo')
    ada.line.cut()
    await room.send('canary-in-the-outbox')
    const entries = await entriesOf(ada)
    const all = Buffer.concat(entries.flatMap(({ key, value }) => [key, value]))
    expect(entries.some(({ key }) => liesUnder('outbox/', key))).toBe(true)
    expect(all.includes('canary')).toBe(false)
  })
})

describe('a disk that fails when a message is to be taken', () => {
  const takes = ({ then }: Transaction): boolean =>
    then.some(({ kind, key }) => kind === 'put' && liesUnder('outbox/', key))

  /** @param ahead whether what is tried is written down without waiting for the disk. */
  async function failing(ahead: boolean): Promise<{ being: Being; local: FaultyStore }> {
    const place = world('sqlite')
    const home = place.machine()
    const opened: FaultyStore[] = []
    const open = async (name: string): Promise<HomeStore> => {
      const sound: HomeStore = await home.open(name)
      const local = new FaultyStore(sound)
      opened.push(local)
      const { commitAhead } = sound
      return ahead && commitAhead ? Object.assign(local, { commitAhead: commitAhead.bind(sound) }) : local
    }
    const being = await person(place, 'ada', { names: home.names, open })
    return { being, local: opened.at(-1) as FaultyStore }
  }

  test('before it was tried: it is refused, and not sent', async () => {
    const { being, local } = await failing(false)
    const room = await being.chat.create('demo')
    await say(room, 'zero')
    local.loseRequest(takes)
    await expect(room.send('one')).rejects.toMatchObject({ code: 'unavailable' })
    expect(room.pending).toEqual([])
    await say(room, 'two')
    expect(texts(await wholeHistory(room))).toEqual(['zero', 'two'])
  })

  test('an error that nobody foresaw fails the message with a reason, and is not met again and again', async () => {
    const { being, local } = await failing(false)
    const room = await being.chat.create('demo')
    await say(room, 'zero')
    const { commit } = local
    let tries = 0
    local.commit = async (transaction, signal) => {
      if (transaction.then.some(({ kind, key }) => kind === 'put' && liesUnder('attempts/', key))) {
        tries += 1
        throw new TypeError('a bug')
      }
      return commit.call(local, transaction, signal)
    }
    const { id, sent } = await room.send('one')
    await expect(sent).rejects.toMatchObject({ code: 'unexpected' })
    expect(room.pending).toMatchObject([{ id, state: 'failed', reason: expect.stringContaining('a bug') }])
    expect(tries).toBe(1)
    local.commit = commit
    // Its author takes it out, and goes on.
    await room.drop(id)
    await say(room, 'two')
    expect(texts(await wholeHistory(room))).toEqual(['zero', 'two'])
  })

  test('after it was tried: what the store says counts', async () => {
    const { being, local } = await failing(true)
    const room = await being.chat.create('demo')
    await say(room, 'zero')
    local.loseRequest(takes)
    const { sent } = await room.send('one')
    expect(local.lossesLeft).toBe(0)
    expect((await sent).seq).toBe(2)
    await say(room, 'two')
    expect(texts(await wholeHistory(room))).toEqual(['zero', 'one', 'two'])
    expect(room.pending).toEqual([])
  })
})

const liesUnder = (prefix: string, key: Uint8Array): boolean => Buffer.from(key).toString('latin1').startsWith(prefix)

async function entriesOf({ home, name }: Being): Promise<readonly Entry[]> {
  const local = await home.open(name)
  const { entries } = await local.range(new Uint8Array([1]), new Uint8Array([255]))
  await local.close()
  return entries
}

async function recordsOf(place: ReturnType<typeof world>, roomId: string): Promise<number> {
  const store = await place.openStore()
  const { start, end } = logRange(new Uint8Array(Buffer.from(roomId, 'hex')))
  const { entries } = await store.range(start, end, { keysOnly: true })
  await store.close()
  return entries.length
}

/** Resolves once so much lies in the home as tried, with an outcome not yet known. */
async function untilAttempts({ home, name }: Being, enough: (count: number) => boolean): Promise<void> {
  const [start, end] = [utf8('attempts/'), prefixEnd(utf8('attempts/'))]
  const local = await home.open(name)
  while (!enough((await local.range(start, end)).entries.length)) await new Promise((resolve) => setTimeout(resolve, 2))
  await local.close()
}
