/** The program `conclave`. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Before anything else is loaded. Where this folder can't be written, every start compiles anew.
enableCompileCache(join(import.meta.dirname, 'compiled'))
const { run } = await import('./cli/run.ts')

/** Whatever still holds the event loop after everything was closed must not keep a person waiting. */
const lingerMs = 2000

process.exitCode = await run(process.argv.slice(2), process)
setTimeout(() => process.exit(), lingerMs).unref()
