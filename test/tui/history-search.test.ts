import { describe, expect, it } from 'vitest'
import { emptyInputHistory, remember } from '../../src/tui/input/history.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { FakeWorld, person } from './fake.ts'

async function sent(lines: readonly string[], columns = 80) {
  const world = new FakeWorld(() => 0)
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', person('ada'), [person('bob')])
  const drive = await Drive.inside(world, 'ada', { columns, rows: 24 })
  await drive.type('/join demo\r')
  const history = lines.reduce(remember, emptyInputHistory)
  drive.state = { ...drive.state, page: { ...drive.chat, history } }
  const shown = (): string => drive.screen().at(-1) ?? ''
  return { drive, demo, shown }
}

const ctrlR = keys.ctrl('r')
const lines = ['deploy the staging', 'lunch?', 'Deploy to production', 'lunch?', 'done']

describe('Ctrl-R', () => {
  it.each([
    ['the newest with the text, in either case', `${ctrlR}deploy`, ' > Deploy to production'],
    ['an older one', `${ctrlR}deploy${ctrlR}`, ' > deploy the staging'],
    ['no older one: the last stays', `${ctrlR}deploy${ctrlR}${ctrlR}`, ' > deploy the staging'],
    ['a newer one again', `${ctrlR}deploy${ctrlR}${keys.ctrl('s')}`, ' > Deploy to production'],
    ['the same text once', `${ctrlR}h${ctrlR}`, ' > deploy the staging'],
    ['more of the text', `${ctrlR}deploy the`, ' > deploy the staging'],
    ['less of the text', `${ctrlR}deploy the${'\x7f'.repeat(4)}`, ' > Deploy to production'],
    ['nothing', `${ctrlR}zebra`, ' > a draft'],
  ])('finds %s', async (_what, typed, expected) => {
    const { drive, demo, shown } = await sent(lines)
    await drive.type('a draft')
    await drive.type(typed)
    expect(shown()).toBe(expected)
    expect(drive.text()).toContain('search sent lines: ')
    expect(drive.text().includes('   none')).toBe(typed.includes('zebra'))
    // Escape leaves the line as it was, and nothing was sent.
    await drive.type(keys.escape)
    expect([shown(), drive.text().includes('search sent'), demo.seq]).toEqual([' > a draft', false, 0])
  })

  it('takes what was found with Enter, which sends nothing, and goes on from there', async () => {
    const { drive, demo, shown } = await sent(lines)
    await drive.type('a draft')
    await drive.type(`${ctrlR}prod`)
    await drive.type('\r')
    expect([shown(), demo.seq]).toEqual([' > Deploy to production', 0])
    await drive.type(keys.up)
    expect(shown()).toBe(' > lunch?')
    await drive.type(keys.down + keys.down + keys.down + keys.down)
    expect(shown()).toBe(' > a draft')
    await drive.type(`${ctrlR}prod${keys.end}!`)
    expect(shown()).toBe(' > Deploy to production!')
    await drive.type(keys.ctrl('_').replace(/^.*$/, '\x1f\x1f'))
    expect(shown()).toBe(' > a draft')
  })

  it('ends with Ctrl-C or Ctrl-G, and says when there is nothing', async () => {
    const { drive, shown } = await sent(lines)
    await drive.type(`text${ctrlR}lunch${keys.ctrl('c')}`)
    expect(shown()).toBe(' > text')
    await drive.type(`${ctrlR}lunch${keys.ctrl('g')}`)
    expect([shown(), drive.state.page.kind]).toEqual([' > text', 'chat'])
    const empty = await sent([])
    await empty.drive.type(ctrlR)
    expect(empty.drive.text()).toContain("You haven't sent anything from here yet.")
  })

  it.each([40, 60, 80, 120])('fits %i columns, however much is typed', async (columns) => {
    const { drive } = await sent(['漢字'.repeat(100)], columns)
    await drive.type(`${ctrlR}${'漢字'.repeat(60)}`)
    expect(drive.screen().some((row) => row.includes('search sent lines: …'))).toBe(true)
  })
})
