/** How much random runs do: few in `npm test`, CONCLAVE_EFFORT times as many in a long run. */
const seed = Number(process.env['CONCLAVE_SEED'])
const factor = Number(process.env['CONCLAVE_EFFORT'] ?? 1)

export const effort = (numRuns: number) => ({ numRuns: numRuns * factor, seed })

/** In milliseconds, generous: a failing run is shrunk within it. */
export const patience = 180_000 * factor
