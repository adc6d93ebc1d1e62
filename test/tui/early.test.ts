import { expect, it } from 'vitest'
import type { MessageItem, TimelineItem } from '../../src/chat/item.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import type { FakeRoom } from './fake.ts'
import { FakeWorld, person } from './fake.ts'

const ada = person('ada')
const alan = person('Alan')

/** A room of which the newest is shown while the history is read: its messages have no numbers yet. */
async function early(count: number): Promise<{ drive: Drive; demo: FakeRoom; whole: readonly TimelineItem[] }> {
  const world = new FakeWorld()
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', ada, [alan])
  for (let n = 1; n <= count; n += 1) demo.say(alan, `message ${n}.`)
  const whole = [...demo.log]
  demo.log = whole.map((item) => (item.kind === 'message' ? { ...item, seq: 0 } : item))
  demo.seq = 12
  demo.reading = { read: 30, records: 120 }
  const drive = await Drive.inside(world, 'ada')
  await drive.type('demo\r')
  return { drive, demo, whole }
}

function counted(demo: FakeRoom, whole: readonly TimelineItem[]): void {
  demo.log = [...whole]
  demo.seq = whole.length
  demo.reading = undefined
  demo.tell({ kind: 'renewed' })
}

const shown = (drive: Drive) => drive.screen().filter((line) => line.includes('message'))
const numbers = (drive: Drive) => {
  return drive.chat.timeline.entries.flatMap(({ item }) => (item.kind === 'message' ? [item.seq] : []))
}

it('shows the newest page at once, how far the history is read, and marks nothing as read before it is counted', async () => {
  const { drive, demo, whole } = await early(120)
  expect(drive.text()).toContain('message 120.')
  expect(drive.text()).toContain('loading history: 25 %')
  expect(demo.readUpTo).toBe(0)
  const before = shown(drive)
  counted(demo, whole)
  await drive.settle()
  expect(shown(drive)).toEqual(before)
  expect(drive.text()).not.toContain('loading history')
  expect(numbers(drive)).toEqual(Array.from({ length: 100 }, (_, k) => 21 + k))
  expect(demo.readUpTo).toBe(120)
})

it('keeps what one looks at further up while everything gets its number', async () => {
  const { drive, demo, whole } = await early(120)
  await drive.type(keys.pageUp)
  const before = shown(drive)
  counted(demo, whole)
  await drive.settle()
  expect(shown(drive)).toEqual(before)
  expect(numbers(drive).at(-1)).toBe(120)
})

it('shows what comes meanwhile once, and what turns out otherwise as it is', async () => {
  const { drive, demo, whole } = await early(5)
  const last = whole.at(-1) as MessageItem
  const news = { ...last, i: last.i + 1, seq: 0, id: 'news'.padEnd(32, '0'), text: 'message 6.' } as MessageItem
  demo.tell({ kind: 'early', items: [news] })
  expect(drive.text()).toContain('message 6.')
  const forged = { kind: 'warning', i: last.i, reason: 'a record was ignored: wrong signature' } as const
  counted(demo, [...whole.slice(0, -1), forged, { ...news, seq: 5 }])
  demo.tell({ kind: 'items', items: [{ ...news, seq: 5 }] })
  await drive.settle()
  expect(shown(drive).map((line) => /message \d/.exec(line)?.[0])).toEqual(
    ['1', '2', '3', '4', '6'].map((n) => `message ${n}`),
  )
  expect(drive.text()).toContain('a record was ignored')
})

it('goes to the newest once that can be had, unless one looks further up', async () => {
  for (const further of [false, true]) {
    const { drive, demo, whole } = await early(150)
    counted(demo, whole)
    await drive.settle()
    if (further) await drive.type(keys.pageUp)
    const before = shown(drive)
    for (let n = 1; n <= 150; n += 1) {
      demo.log.push({
        ...(whole.at(-1) as MessageItem),
        i: 1000 + n,
        seq: 0,
        id: `${n}`,
        text: `later ${n}.`,
      } as MessageItem)
    }
    demo.reading = { read: 150, records: 300 }
    demo.tell({ kind: 'renewed' })
    await drive.settle()
    if (further) expect(shown(drive)).toEqual(before)
    else expect(drive.text()).toContain('later 150.')
  }
})
