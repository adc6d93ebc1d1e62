/** Readers of one log agree, whatever is in it. A failing run prints its seed and the few actions it takes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAll } from '../reader.ts'
import { effort, patience } from './effort.ts'
import { actions, HostileWorld, names, type Action } from './hostile-world.ts'
import { readers } from './readers.ts'

let worlds = 0
async function played(script: readonly Action[], isPair = false): Promise<HostileWorld> {
  const world = await HostileWorld.open(`equivalence ${(worlds += 1)}`, { isPair })
  await world.play(script)
  return world
}

/** With the secrets that each person can find, every reader reaches the result of one who was there all the time. */
async function expectAgreement({ builder, users }: HostileWorld, cut: number): Promise<void> {
  const { roomId, log } = builder
  for (const [k, { unwrappers }] of users.entries()) {
    const { keyring } = await readAll(builder, unwrappers)
    const expected = readers.present(roomId, log, keyring)
    for (const [name, read] of Object.entries(readers)) {
      expect({ for: names[k], by: name, ...read(roomId, log, keyring) }).toEqual({
        for: names[k],
        by: name,
        ...expected,
      })
    }
    // What stands behind a record says nothing about it.
    const before = readers.second(roomId, log.slice(0, cut), keyring)
    expect(before.verdicts).toEqual(expected.verdicts.slice(0, cut))
  }
}

describe('every way of reading comes to the same verdicts, members and head', () => {
  it(
    'whatever hostile members write',
    async () => {
      const scripts = fc.record({ script: actions(24), isPair: fc.nat(9).map((x) => x === 0), cut: fc.nat(30) })
      await fc.assert(
        fc.asyncProperty(scripts, async ({ script, isPair, cut }) => {
          await expectAgreement(await played(script, isPair), cut)
        }),
        effort(4),
      )
    },
    patience,
  )

  it(
    'whatever epochs admins recover',
    async () => {
      const kinds = [
        'say',
        'say',
        'topic',
        'topic',
        'join',
        'rekey',
        'rotate',
        'garbage',
        'recovery',
        'recovery',
        'kick',
      ] as const
      await fc.assert(
        fc.asyncProperty(actions(20, kinds), fc.nat(20), async (script, cut) => {
          await expectAgreement(await played(script), cut)
        }),
        effort(4),
      )
    },
    patience,
  )
})
