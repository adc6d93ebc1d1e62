/** How long random runs may take: on a machine that is busy with other things there are fewer of them. */
export const effort = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 60_000 })

/** For a run that fails and is made smaller meanwhile, milliseconds. */
export const patience = 180_000
