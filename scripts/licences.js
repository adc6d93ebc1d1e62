/** Writes docs/licences.md: every package of the lock file by its licence. A test compares it with the lock file. */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lineCharsMax = 120

/**
 * @typedef {{ name?: string, version?: string, license?: string, dev?: boolean, link?: boolean, integrity?: string,
 *   hasInstallScript?: boolean, bin?: Record<string, string> }} Locked
 */

/**
 * Of each package that npm fetches, by its path in node_modules.
 *
 * @param {string} lockfile
 * @returns {[path: string, entry: Locked][]}
 */
export function lockedPackages(lockfile) {
  const content = /** @type {unknown} */ (JSON.parse(readFileSync(lockfile, 'utf8')))
  const { packages } = /** @type {{ packages: Record<string, Locked> }} */ (content)
  return Object.entries(packages).filter(([path, { link }]) => path.startsWith('node_modules/') && link !== true)
}

/** @param {string} lockfile */
export function licencesReport(lockfile) {
  const packages = lockedPackages(lockfile)
  /** @param {boolean} isDev */
  const section = (isDev) => {
    /** @type {Map<string, Set<string>>} */
    const byLicence = new Map()
    for (const [path, { version, license = 'none is named', dev = false }] of packages) {
      if (dev !== isDev) continue
      const names = byLicence.get(license) ?? new Set()
      byLicence.set(license, names.add(`${path.replace(/^.*node_modules\//, '')} ${version}`))
    }
    return [...byLicence]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([licence, names]) => [`**${licence}** (${names.size})`, '', ...wrapped([...names].sort()), ''])
  }
  return [
    '# Licences of the dependencies',
    '',
    'Made by `npm run licences` from package-lock.json, which also has the hash of each package. What the direct ones are for',
    'is in [dependencies.md](dependencies.md); `npm run sbom` prints all of them as CycloneDX.',
    '',
    '## In the program',
    '',
    ...section(false),
    '## For development',
    '',
    ...section(true),
  ].join('\n')
}

/** @param {string[]} names */
function wrapped(names) {
  /** @type {string[]} */
  const lines = []
  for (const [k, name] of names.entries()) {
    const item = `\`${name}\`${k < names.length - 1 ? ',' : ''}`
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + item.length <= lineCharsMax) lines[lines.length - 1] = `${last} ${item}`
    else lines.push(item)
  }
  return lines
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'docs/licences.md'), licencesReport(join(root, 'package-lock.json')))
}
