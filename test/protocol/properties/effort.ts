/** The runs of a seed that stays, so that a change breaks them and not chance; CONCLAVE_SEED tries others. */
const seed = Number(process.env['CONCLAVE_SEED'] ?? 20_261)

/** How long random runs may take: on a machine that is busy with other things there are fewer of them. */
export const effort = (numRuns: number) => ({ numRuns, seed, interruptAfterTimeLimit: 60_000 })

/** For a run that fails and is made smaller meanwhile, milliseconds. */
export const patience = 180_000
