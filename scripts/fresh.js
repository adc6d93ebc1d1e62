/**
 * Tells whether installed dependencies and dist/ are up to date. Runs at every start, so it reads only file dates and one
 * hash, and imports nothing but Node's own modules.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** What the bundle is made from, besides src/. */
const buildInputs = ['package.json', 'package-lock.json', 'tsconfig.json', 'scripts/build.js']

/** @param {string} root */
export function dependenciesFresh(root) {
  const wanted = dependenciesStamp(root)
  if (readStamp(dependenciesStampFile(root)) === wanted) return true
  if (!installedByHand(root)) return false
  writeFileSync(dependenciesStampFile(root), wanted)
  return true
}

/**
 * Call it after an install with the stamp taken before: if the lock file changed meanwhile, it is stale again.
 *
 * @param {string} root
 * @param {string} stamp
 */
export function rememberDependencies(root, stamp) {
  writeFileSync(dependenciesStampFile(root), stamp)
}

/** @param {string} root */
export function dependenciesStamp(root) {
  const lockfile = readFileSync(join(root, 'package-lock.json'))
  return `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform} ${process.arch}`
}

/** @param {string} root */
export function buildFresh(root) {
  return existsSync(join(root, 'dist/conclave.js')) && readStamp(buildStampFile(root)) === buildStamp(root)
}

/**
 * @param {string} root
 * @param {string} stamp taken before the build, for the same reason
 */
export function rememberBuild(root, stamp) {
  writeFileSync(buildStampFile(root), stamp)
}

/**
 * Path, size and date of every file that the bundle is made from.
 *
 * @param {string} root
 */
export function buildStamp(root) {
  const hash = createHash('sha256')
  for (const file of [...buildInputs.map((name) => join(root, name)), ...filesBelow(join(root, 'src'))]) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${relative(root, file)}\0${size}\0${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/**
 * Whether npm was run by hand: its record of node_modules matches the lock file.
 *
 * @param {string} root
 */
function installedByHand(root) {
  const installed = packages(join(root, 'node_modules/.package-lock.json'))
  const wanted = packages(join(root, 'package-lock.json'))
  if (!installed || !wanted) return false
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || installed[path]?.version === version || (optional === true && !installed[path]),
  )
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function packages(lockfile) {
  if (!existsSync(lockfile)) return undefined
  const content = /** @type {unknown} */ (JSON.parse(readFileSync(lockfile, 'utf8')))
  return /** @type {{ packages?: Record<string, { version?: string, optional?: boolean }> }} */ (content).packages
}

/**
 * @param {string} folder
 * @returns {string[]} in a fixed order
 */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesBelow(path) : [path]
    })
}

/** @param {string} file */
function readStamp(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** @param {string} root */
const dependenciesStampFile = (root) => join(root, 'node_modules/.conclave-stamp')

/** @param {string} root */
const buildStampFile = (root) => join(root, 'dist/.stamp')
