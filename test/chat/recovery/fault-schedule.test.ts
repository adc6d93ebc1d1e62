/**
 * A program that dies at each of its writes, while its answers are lost, while its owner is kicked; whose home was copied,
 * and whose store was set back. Whatever comes together: each message that was acknowledged is shown once.
 * CONCLAVE_WHOLE=1 cuts every program off at every write; without it each at some.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Room, Sent } from '../../../src/chat/chat.ts'
import type { Home } from '../../../src/chat/home/home.ts'
import { openAccounts } from '../../../src/chat/open-accounts.ts'
import { dying } from '../dying.ts'
import { FaultyStore } from '../faulty-store.ts'
import {
  quickClock,
  again,
  appends,
  bury,
  closeAtEnd,
  enter,
  messages,
  person,
  say,
  wholeHistory,
  type Being,
} from '../world.ts'
import { lives, restorableWorld, type RestorableWorld, type RestoredLife } from './restorable-world.ts'

interface Schedule {
  readonly restored: RestoredLife | undefined
  readonly copied: boolean
  readonly kicked: boolean
  readonly replyLost: boolean
}

const both = [false, true]
const triesMax = 1000
/** A program that opens a room, sends, and ends makes fewer. */
const writesMax = 30
const all: readonly Schedule[] = [undefined, ...lives].flatMap((restored) =>
  both.flatMap((copied) =>
    both.flatMap((kicked) => both.map((replyLost) => ({ restored, copied, kicked, replyLost }))),
  ),
)
/** Half of them: still each way of restoring with every two of the others. */
const some = all.filter(({ copied, kicked, replyLost }) => [copied, kicked, replyLost].filter(Boolean).length % 2 === 0)
const schedules = process.env['CONCLAVE_WHOLE'] === undefined ? some : all

async function copyHome({ home, name }: Being, to: Home): Promise<void> {
  const [from, copy] = [await home.open(name), await to.open(name)]
  const { entries } = await from.range(Uint8Array.of(0), Uint8Array.of(0xff))
  for (const { key, value } of entries) await copy.commit({ then: [{ kind: 'put', key, value }] })
  await from.close()
  await copy.close()
}

/** Ids of the messages that a room shows, wherever it shows them. */
async function shown(room: Room): Promise<readonly string[]> {
  await room.refresh()
  const items = await wholeHistory(room)
  return messages(items.flatMap((item) => (item.kind === 'lost' ? [item.item] : [item]))).map(({ id }) => id)
}

interface Scene {
  readonly place: RestorableWorld
  readonly ada: Being
  readonly bob: Being
  readonly cyd: Being
}

async function scene(): Promise<Scene> {
  const place = restorableWorld()
  const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
  await bob.chat.close()
  return { place, ada, bob, cyd }
}

/** In a room of its own bob's program dies at its `at`-th write. @returns whether it did */
async function play({ place, ada, bob, cyd }: Scene, at: number, schedule: Schedule): Promise<boolean> {
  const { restored, copied, kicked, replyLost } = schedule
  const name = `room-${at}`
  const room = await ada.chat.create(name)
  const early = await again(place, bob)
  await say(await enter(early, room), 'before')
  await early.chat.close()
  const cyds = await enter(cyd, room)
  const copyOfStore = await place.copy()

  const dies = dying(at)
  const line = new FaultyStore(dies(await place.openStore()))
  const home = { names: () => bob.home.names(), open: async (skeleton: string) => dies(await bob.home.open(skeleton)) }
  const queued: Sent[] = []
  const acknowledged: string[] = []
  const speaking = Promise.withResolvers<void>()
  const program = async (): Promise<void> => {
    const chat = await openAccounts({ home, store: line, clock: quickClock, kdf: 'floor' }).logIn(bob)
    closeAtEnd(chat)
    const theirs = await chat.open(name)
    if (replyLost) line.loseReply(appends)
    for (const text of ['one', 'two', 'three']) {
      const one = await theirs.send(text)
      queued.push(one)
      one.sent.then(({ id }) => acknowledged.push(id)).catch(() => undefined)
    }
    speaking.resolve()
    await Promise.allSettled(queued.map(({ sent }) => sent))
    await chat.close()
  }
  const ended = Promise.race([program().catch(() => undefined), dies.died])
  await Promise.race([speaking.promise, ended])
  if (kicked) await room.kick('bob')
  await ended
  await bury(bob)
  const copy = place.machine()
  if (copied) await copyHome(bob, copy)
  // The others have seen what came before the store is lost.
  await room.refresh()
  await cyds.refresh()
  const expected = [...acknowledged, ...(kicked ? [] : queued.map(({ id }) => id))]
  if (restored !== undefined) await place.setBack(copyOfStore, restored)

  const laters = [await again(place, bob), ...(copied ? [await again(place, bob, copy)] : [])]
  const bobs = await Promise.all(laters.map(({ chat }) => chat.open(name)))
  const readers = [room, cyds, ...(kicked ? [] : bobs)]
  for (let tries = 1; ; tries += 1) {
    if (room.recovery?.kind === 'frozen') await room.repair()
    const waits = bobs.some(({ pending }) => pending.some(({ state }) => state === 'queued'))
    const views = await Promise.all(readers.map(shown))
    const members = room.members.map((member) => member.name)
    const view = { waits, members, views, twice: views.map((ids) => ids.length - new Set(ids).size) }
    const whole = views.every((ids) => expected.every((id) => ids.includes(id)))
    if (whole && !waits && members.includes('bob') !== kicked && view.twice.every((more) => more === 0)) break
    if (tries < triesMax) await sleep(10)
    else
      throw new Error(
        `${JSON.stringify({ at, ...schedule })}: expected ${expected.join()}, found ${JSON.stringify(view)}`,
      )
  }
  for (const { chat } of laters) await chat.close()
  return dies.writes() > at
}

// Each write is cut off in some of the schedules, and in all of them where there is time.
const step = process.env['CONCLAVE_WHOLE'] === undefined ? 10 : 1

test.each(schedules.map((schedule, index) => ({ ...schedule, index })))(
  'restored $restored, copied $copied, kicked $kicked, answer lost $replyLost: dead at any write, nothing acknowledged is lost or shown twice',
  async ({ index, ...schedule }) => {
    const at = await scene()
    const outcomes = []
    for (let write = index % step; write < writesMax; write += step) outcomes.push(await play(at, write, schedule))
    expect(outcomes).toContain(true)
    expect(await play(at, Infinity, schedule)).toBe(false)
  },
)
