/**
 * Which epochs somebody can open, from his wrap keys and the store alone. A model says it: who was given which secret,
 * and from which secret a link leads to which, as whoever wrote them knows; no cryptography.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gather } from '../../../examples/second-reader/room.ts'
import { readAll } from '../reader.ts'
import { actions, HostileWorld, idOf, type Action } from './hostile-world.ts'

let worlds = 0
async function played(script: readonly Action[]): Promise<HostileWorld> {
  const world = await HostileWorld.open(`newcomers ${(worlds += 1)}`)
  await world.play(script)
  return world
}

function openable({ given, links }: HostileWorld, name: string): Set<string> {
  const held = new Set(given.flatMap(({ to, opening }) => (to === name ? [opening] : [])))
  for (const opening of held) for (const { of, to } of links) if (of === opening) held.add(to)
  return held
}

describe('the epochs that somebody can open', () => {
  it('are those that he was given, and what their links lead back to', async () => {
    await fc.assert(
      fc.asyncProperty(actions(24), async (script) => {
        const world = await played(script)
        for (const { name, unwrappers, wrapSeeds } of world.users) {
          const expected = [...openable(world, name)].sort()
          const { keyring } = await readAll(world.builder, unwrappers)
          expect({ name, opens: keyring.all().map(idOf).sort() }).toEqual({ name, opens: expected })
          const { roomId, log } = world.builder
          const secrets = await gather(roomId, log, (wraps) => [...world.builder.pagesOf(wraps as never)], wrapSeeds)
          expect({ name, opens: [...secrets.keys()].sort() }).toEqual({ name, opens: expected })
        }
      }),
      { numRuns: 12 },
    )
  })
})
