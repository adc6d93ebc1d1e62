/** Somebody who comes into a room with a long history sees its newest end at once, and what is right of it once all is read. */
import { onTestFinished, expect, test } from 'vitest'
import { logPageRecords } from '../../src/base/limits.ts'
import type { Room, RoomChange } from '../../src/chat/chat.ts'
import type { TimelineItem } from '../../src/chat/item.ts'
import { prepareControl } from '../../src/protocol/compose.ts'
import { openKnock } from '../../src/protocol/knock.ts'
import {
  cardKey,
  controlKey,
  controlRange,
  knocksRange,
  logIndexOf,
  logKey,
  logRange,
} from '../../src/protocol/paths.ts'
import { recordHash } from '../../src/protocol/record.ts'
import type { Bytes } from '../../src/base/bytes.ts'
import { encode } from '../../src/base/codec.ts'
import { readOne } from '../../src/store/read-one.ts'
import type { RangeOptions, Store } from '../../src/store/store.ts'
import type { User } from '../protocol/room-builder.ts'
import {
  again,
  anyKind,
  messages,
  person,
  texts,
  told,
  until,
  wholeHistory,
  world,
  type Being,
  type Kind,
  type World,
} from './world.ts'
import { WrittenRoom } from './written-room.ts'

/** The pages of a whole log, as the history is read; a preview asks for ranges that end at a record. */
const history = ({ limit }: RangeOptions, end: Uint8Array) => limit === logPageRecords && logIndexOf(end) === undefined

interface Scene {
  readonly place: World
  readonly raw: Store
  readonly room: WrittenRoom
  readonly ben: User
  readonly cyd: User
}

async function scene(kind: Kind = 'memory', count = 600): Promise<Scene> {
  const place = world(kind)
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const room = await WrittenRoom.create(raw, 'demo')
  const [ben, cyd] = [await room.member('ben'), await room.member('cyd')]
  room.talk([room.creator, ben, cyd], count / 2)
  await room.builder.topic(ben, 'rain')
  await room.builder.rotate(room.creator)
  room.talk([room.creator, ben, cyd], count / 2)
  await room.write()
  return { place, raw, room, ben, cyd }
}

/** Knocks and is let in, with what comes before the newest held back. */
async function letIn({ place, room }: Scene, name: string): Promise<{ being: Being; entered: Room }> {
  const being = await person(place, name)
  const admission = await being.chat.join(room.id)
  await room.letIn(name)
  being.line.holdRanges(history)
  return { being, entered: await admission.wait() }
}

const earlyPage = async (room: Room, limit = 20) => (await room.history({ limit, early: true })).items

/** What is true of a page whenever it was had. */
const timeless = (items: readonly TimelineItem[]) =>
  items.map((item) => (item.kind === 'message' ? { ...item, seq: 0 } : item))

test.each(anyKind)('a newcomer sees the newest page before the history is read (%s)', async (kind) => {
  const at = await scene(kind)
  const { being, entered } = await letIn(at, 'eve')
  expect(entered.reading).toEqual({ read: 0, records: at.room.builder.log.length })
  expect(entered.members.map(({ name }) => name)).toEqual(['founder', 'ben', 'cyd', 'eve'])
  expect(entered.topic).toBe('rain')
  const early = await earlyPage(entered)
  expect(told(early).slice(-2)).toEqual([expect.stringMatching(/^cyd: 600:/), 'accept eve by founder'])
  expect(messages(early).map(({ seq }) => seq)).toEqual(Array.from({ length: 19 }, () => 0))

  // Further back, over the change of keys in the middle.
  const older = await entered.history({ limit: 400, before: (early[0] as { i: number }).i, early: true })
  expect(older.more).toBe(true)
  expect(told(older.items)).toEqual(expect.arrayContaining(['rotate by founder', 'topic by ben']))

  const whole = entered.history({ limit: 20 })
  being.line.letRangesThrough()
  const counted = (await whole).items
  expect(entered.reading).toBeUndefined()
  expect(messages(counted).map(({ seq }) => seq)).toEqual(Array.from({ length: 19 }, (_, k) => 582 + k))
  expect(timeless(counted)).toEqual(timeless(early))
  const all = await wholeHistory(entered)
  const from = all.findIndex(({ i }) => i === older.items[0]?.i)
  expect(timeless(all.slice(from, from + older.items.length))).toEqual(timeless(older.items))
  expect(await entered.verify()).toMatchObject({ voids: [], damage: [] })
})

