/** The program `conclave`. */
import { run } from './cli/run.ts'

/** What still holds the event loop after everything was closed must not keep a person waiting. */
const lingerMs = 2000

process.exitCode = await run(process.argv.slice(2))
setTimeout(() => process.exit(), lingerMs).unref()
