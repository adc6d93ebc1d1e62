/** Scripts that tests run in processes of their own. Bundled and compiled once, they start in a fraction of the time. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

const folder = mkdtempSync(join(tmpdir(), 'conclave-scripts-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
/** For the environment of whatever runs them. */
export const compileCache = { NODE_COMPILE_CACHE: join(folder, 'compiled') }
const bundles = new Map<string, Promise<string>>()

/** The path of the bundle of a TypeScript file, made once a worker. */
export async function bundled(script: string): Promise<string> {
  let bundle = bundles.get(script)
  if (bundle === undefined) bundles.set(script, (bundle = make(script)))
  return bundle
}

async function make(script: string): Promise<string> {
  const outfile = join(folder, `${basename(script, '.ts')}-${bundles.size}.mjs`)
  await build({
    entryPoints: [script],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'error',
    // Dependencies in CommonJS call require for node's own modules.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  })
  return outfile
}
