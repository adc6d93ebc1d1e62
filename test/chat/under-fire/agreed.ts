/** What all who are in a room see, once nothing is on its way and no client has anything left to do by itself. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Room } from '../../../src/chat/chat.ts'
import { told, wholeHistory } from '../world.ts'

const triesMax = 1000

interface View {
  readonly head: string
  readonly members: readonly string[]
  readonly story: readonly string[]
}

async function view(room: Room): Promise<View> {
  await room.refresh()
  const { head, damage } = await room.verify()
  expect(damage).toEqual([])
  const members = room.members.map(({ name, role }) => `${name} ${role}`)
  return { head, members, story: told(await wholeHistory(room)) }
}

/**
 * Rooms are read one after another while clients may still act by themselves (an admin's rotates after somebody left), so
 * they are read again until all show the same. @returns the story that they agree on
 */
export async function agreed(rooms: () => Promise<readonly Room[]>): Promise<readonly string[]> {
  for (let tries = 1; ; tries += 1) {
    const inside = await rooms()
    const views = await Promise.all(inside.map(view))
    const waits = inside.some(({ pending }) => pending.some(({ state }) => state === 'queued'))
    const [first, ...others] = views
    if (!waits && others.every((other) => JSON.stringify(other) === JSON.stringify(first))) return first?.story ?? []
    if (tries < triesMax) await sleep(20)
    else for (const other of others) expect(other).toEqual(first)
  }
}
