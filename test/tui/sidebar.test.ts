import { beforeEach, describe, expect, it } from 'vitest'
import { sidebarRows } from '../../src/tui/state/sidebar.ts'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { person, type FakeRoom, type FakeWorld } from './fake.ts'
import { inDemo } from './in-demo.ts'

const [ada, alan, bob] = [person('ada'), person('alan'), person('bob')] as const

let world: FakeWorld
let demo: FakeRoom
let ops: FakeRoom
let drive: Drive

beforeEach(async () => {
  const scene = { others: [alan], rooms: ['ops'], at: Date.parse('2026-11-30T10:04:00') }
  ;({ world, demo, drive } = await inDemo(undefined, scene))
  ops = world.rooms.find(({ name }) => name === 'ops') as FakeRoom
})

/** The rooms beside the messages, as they are on the screen. */
function sidebar(): readonly string[] {
  const rows = drive.screen().filter((row) => row.includes('│'))
  return rows.map((row) => (row.split('│')[0] ?? '').trimEnd().replace(/(\S) +/g, '$1 ')).filter((row) => row !== '')
}

describe('the rooms beside the messages', () => {
  it('have numbers, and no headings while they are of one kind', () => {
    expect(sidebar()).toEqual(['›1 demo', ' 2 ops'])
  })

  it('stand in sections: what is unread, who asks, rooms, direct messages', () => {
    world.room('@alan', ada, [alan])
    world.room('big', ada, [alan])
    const infra = world.room('infra', ada, [alan])
    infra.say(alan, 'hello')
    ops.say(alan, 'ada?')
    ops.knock(bob)
    const invitedBy = { ...bob, known: true }
    world.listed.push({
      ...{ name: 'club', id: 'c'.repeat(64), standing: 'invited', unread: 0, mentions: 0, attention: [], members: 0 },
      invitedBy,
    })
    world.changed()
    expect(sidebar()).toEqual([
      ' Unread',
      ' 2 ops 1! +1',
      ' 5 infra 1',
      ' Requests',
      '  bob → ops',
      '  club invite',
      ' Rooms',
      '›1 demo',
      ' 4 big',
      ' Direct',
      ' 3 @alan',
    ])
  })

  it('put the newest first among the unread, and what is for the person before it', () => {
    const [one, two, three] = ['one', 'two', 'three'].map((name) => world.room(name, ada, [alan]))
    two?.say(alan, 'ada!')
    three?.say(alan, 'hello')
    one?.say(alan, 'hello')
    world.changed()
    const rows = sidebarRows(drive.state, demo.id).flatMap((row) => (row.kind === 'room' ? [row.room.name] : []))
    expect(rows).toEqual(['two', 'one', 'three', 'demo', 'ops'])
  })

  it('keep the open one in its place, whatever comes in it', async () => {
    await drive.type('/help\r')
    demo.say(alan, 'hello')
    await drive.settle()
    expect(sidebar()).toEqual(['›1 demo', ' 2 ops'])
  })

  it('leave out headings before they leave out rooms', () => {
    drive.happen({ kind: 'resize', size: { columns: 80, rows: 14 } })
    for (let n = 0; n < 6; n += 1) world.room(`room-${n}`, ada, [alan])
    world.room('@alan', ada, [alan])
    world.changed()
    expect(sidebar()).toHaveLength(9)
    expect(sidebar()).not.toContain(' Rooms')
  })

  it('mark direct messages whose key is verified', async () => {
    const direct = world.room('@alan', ada, [alan])
    world.changed()
    expect(sidebar()).toContain(' 3 @alan')
    direct.say(alan, 'hello')
    await drive.type('/verify alan\r')
    await drive.type('yes\r')
    expect(sidebar()).toContain(' 3 @alan ✓ 1!')
  })

  it.each([
    [72, 15],
    [80, 16],
    [100, 20],
    [120, 24],
    [200, 26],
  ])('are wider where there is room: %i columns', (columns, width) => {
    world.room('a-room-with-a-long-name-indeed', ada, [alan])
    world.changed()
    drive.happen({ kind: 'resize', size: { columns, rows: 24 } })
    expect(
      drive
        .screen()
        .find((row) => row.includes('›1 demo'))
        ?.indexOf('│'),
    ).toBe(width)
  })
})