test('what is said meanwhile comes at once, and with its number once all is read', async () => {
  const at = await scene()
  const { being, entered } = await letIn(at, 'eve')
  const changes: RoomChange[] = []
  entered.subscribe((change) => changes.push(change))
  at.room.talk([at.ben], 2)
  await at.room.write()
  await until(entered, () => changes.filter(({ kind }) => kind === 'early').length > 0)
  expect(texts(await earlyPage(entered, 2))).toEqual([expect.stringMatching(/^601:/), expect.stringMatching(/^602:/)])
  const { sent } = await entered.send('hello')
  expect(entered.pending).toHaveLength(1)

  being.line.letRangesThrough()
  expect(await sent).toMatchObject({ seq: 603 })
  const numbered = changes.flatMap((change) => (change.kind === 'items' ? messages(change.items) : []))
  expect(numbered.map(({ seq }) => seq)).toEqual([601, 602, 603])
  const early = changes.flatMap((change) => (change.kind === 'early' ? texts(change.items) : []))
  expect(early).toEqual([expect.stringMatching(/^601:/), expect.stringMatching(/^602:/)])
  expect(changes.filter(({ kind }) => kind === 'renewed')).toHaveLength(1)
  expect(entered.seq).toBe(603)
})

test('on a new machine of one’s own the newest page comes first too', async () => {
  const at = await scene()
  const { being, entered } = await letIn(at, 'eve')
  being.line.letRangesThrough()
  await entered.refresh()
  at.room.talk([at.ben], 300)
  await at.room.builder.kick(at.room.creator, at.cyd)
  at.room.talk([at.ben], 300)
  await at.room.write()
  await being.chat.close()

  const elsewhere = await again(at.place, being, at.place.machine())
  elsewhere.line.holdRanges(history)
  const opened = await elsewhere.chat.open('demo')
  expect(opened.members.map(({ name }) => name)).toEqual(['founder', 'ben', 'eve'])
  expect(texts(await earlyPage(opened, 1))).toEqual([expect.stringMatching(/^1200:/)])
  elsewhere.line.letRangesThrough()
  await opened.refresh()
  expect(opened.seq).toBe(1200)
})

test('who was away for long sees the newest page first', async () => {
  const at = await scene()
  const { being, entered } = await letIn(at, 'eve')
  being.line.letRangesThrough()
  await entered.refresh()
  await being.chat.close()
  at.room.talk([at.ben], 300)
  await at.room.builder.kick(at.room.creator, at.cyd)
  at.room.talk([at.ben], 300)
  await at.room.write()

  const back = await again(at.place, being)
  back.line.holdRanges(history)
  const opened = await back.chat.open('demo')
  await until(opened, () => opened.reading !== undefined)
  expect(texts(await earlyPage(opened, 1))).toEqual([expect.stringMatching(/^1200:/)])
  const whole = opened.history({ limit: 1 })
  back.line.letRangesThrough()
  expect(messages((await whole).items)).toMatchObject([{ seq: 1200 }])
})

const hints = (raw: Store, { builder: { roomId } }: WrittenRoom) => ({
  drop: async (from: number, to = Infinity) => {
    const end = to === Infinity ? controlRange(roomId).end : controlKey(roomId, to)
    await raw.commit({ then: [{ kind: 'delete', key: controlKey(roomId, from), end }] })
  },
  set: async (n: number, i: number) => {
    await raw.commit({ then: [{ kind: 'put', key: controlKey(roomId, n), value: encode(i) }] })
  },
})

test.each([
  ['are gone', ({ raw, room }: Scene) => hints(raw, room).drop(0)],
  ['lack some in the middle', ({ raw, room }: Scene) => hints(raw, room).drop(1, 4)],
  ['lead to messages', ({ raw, room }: Scene) => hints(raw, room).set(2, 100)],
  ['lead nowhere', ({ raw, room }: Scene) => hints(raw, room).set(3, 10 ** 6)],
])('hints that %s change nothing', async (_, spoil) => {
  const at = await scene()
  const being = await person(at.place, 'eve')
  const admission = await being.chat.join(at.room.id)
  const waiting = admission.wait()
  // Whoever waits sees the answer itself.
  await at.room.letIn('eve')
  await spoil(at)
  being.line.holdRanges(history)
  const entered = await waiting
  expect(entered.reading).toBeDefined()
  expect(told(await earlyPage(entered, 2))).toEqual([expect.stringMatching(/^cyd: 600:/), 'accept eve by founder'])
  expect(entered.members).toHaveLength(4)
  being.line.letRangesThrough()
  await entered.refresh()
  expect(entered.seq).toBe(600)
})

