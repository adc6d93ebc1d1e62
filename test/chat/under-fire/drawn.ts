/**
 * Chance that can be drawn again, and how much of it: CONCLAVE_SEED draws others, CONCLAVE_ROUNDS says how many rounds, and
 * CONCLAVE_LONG makes all runs long (`npm run test:long`).
 */
import { diceFrom, type Dice } from '../../protocol/seeded.ts'

const { CONCLAVE_SEED: seed, CONCLAVE_ROUNDS: rounds, CONCLAVE_LONG: long } = process.env

/** A run's own dice. */
export function drawnFor(what: string): Dice {
  return diceFrom(`${what} ${seed}`)
}

export function roundsOr(usual: number, whole: number): number {
  return Number(rounds ?? (long === undefined ? usual : whole))
}