describe('a number', () => {
  it('stays where other rooms come and go', async () => {
    world.room('aaa', ada, [alan])
    world.changed()
    expect(sidebar()).toEqual(['›1 demo', ' 2 ops', ' 3 aaa'])
    demo.standing = 'left'
    world.changed()
    await drive.type(keys.alt('2'))
    expect(drive.chat.room.name).toBe('ops')
    world.room('bbb', ada, [alan])
    world.changed()
    expect(drive.text()).toContain('1 bbb')
  })

  it('is kept for the next start', async () => {
    world.room('aaa', ada, [alan])
    world.changed()
    await drive.settle()
    expect(Object.values(drive.keptPlaces).map(({ number }) => number)).toEqual([1, 2, 3])
    const again = await Drive.inside(world, 'ada')
    again.happen({ kind: 'places', places: drive.keptPlaces })
    await again.type(keys.alt('3'))
    expect(again.chat.room.name).toBe('aaa')
  })

  it('is asked for by /move, and the other room takes the one that is free by then', async () => {
    await drive.type('/move 2\r')
    expect(drive.text()).toContain('demo is Alt+2.')
    expect(sidebar()).toEqual([' 1 ops', '›2 demo'])
    await drive.type('/move 10\r')
    expect(drive.text()).toContain('demo is Alt+0.')
    await drive.type(keys.alt('1'))
    await drive.type(keys.alt('0'))
    expect(drive.chat.room.name).toBe('demo')
    await drive.type('/move 12\r')
    expect(drive.text()).toContain('demo is number 12.')
    expect(drive.keptPlaces[demo.id]).toEqual({ number: 12, pinned: false })
  })

  it.each(['/move', '/move 0', '/move two', '/move -1', '/move 1 2', '/pin 0', '/unpin 1'])(
    '%s is refused',
    async (line) => {
      const before = drive.state.places
      await drive.type(`${line}\r`)
      expect(drive.text()).toContain('Usage: /')
      expect(drive.state.places).toBe(before)
    },
  )

  it('has a bound', async () => {
    await drive.type('/move 1001\r')
    expect(drive.text()).toContain('Numbers go from 1 to 1000.')
  })

  it('that another program of the home has changed is taken over', async () => {
    await drive.places.save({ [ops.id]: { number: 1, pinned: false }, [demo.id]: { number: 2, pinned: false } })
    drive.happen({ kind: 'focus', focused: true })
    await drive.settle()
    expect(sidebar()).toEqual([' 1 ops', '›2 demo'])
  })
})

describe('a pinned room', () => {
  it('stands above the others, also while it is unread, until it is unpinned', async () => {
    await drive.type(`${keys.alt('2')}`)
    await drive.type('/pin\r')
    expect(drive.text()).toContain('ops is Alt+2, and pinned above the others.')
    await drive.type(keys.alt('1'))
    demo.say(alan, 'hello')
    ops.say(alan, 'hello')
    expect(sidebar()).toEqual([' Pinned', ' 2 ops 1', ' Rooms', '›1 demo'])
    await drive.type(keys.alt('2'))
    await drive.type('/unpin\r')
    expect(sidebar()).toEqual([' 1 demo', '›2 ops'])
  })

  it('may be given a number with it', async () => {
    await drive.type('/pin 5\r')
    expect(drive.text()).toContain('demo is Alt+5, and pinned above the others.')
    expect(drive.keptPlaces[demo.id]).toEqual({ number: 5, pinned: true })
  })
})