test('nobody is shown as if a hint’s loss had undone his kick', async () => {
  const at = await scene()
  const { builder } = at.room
  const { being } = await letIn(at, 'eve')
  being.line.letRangesThrough()
  await being.chat.close()
  const before = { room: builder.room, keys: builder.keys }
  const kick = await builder.kick(at.room.creator, at.cyd)
  at.room.talk([at.ben], 20)
  // He goes on as if nothing had been, for longer than a page.
  for (let k = 0; k < 300; k += 1) {
    const head = before.room.marks.last()!.hash
    builder.append(
      builder.message(at.cyd, {
        keys: before.keys,
        head,
        counter: 5000 + k,
        contents: [{ type: 'text', text: 'still here' }],
      }),
    )
  }
  await at.room.write()
  await hints(at.raw, at.room).drop(builder.room.marks.size - 1)
  expect(kick.verdict.kind).toBe('valid')

  const elsewhere = await again(at.place, being, at.place.machine())
  elsewhere.line.holdRanges(history)
  const opened = await elsewhere.chat.open('demo')
  expect(opened.reading).toBeDefined()
  expect(opened.members.map(({ name }) => name)).toEqual(['founder', 'ben', 'eve'])
  expect(texts(await earlyPage(opened, 100))).toEqual([])
  elsewhere.line.letRangesThrough()
})

test('who was kicked and holds the store keeps no newcomer in a branch of his own, and has him write nothing there', async () => {
  const { place, raw, room, cyd } = await scene()
  const { builder } = room
  const before = { room: builder.room, keys: builder.keys, card: builder.cards.at(-1) as Bytes }
  const oldCard = () => raw.commit({ then: [{ kind: 'put', key: cardKey(builder.roomId), value: before.card }] })
  await builder.kick(room.creator, cyd)
  await room.write()
  await oldCard()

  const eve = await person(place, 'eve')
  const admission = await eve.chat.join(room.id)
  const { start, end } = knocksRange(builder.roomId)
  const [sealed] = (await raw.range(start, end)).entries
  const knock = (await openKnock(builder.roomId, [before.keys], sealed?.value as Bytes)) as Bytes
  const author = { signer: cyd.signer, random: builder.dice.random }
  const accept = await prepareControl(author, before.room, { type: 'accept', knock }, before.keys)
  const { record } = accept.seal({ ...builder.place(), at: builder.tick(), seq: 0 })
  builder.append(record)
  for (let counter = 5000; counter < 5300; counter += 1) {
    const contents = [{ type: 'text', text: 'welcome' }] as const
    builder.append(builder.message(cyd, { keys: before.keys, head: recordHash(record), counter, contents }))
  }
  await room.write()
  await oldCard()

  eve.line.holdRanges(history)
  const entered = await admission.wait()
  expect(texts(await earlyPage(entered, 2))).toEqual(['welcome', 'welcome'])
  const { sent } = await entered.send('hello?')
  const failed = expect(sent).rejects.toMatchObject({ code: 'not-member' })
  eve.line.letRangesThrough()
  await failed
  await entered.refresh()
  expect(entered.members.map(({ name }) => name)).toEqual(['founder', 'ben'])
  expect(texts((await entered.history({ limit: 400 })).items).filter((text) => text === 'welcome')).toEqual([])
  const { start: first, end: last } = logRange(builder.roomId)
  expect((await raw.range(first, last)).entries).toHaveLength(builder.log.length)
})

test('what is forged in the newest page is passed over, and so are altered bytes', async () => {
  const at = await scene()
  const { builder } = at.room
  const contents = [{ type: 'text', text: 'forged' }] as const
  builder.append(
    builder.message({ ...at.cyd, signer: { ...at.cyd.signer, publicKey: at.ben.signer.publicKey } }, { contents }),
  )
  builder.append(builder.message(at.ben, { contents, previousHash: new Uint8Array(32) }))
  at.room.talk([at.ben], 1)
  const { entered } = await letIn(at, 'eve')
  expect(told(await earlyPage(entered, 4))).toEqual([
    'warning: a record was ignored: wrong signature',
    'warning: a record was ignored: follows another record',
    expect.stringMatching(/^ben: 601:/),
    'accept eve by founder',
  ])
})

test('behind a hole in the log nothing is shown, and nobody is in before it is filled', async () => {
  const at = await scene()
  const being = await person(at.place, 'eve')
  const admission = await being.chat.join(at.room.id)
  await at.room.letIn('eve')
  const { roomId, log } = at.room.builder
  const key = logKey(roomId, log.length - 5)
  const lost = await readOne(at.raw, key)
  await at.raw.commit({ then: [{ kind: 'delete', key }] })
  let isIn = false
  const entering = admission.wait().finally(() => (isIn = true))
  await being.chat.rooms()
  expect({ isIn, state: admission.state }).toEqual({ isIn: false, state: 'waiting' })
  await at.raw.commit({ then: [{ kind: 'put', key, value: lost?.value ?? new Uint8Array() }] })
  const entered = await entering
  expect(told(await earlyPage(entered, 1))).toEqual(['accept eve by founder'])
})
