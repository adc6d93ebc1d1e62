import { beforeEach, describe, expect, it } from 'vitest'
import { keys, mouse } from '../terminal/terminal.ts'
import type { Drive } from './drive.ts'
import { member, person, type FakeRoom, type FakeWorld } from './fake.ts'
import { ada, alan, inDemo } from './in-demo.ts'

let world: FakeWorld
let demo: FakeRoom
let drive: Drive

describe('the wheel', () => {
  beforeEach(async () => {
    ;({ world, demo, drive } = await inDemo(undefined, { rooms: ['ops'] }))
    for (let n = 0; n < 60; n += 1) demo.say(alan, `line ${n}.`)
    await drive.settle()
  })

  const shows = (text: string): boolean => drive.text().includes(text)

  it('scrolls the conversation', async () => {
    await drive.type(mouse.wheelUp(10, 40).repeat(3))
    expect(shows('line 59.')).toBe(false)
    await drive.type(mouse.wheelDown(10, 40).repeat(3))
    expect(shows('line 59.')).toBe(true)
  })

  it('moves in the list of rooms, and below it scrolls the conversation', async () => {
    await drive.type(keys.alt('k'))
    await drive.type(mouse.wheelDown(drive.placeOf('› ').row, 40))
    expect(drive.chat.panel).toMatchObject({ kind: 'jump', selected: 1 })
    await drive.type(mouse.wheelUp(20, 40).repeat(2))
    expect(drive.chat.panel).toMatchObject({ kind: 'jump', selected: 1 })
    expect(shows('line 59.')).toBe(false)
  })

  it('scrolls the lists beside the messages, and the conversation stays', async () => {
    const many = Array.from({ length: 30 }, (_, n) => person(`guest-${String(n).padStart(2, '0')}`))
    demo.members = [...demo.members, ...many.map((one) => member(one))]
    for (let n = 0; n < 30; n += 1) world.room(`room-${String(n).padStart(2, '0')}`, ada, [alan])
    demo.tell({ kind: 'state' })
    world.changed()
    await drive.type(keys.ctrl('b'))
    await drive.type(mouse.wheelDown(10, 5).repeat(20) + mouse.wheelDown(10, 75))
    expect(drive.screen()[20]).toMatch(/^ ?\d+ room-29/)
    expect(drive.screen()[2]).toMatch(/Alan$|bob$|guest-0\d$/)
    expect(shows('guest-00')).toBe(true)
    expect(shows('line 59.')).toBe(true)
    await drive.click('room-28', 2)
    expect(drive.chat.room.name).toBe('room-28')
    await drive.type(`${keys.alt('k')}demo\r`)
    await drive.click('more', 1)
    expect(drive.text()).toContain('Members of demo')
    await drive.type(keys.escape)
    await drive.type(mouse.wheelDown(10, 75).repeat(20))
    expect(shows('guest-29')).toBe(true)
    expect(drive.screen().some((row) => row.endsWith('more'))).toBe(false)
    await drive.type(mouse.wheelUp(10, 75).repeat(20))
    expect(drive.screen()[2]).toMatch(/ada admin$/)
  })

  it('scrolls what covers the conversation', async () => {
    await drive.type('/help\r')
    const [, , first] = drive.screen()
    await drive.type(mouse.wheelDown(10, 40).repeat(2))
    expect(drive.screen()[2]).toBe(first)
    expect(drive.state.sheet?.top).toBe(6)
    await drive.type(mouse.wheelUp(10, 40).repeat(9))
    expect(drive.state.sheet?.top).toBe(0)
  })

  it('selects in the list of rooms', async () => {
    await drive.type(keys.allRooms)
    await drive.type(mouse.wheelDown(5, 5).repeat(9))
    expect(drive.state.page).toMatchObject({ selected: 1 })
    await drive.type(mouse.wheelUp(5, 5).repeat(9))
    expect(drive.state.page).toMatchObject({ selected: 0 })
  })
})
