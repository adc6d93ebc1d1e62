/**
 * Bundles the program (dist/conclave.js) and the library (dist/index.js) with esbuild.
 *
 * A rebuild does not break running programs: chunks are named by content and kept for a week, files are replaced
 * atomically, and the two entries come last. dist/compiled is Node's compile cache, which src/main.ts turns on.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Failure } from './failure.js'
import { buildStamp, rememberBuild } from './fresh.js'
import { run } from './step.js'

const oldPartsDays = 7

/** The entries of dist/ and their sources. */
const entryPoints = { conclave: 'src/main.ts', index: 'src/index.ts' }

/** @param {string} root */
export async function build(root) {
  const stamp = buildStamp(root)
  const dist = join(root, 'dist')
  const entries = new Set(Object.keys(entryPoints).map((name) => `${name}.js`))
  const outputs = await bundle(root, dist).catch((/** @type {unknown} */ error) => {
    // Better no entry than a stale one: tests must not pass on old code.
    for (const name of entries) rmSync(join(dist, name), { force: true })
    throw error
  })

  mkdirSync(dist, { recursive: true })
  const isEntry = (/** @type {{ path: string }} */ file) => Number(entries.has(basename(file.path)))
  const files = [...outputs].sort((a, b) => isEntry(a) - isEntry(b))
  for (const { path, contents } of files) {
    const half = `${path}.${process.pid}`
    writeFileSync(half, contents)
    renameSync(half, path)
  }
  rmSync(join(dist, 'compiled'), { recursive: true, force: true })
  removeOldParts(dist, new Set(files.map(({ path }) => basename(path))))
  rememberBuild(root, stamp)
}

/**
 * @param {string} root
 * @param {string} dist
 * @returns {Promise<import('esbuild').OutputFile[]>} not yet on disk
 */
async function bundle(root, dist) {
  const esbuild = await import('esbuild')
  const result = await esbuild
    .build({
      absWorkingDir: root,
      entryPoints,
      outdir: dist,
      write: false,
      metafile: true,
      bundle: true,
      splitting: true,
      // Chunks lie beside the entries, so that URLs relative to import.meta.url resolve alike in all of them.
      chunkNames: 'part-[hash]',
      format: 'esm',
      platform: 'node',
      target: 'node24',
      // Prefer a package's ES module even without an exports table: see refuseLostNames.
      mainFields: ['module', 'main'],
      // What is shorter is read and compiled faster; names stay, for stack traces.
      minifyWhitespace: true,
      minifySyntax: true,
      sourcemap: true,
      sourcesContent: false,
      logLevel: 'silent',
      define: { 'process.env.NODE_ENV': '"production"' },
      // CommonJS dependencies call require for Node's built-in modules.
      banner: {
        js: [
          "import { createRequire as createRequireOfBundle } from 'node:module'",
          'const require = createRequireOfBundle(import.meta.url)',
          'const __filename = import.meta.filename, __dirname = import.meta.dirname',
        ].join('\n'),
      },
    })
    .catch((/** @type {unknown} */ error) => {
      throw new Failure(`the build failed\n${error instanceof Error ? error.message : String(error)}`)
    })
  refuseLostNames(result.metafile)
  return result.outputFiles
}

/**
 * Emits the public API's declarations to dist/types.
 *
 * @param {string} root
 * @param {string} node a Node that runs the compiler
 */
export async function buildTypes(root, node) {
  rmSync(join(root, 'dist/types'), { recursive: true, force: true })
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { code, output } = await run(node, [compiler, '-p', join(root, 'tsconfig.build.json')], { cwd: root })
  if (code !== 0) throw new Failure(`the public API's types don't compile\n${output}`)
}

/**
 * `import()` of a CommonJS module has its names in Node, but only `default` in a bundle: the program would break where
 * unit tests pass.
 *
 * @param {import('esbuild').Metafile} metafile
 */
function refuseLostNames({ inputs }) {
  for (const [importer, { imports }] of Object.entries(inputs)) {
    if (!importer.startsWith('src/')) continue
    const lost = imports.find(({ kind, path }) => kind === 'dynamic-import' && inputs[path]?.format === 'cjs')
    if (!lost) continue
    throw new Failure(
      `${importer} does import('${lost.original ?? lost.path}'), a CommonJS module: in the bundle its names are lost`,
      'Import it by name in a module of its own, and that module with import().',
    )
  }
}

/**
 * @param {string} dist
 * @param {Set<string>} current
 */
function removeOldParts(dist, current) {
  const oldest = Date.now() - oldPartsDays * 86_400_000
  for (const name of readdirSync(dist)) {
    if (!name.startsWith('part-') || current.has(name)) continue
    const file = join(dist, name)
    if (statSync(file).mtimeMs < oldest) rmSync(file, { force: true })
  }
}
