import { beforeEach, describe, expect, it, test } from 'vitest'
import { ConclaveError } from '../../src/base/errors.ts'
import { parseWhen } from '../../src/tui/text/when.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { FakeWorld, type FakeRoom } from './fake.ts'
import { ada, alan, bob, inDemo, noon } from './in-demo.ts'

const ctrlO = keys.ctrl('o')

let world: FakeWorld
let demo: FakeRoom
let drive: Drive

/** Ada in demo, with 1,500 messages. */
async function long(): Promise<void> {
  let clock = noon
  world = new FakeWorld(() => (clock += 1000))
  world.passwords.set('ada', 'x')
  demo = world.room('demo', ada, [alan, bob])
  world.room('ops', ada, [alan, bob])
  for (let n = 1; n <= 1500; n += 1) {
    demo.say(n % 2 === 0 ? alan : ada, n % 500 === 7 ? `Tea number ${n}.` : `message ${n}.`)
  }
  drive = await Drive.inside(world, 'ada')
  await drive.type('demo\r')
}

/** The store does not answer while this happens. */
async function failingOnce(act: () => Promise<void>): Promise<void> {
  const { history } = demo
  demo.history = async () => {
    throw new ConclaveError('unavailable', 'the store does not answer', { retryable: true })
  }
  await act()
  demo.history = history.bind(demo)
}

const panel = () => {
  const { panel } = drive.chat
  if (panel?.kind !== 'search') throw new Error('no search is shown')
  return panel
}

describe('/search', () => {
  beforeEach(long)

  it('lists what it finds, newest first, and Enter goes there; Ctrl-O comes back', async () => {
    await drive.type('/search tea\r')
    expect(panel().hits.map(({ text }) => text)).toEqual(['Tea number 1007.', 'Tea number 507.', 'Tea number 7.'])
    expect(drive.text()).toContain('3 messages with tea')
    await drive.type(`${keys.down}${keys.down}\r`)
    expect(drive.chat.panel).toBeUndefined()
    expect(drive.text()).toContain('Tea number 7.')
    expect(drive.text()).toContain('message 8.')
    expect(drive.chat.pick?.key).toBe('7'.padStart(32, '0'))
    expect(drive.chat.timeline.entries.length).toBeLessThan(200)
    await drive.type(ctrlO)
    expect(drive.text()).toContain('message 1500.')
    expect(drive.chat.timeline.anchor).toBeUndefined()
    // The list is still there.
    await drive.type('/search\r')
    expect(panel().selected).toBe(2)
  })

  it('comes back to where one had scrolled', async () => {
    for (let page = 0; page < 4; page += 1) await drive.type(keys.pageUp)
    const before = drive.screen().slice(2, -3)
    await drive.type('/search tea\r')
    await drive.type('\r')
    expect(drive.text()).toContain('Tea number 1007.')
    await drive.type(ctrlO)
    expect(drive.screen().slice(2, -3)).toEqual(before)
  })

  it('goes on from a hit in both directions, without a gap', async () => {
    await drive.type('/search number 507\r')
    await drive.type(`\r${keys.escape}`)
    for (let page = 0; page < 12; page += 1) await drive.type(keys.pageUp)
    for (let page = 0; page < 24; page += 1) {
      const numbers = Array.from(drive.text().matchAll(/(?:message|number) (\d+)\./g), (match) => Number(match[1]))
      for (let at = 1; at < numbers.length; at += 1) expect(numbers[at]).toBe((numbers[at - 1] ?? 0) + 1)
      await drive.type(keys.pageDown)
    }
  })

  it('looks in all rooms, and goes into another one and back', async () => {
    const ops = world.rooms.find(({ name }) => name === 'ops') as FakeRoom
    ops.say(bob, 'tea is served')
    for (let n = 0; n < 300; n += 1) ops.say(bob, `line ${n}`)
    await drive.settle()
    await drive.type('/search -all TEA\r')
    expect(panel().hits.map(({ roomName }) => roomName)).toEqual(['demo', 'demo', 'demo', 'ops'])
    await drive.type(`${keys.end}\r`)
    expect(drive.chat.room.name).toBe('ops')
    expect(drive.text()).toContain('tea is served')
    // What was not looked at stays unread.
    expect(ops.readUpTo).toBe(0)
    await drive.type(ctrlO)
    expect(drive.chat.room.name).toBe('demo')
    expect(drive.text()).toContain('message 1500.')
  })

  it('says that nothing was found, and Escape closes it', async () => {
    await drive.type('/search coffee\r')
    expect(drive.text()).toContain('Nothing found.')
    await drive.type(keys.escape)
    expect(drive.chat.panel).toBeUndefined()
    await drive.type('hello')
    expect(drive.chat.editor.text).toBe('hello')
  })

  it('goes nowhere later when the way into another room was cancelled', async () => {
    const ops = world.rooms.find(({ name }) => name === 'ops') as FakeRoom
    for (let n = 0; n < 300; n += 1) ops.say(bob, n === 0 ? 'tea is served' : `line ${n}`)
    await drive.settle()
    await drive.type('/search -all served\r')
    // While the room is being opened.
    await drive.type(`\r${keys.escape}`)
    expect(drive.chat.room.name).toBe('demo')
    await drive.type(`${keys.alt('k')}ops\r`)
    expect(drive.text()).toContain('line 299')
  })

  it('is over when it fails', async () => {
    await failingOnce(() => drive.type('/search tea\r'))
    expect(drive.text()).toContain('the store does not answer')
    expect(panel().looking).toBeUndefined()
  })

  it('remembers a bounded number of places', async () => {
    await drive.type('/search tea\r')
    for (let n = 0; n < 40; n += 1) await drive.type(`\r${keys.escape}/search\r`)
    expect(drive.state.trail).toHaveLength(20)
  })

  it('shows the text around the word in a long message', async () => {
    demo.say(bob, `${'so many words '.repeat(20)}until the needle comes ${'and more '.repeat(20)}`)
    await drive.settle()
    await drive.type('/search needle\r')
    expect(drive.screen().find((row) => row.includes('needle') && row.includes('bob'))).toMatch(/… ?\S*.*needle comes/)
  })
})

