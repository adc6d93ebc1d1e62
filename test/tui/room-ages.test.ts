/** How long ago the newest message of each room was, in the lists of rooms. */
import { describe, expect, it, test } from 'vitest'
import { ageText } from '../../src/tui/text/time.ts'
import { ada, bob, inDemo, noon } from './in-demo.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]

test('an age is short, and of nothing that is still to come', () => {
  const ages = [0, 59_999, minute, 59 * minute, hour, 23 * hour, day, 5 * day, 6 * day, 400 * day]
  // noon is on Monday 23 November 2026.
  const texts = ['now', 'now', '1m', '59m', '1h', '23h', 'Sun', 'Wed', '17 Nov', '2025']
  expect(ages.map((ms) => ageText(noon - ms, noon))).toEqual(texts)
  expect([-minute, -11 * minute, Number.NaN].map((ms) => ageText(noon - ms, noon))).toEqual(['now', '', ''])
})

describe('rooms', () => {
  const ago = 3 * hour

  it('have it beside the messages where there is room', async () => {
    const { world, demo, drive } = await inDemo({ columns: 120, rows: 20 }, { at: noon })
    demo.say(bob, 'early', noon - ago)
    const ops = world.room('ops', ada, [bob])
    ops.say(bob, 'later', noon - 5 * minute)
    await drive.settle()
    drive.state = { ...drive.state, now: noon }
    const rows = drive.screen().map((row) => row.split('│')[0]?.trimEnd())
    expect(rows).toContainEqual(expect.stringMatching(/^›\d demo +3h$/))
    expect(rows).toContainEqual(expect.stringMatching(/^ \d ops +1 +5m$/))
  })

  it('have it on the page of rooms', async () => {
    const { demo, drive } = await inDemo(undefined, { at: noon })
    demo.say(bob, 'early', noon - ago)
    await drive.type('/rooms\r')
    drive.state = { ...drive.state, now: noon }
    expect(drive.text()).toMatch(/demo +3 members {2}3h/)
  })
})
