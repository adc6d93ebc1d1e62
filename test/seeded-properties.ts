/** Properties draw the same examples in every run of `npm test`: a change breaks them, chance doesn't. */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env['CONCLAVE_SEED']) })
