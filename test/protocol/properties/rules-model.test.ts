/** The program finds valid what a model of the rules does, and comes to the same room. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { effort, patience } from './effort.ts'
import { anyStep, RulesPlay } from './rules-play.ts'

let plays = 0
it(
  'the program and the model agree on every change of a room, right and wrong',
  async () => {
    const scripts = fc.array(anyStep, { minLength: 20, maxLength: 50 })
    await fc.assert(
      fc.asyncProperty(fc.nat(4), scripts, async (one, script) => {
        const play = await RulesPlay.open(`model ${(plays += 1)}`, one === 0)
        for (const step of script) {
          const { verdict, isValid } = await play.take(step)
          expect(verdict).toMatchObject({ kind: isValid ? 'valid' : 'void' })
          expect(play.seen).toEqual(play.modelled)
        }
      }),
      effort(25),
    )
  },
  patience,
)
