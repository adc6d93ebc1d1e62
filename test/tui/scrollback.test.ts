import { describe, expect, it } from 'vitest'
import type { TimelineItem } from '../../src/chat/item.ts'
import { freshTimeline, windowMax, withNewItems, withOlderItems } from '../../src/tui/state/timeline.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import type { FakeRoom } from './fake.ts'
import { FakeWorld, person } from './fake.ts'

const ada = person('ada')
const alan = person('Alan')

async function long(count: number): Promise<{ drive: Drive; demo: FakeRoom }> {
  const world = new FakeWorld()
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', ada, [alan])
  for (let n = 1; n <= count; n += 1) demo.say(alan, `message ${n}.`)
  const drive = await Drive.inside(world, 'ada')
  await drive.type('demo\r')
  return { drive, demo }
}

describe('scrolling', () => {
  it('fetches older messages page by page, and keeps the window small', async () => {
    const { drive } = await long(3000)
    expect(drive.text()).toContain('message 3000.')
    let most = 0
    for (let page = 0; page < 250 && !drive.text().includes('message 1.'); page += 1) {
      await drive.type(keys.pageUp)
      most = Math.max(most, drive.chat.timeline.entries.length)
    }
    expect(drive.text()).toContain('message 1.')
    await drive.type(keys.pageUp)
    expect(drive.text()).toContain('the beginning of demo')
    expect(most).toBe(windowMax)
  })

  it('shows every message once on the way up and on the way down', async () => {
    const { drive } = await long(1500)
    const seen = new Set<string>()
    const look = () => {
      const numbers = Array.from(drive.text().matchAll(/message (\d+)\./g), (match) => Number(match[1]))
      for (let at = 1; at < numbers.length; at += 1) expect(numbers[at]).toBe((numbers[at - 1] ?? 0) + 1)
      for (const number of numbers) seen.add(String(number))
    }
    look()
    while (!drive.text().includes('message 1.')) {
      await drive.type(keys.pageUp)
      look()
    }
    expect(seen.size).toBe(1500)
    seen.clear()
    for (let page = 0; page < 200 && drive.chat.timeline.anchor !== undefined; page += 1) {
      look()
      await drive.type(keys.pageDown)
    }
    look()
    expect(drive.text()).toContain('message 1500.')
    expect(seen.size).toBe(1500)
  })

  it('stays where one looks while messages come, and counts them', async () => {
    const { drive, demo } = await long(200)
    await drive.type(keys.pageUp)
    const before = drive.screen().filter((line) => line.includes('message'))
    demo.say(alan, 'news one')
    demo.say(alan, 'news two')
    expect(drive.screen().filter((line) => line.includes('message'))).toEqual(before)
    expect(drive.text()).toContain('↓ 2 new · Alt+End')
    expect(demo.readUpTo).toBe(200)
    await drive.type(keys.altEnd)
    expect(drive.text()).toContain('news two')
    expect(drive.text()).not.toContain('↓')
    expect(demo.readUpTo).toBe(202)
  })

  it('finds its way back to the end from far up', async () => {
    const { drive, demo } = await long(2000)
    for (let page = 0; page < 60; page += 1) await drive.type(keys.pageUp)
    expect(drive.chat.timeline.moreAfter).toBe(true)
    demo.say(alan, 'while away')
    await drive.type(keys.altEnd)
    expect(drive.text()).toContain('while away')
    expect(drive.chat.timeline.moreAfter).toBe(false)
  })

  it('goes to the first new message', async () => {
    const { drive, demo } = await long(60)
    await drive.type(keys.allRooms)
    for (let n = 0; n < 60; n += 1) demo.say(alan, `later ${n}.`)
    await drive.type('demo\r')
    expect(drive.text()).not.toContain('later 0.')
    await drive.type(keys.alt('u'))
    expect(drive.screen().findIndex((line) => /─ 60 new since \d\d:\d\d ─/.test(line))).toBe(2)
    expect(drive.screen()[3]).toContain('later 0.')
  })

  it('empties the screen and brings it back', async () => {
    const { drive } = await long(20)
    await drive.type('/clear\r')
    expect(drive.text()).not.toContain('message 20.')
    await drive.type(keys.pageUp)
    expect(drive.text()).toContain('message 20.')
  })
})

describe('the window over a history', () => {
  const item = (seq: number): TimelineItem => ({
    kind: 'message',
    i: seq,
    seq,
    id: String(seq),
    at: seq,
    from: { ...alan, id: 'alan', admin: false },
    own: false,
    type: 'text',
    text: `${seq}`,
  })
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => item(from + n))

  it('shows an item once however often it comes', () => {
    const timeline = withNewItems(freshTimeline(range(1, 10), false, undefined), range(5, 12))
    expect(timeline.entries.map((entry) => entry.place)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(withOlderItems(timeline, range(1, 4), false).entries).toHaveLength(11)
  })

  it('puts what comes out of order in its place', () => {
    const timeline = withNewItems(freshTimeline([item(1), item(4)], false, undefined), [item(3), item(2)])
    expect(timeline.entries.map((entry) => entry.place)).toEqual([1, 2, 3, 4])
  })

  it('never grows beyond its bound', () => {
    let timeline = freshTimeline(range(1, 2), false, undefined)
    for (let at = 2; at < 5000; at += 50) timeline = withNewItems(timeline, range(at, at + 50))
    expect(timeline.entries).toHaveLength(windowMax)
    expect(timeline.moreBefore).toBe(true)
  })
})
