/** Many inputs for one reader. The same seed makes the same inputs. */
import { hex } from '../../src/base/bytes.ts'
import { chanceFrom } from './chance.ts'
import { isRefusal, type Input, type Target } from './target.ts'

export interface Outcome {
  readonly inputs: number
  /** Inputs that were read and not refused. */
  readonly taken: number
  readonly failure: string | undefined
}

/** Ends at the first input that is neither read rightly nor refused. */
export async function attack(target: Target, seed: string, from: number, count: number): Promise<Outcome> {
  let taken = 0
  for (let index = from; index < from + count; index += 1) {
    const input = target.make(chanceFrom(`${seed}/${target.name}/${index}`))
    try {
      const value = target.read(input)
      if (value instanceof Promise) await value
      taken += 1
    } catch (error) {
      if (isRefusal(target, error)) continue
      return { inputs: index - from + 1, taken, failure: report(target, seed, index, input, error) }
    }
  }
  return { inputs: count, taken, failure: undefined }
}

function report(target: Target, seed: string, index: number, input: Input, error: unknown): string {
  const shown = typeof input === 'string' ? JSON.stringify(input) : hex(input)
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [
    `${target.name}: input ${index} of seed ${seed}`,
    `again alone: CONCLAVE_SEED=${seed} npm run fuzz -- '${target.name}' ${index}`,
    `input (${input.length}): ${shown.slice(0, 4000)}`,
    what,
  ].join('\n')
}
