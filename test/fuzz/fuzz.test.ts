/** Whatever comes from elsewhere is read or refused, and never more. `npm run fuzz` does the same a million times and more. */
import { expect, test } from 'vitest'
import { attack } from './campaign.ts'
import { allTargets } from './targets/all.ts'
import type { Target } from './target.ts'

const seed = process.env['CONCLAVE_SEED'] ?? ''
const inputsMax = 1_000
/** About how long one reader may take here. */
const microsATarget = 15_000
const inputsFor = ({ micros }: Target) => Math.min(inputsMax, Math.ceil(microsATarget / micros))

test('everything that reads what others wrote reads it or refuses it, and says so', async () => {
  let total = 0
  for (const target of await allTargets()) {
    const { inputs, failure } = await attack(target, seed, 0, inputsFor(target))
    expect.soft(failure).toBeUndefined()
    total += inputs
  }
  expect(total).toBeGreaterThan(15_000)
})

test('a reader that crashes, or reads wrongly, is found', async () => {
  const careless: Target = {
    name: 'careless',
    micros: 1,
    make: (chance) => chance.bytes(chance.below(4)),
    read: (input) =>
      (input as Uint8Array)
        .subarray(0, 3)
        .map((byte) => byte.valueOf())[2]!
        .toFixed(),
  }
  expect(await attack(careless, '1', 0, 100)).toMatchObject({
    failure: expect.stringMatching(/careless: input \d+ of seed 1/),
  })
})