describe('going to a place', () => {
  beforeEach(long)

  it('Alt+Home: the first message, in one go', async () => {
    await drive.type(keys.altHome)
    expect(drive.text()).toContain('the beginning of demo')
    expect(drive.text()).toContain('message 1.')
    expect(drive.effects.filter(({ do: what }) => what === 'visit')).toHaveLength(1)
    await drive.type(keys.altEnd)
    expect(drive.text()).toContain('message 1500.')
  })

  it('can be tried again, and scrolls on, when it fails', async () => {
    await failingOnce(() => drive.type(keys.altHome))
    expect(drive.text()).toContain('the store does not answer')
    for (let page = 0; page < 10; page += 1) await drive.type(keys.pageUp)
    expect(drive.text()).toMatch(/message 13\d\d\./)
    await drive.type(keys.altHome)
    expect(drive.text()).toContain('message 1.')
  })

  it('/jump #N: a message by its number', async () => {
    await drive.type('/jump #750\r')
    expect(drive.text()).toContain('message 750.')
    await drive.type('/jump #1501\r')
    expect(drive.text()).toContain('The newest message here is #1500.')
  })

  it('/jump DATE: the first message of that time', async () => {
    drive.state = { ...drive.state, now: noon + 86_400_000 }
    demo.say(bob, 'the next day', noon + 86_400_000)
    for (let n = 0; n < 600; n += 1) demo.say(bob, `later ${n}`, noon + 86_400_000 + n)
    await drive.settle()
    await drive.type('/jump 2026-11-24\r')
    expect(drive.text()).toContain('the next day')
    await drive.type('/jump 11-23 12:10\r')
    expect(drive.text()).toMatch(/12:10/)
    await drive.type('/jump soon\r')
    expect(drive.text()).toContain(`"soon" isn't a date.`)
    expect(drive.chat.editor.text).toBe('/jump soon')
  })

  it('Alt+U: the first unread message, however far up', async () => {
    demo.readUpTo = 40
    world.changed()
    await drive.type(`${keys.alt('k')}ops\r`)
    await drive.type(`${keys.alt('k')}demo\r`)
    demo.readUpTo = 40
    await drive.type(keys.alt('u'))
    expect(drive.text()).toContain('message 41.')
  })
})

describe('a wrong clock', () => {
  it('is marked, and begins no day', async () => {
    const { demo, drive } = await inDemo(undefined, { others: [alan, bob] })
    demo.say(alan, 'one')
    demo.say(bob, 'from the future', Date.UTC(2031, 4, 3, 9))
    demo.say(alan, 'two')
    demo.say(bob, 'from the past', Date.UTC(2019, 0, 2, 9))
    demo.say(alan, 'three')
    await drive.settle()
    expect(drive.screen().filter((row) => row.includes('── '))).toHaveLength(1)
    expect(drive.text()).toMatch(/--:-- +bob │ from the future\n.*bob's clock says Sat 3 May 2031/)
    expect(drive.text()).toMatch(/--:-- +bob │ from the past\n.*bob's clock says Wed 2 January 2019/)
    expect(drive.text()).toMatch(/12:00 +Alan │ three/)
  })

  it('is marked at once where it is ahead of this machine', async () => {
    const { demo, drive } = await inDemo(undefined, { others: [alan] })
    drive.state = { ...drive.state, now: noon }
    demo.say(alan, 'tomorrow', noon + 86_400_000)
    await drive.settle()
    expect(drive.text()).toMatch(/--:-- +Alan │ tomorrow/)
  })

  it('a few minutes are believed', async () => {
    const { demo, drive } = await inDemo(undefined, { others: [alan, bob] })
    demo.say(alan, 'one', noon + 300_000)
    demo.say(bob, 'two', noon)
    demo.say(alan, 'three', noon + 310_000)
    await drive.settle()
    expect(drive.text()).not.toContain('--:--')
  })
})

test.each([
  ['2026-11-30', new Date(2026, 10, 30)],
  ['2026-11-30 14:05', new Date(2026, 10, 30, 14, 5)],
  ['2026-11-30T14:05', new Date(2026, 10, 30, 14, 5)],
  ['11-29', new Date(2026, 10, 29)],
  ['12-24', new Date(2025, 11, 24)],
  ['today', new Date(2026, 10, 30)],
  ['yesterday', new Date(2026, 10, 29)],
  ['yesterday 9:30', new Date(2026, 10, 29, 9, 30)],
  ['8:15', new Date(2026, 10, 30, 8, 15)],
  ['7d', new Date(2026, 10, 23)],
  ['2026-02-30', undefined],
  ['25:00', undefined],
  ['tomorrow', undefined],
  ['1 2 3', undefined],
])('"%s" as a time', (text, when) => {
  expect(parseWhen(text, new Date(2026, 10, 30, 15).getTime())).toBe(when?.getTime())
})
