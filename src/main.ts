/** The program `conclave`. */
import { run } from './cli/run.ts'

/** Whatever still holds the event loop after everything was closed must not keep a person waiting. */
const lingerMs = 2000

process.exitCode = await run(process.argv.slice(2), process)
setTimeout(() => process.exit(), lingerMs).unref()
