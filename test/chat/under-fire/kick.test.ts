import { expect, onTestFinished, test } from 'vitest'
import { fromHex } from '../../../src/base/bytes.ts'
import type { Room } from '../../../src/chat/chat.ts'
import { enter, messages, person, texts, until, wholeHistory } from '../world.ts'
import { agreed } from './agreed.ts'
import { drawnFor, roundsOr } from './drawn.ts'
import { RawReader } from './raw-reader.ts'
import { busyWorld } from './busy-world.ts'

const rounds = roundsOr(11, 600)
/** A room of its own for this many rounds, so that both long and short chains are met. */
const roundsARoom = 20
const outstandingMax = 8

interface Fire {
  readonly lines: readonly string[]
  /** Resolves with every acknowledgement once told to cease. */
  cease(): Promise<readonly { readonly i: number; readonly id: string }[]>
  /** Resolves once so many more records are acknowledged. */
  acknowledged(more: number): Promise<void>
}

/** Sends without waiting for more than a bound of acknowledgements. */
function openFire(room: Room, name: string): Fire {
  const lines: string[] = []
  const acks: Promise<{ i: number; id: string }>[] = []
  const records = new Set<number>()
  let ceased = false
  const done = (async () => {
    while (!ceased) {
      const line = `${name} ${lines.length}`
      lines.push(line)
      const { sent } = await room.send(line)
      acks.push(sent)
      void sent.then(
        ({ i }) => records.add(i),
        () => undefined,
      )
      if (acks.length >= outstandingMax) await acks.at(-outstandingMax)
    }
    return Promise.all(acks)
  })()
  done.catch(() => undefined)
  return {
    lines,
    cease: () => {
      ceased = true
      return done
    },
    acknowledged: async (more) => {
      const wanted = records.size + more
      while (records.size < wanted) await new Promise(setImmediate)
    },
  }
}

test(`no record after a kick opens for the kicked, and whoever writes meanwhile loses nothing (${rounds} rounds)`, async () => {
  const dice = drawnFor('kick under fire')
  const place = busyWorld(dice)
  const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  let after = 0
  for (let round = 0; round < rounds;) {
    const room = await ada.chat.create(`room-${round}`)
    const [theirs, roomOfCyd] = [await enter(bob, room), await enter(cyd, room)]
    const reader = new RawReader(raw, bob, fromHex(room.id))
    const lines: string[] = []
    const ids = new Set<string>()
    for (let k = 0; k < roundsARoom && round < rounds; k += 1, round += 1) {
      const fire = openFire(roomOfCyd, `line ${round}`)
      await fire.acknowledged(dice.below(4))
      const { i } = await room.kick('bob')
      await fire.acknowledged(1 + dice.below(6))
      const places = await fire.cease()
      lines.push(...fire.lines)
      for (const { id } of places) ids.add(id)
      await until(theirs, () => theirs.standing === 'kicked')

      const { opened, records } = await reader.opens(0)
      expect(opened.filter((at) => at > i)).toEqual([])
      // He reads all that came before: so what he tries would open what it can.
      expect(opened).toHaveLength(i + 1)
      expect(places.some((one) => one.i > i)).toBe(true)
      after += records - i - 1
      await enter(bob, room)
    }
    await agreed(async () => [room, roomOfCyd, theirs])
    const seen = await wholeHistory(room)
    expect(texts(seen)).toEqual(lines)
    expect(new Set(messages(seen).map(({ id }) => id))).toEqual(ids)
    expect(ids.size).toBe(lines.length)
  }
  process.stdout.write(`kick under fire: ${after} records after ${rounds} kicks\n`)
})
