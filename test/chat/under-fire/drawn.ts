/** Chance that can be drawn again: CONCLAVE_SEED repeats a run, CONCLAVE_ROUNDS makes a longer one. */
import { diceFrom, type Dice } from '../../protocol/seeded.ts'

/** A run's own dice; the seed is printed. */
export function drawnFor(what: string): Dice {
  const seed = process.env['CONCLAVE_SEED'] ?? String(Math.floor(Math.random() * 2 ** 31))
  process.stdout.write(`${what}: CONCLAVE_SEED=${seed}\n`)
  return diceFrom(`${what} ${seed}`)
}

export function roundsOr(usual: number): number {
  return Number(process.env['CONCLAVE_ROUNDS'] ?? usual)
}
