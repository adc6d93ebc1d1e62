/** Ada in the room demo: where most tests of the terminal begin. */
import type { Size } from '../../src/tui/state/state.ts'
import { Drive } from './drive.ts'
import { FakeWorld, person, type FakeRoom } from './fake.ts'

export const noon = new Date(2026, 10, 23, 12, 0).getTime()
export const [ada, alan, bob, cyd] = [person('ada'), person('Alan'), person('bob'), person('cyd')] as const

export interface InDemo {
  readonly world: FakeWorld
  readonly demo: FakeRoom
  readonly drive: Drive
}

/** @param scene further rooms of Ada and the same people; when their clocks start */
export async function inDemo(
  size?: Size,
  scene: { readonly others?: (typeof alan)[]; readonly rooms?: readonly string[]; readonly at?: number } = {},
): Promise<InDemo> {
  const { others = [alan, bob], rooms = [], at = noon } = scene
  let clock = at
  const world = new FakeWorld(() => (clock += 1000))
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', ada, others)
  for (const name of rooms) world.room(name, ada, others)
  const drive = await Drive.inside(world, 'ada', size)
  await drive.type('demo\r')
  return { world, demo, drive }
}

/** What is on the screen, without the frame and the lines' ends. */
export function flat(drive: Drive): string {
  return drive
    .text()
    .replace(/\s*\n[ │]*/g, ' ')
    .replace(/ +/g, ' ')
}
