import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkout } from './clone.ts'

const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>
const versions = { ...manifest.dependencies, ...manifest.devDependencies }

test('every dependency has its row in docs/dependencies.md, and every row its dependency', () => {
  const rows = readFileSync(join(checkout, 'docs/dependencies.md'), 'utf8').matchAll(/^\| (`.*?) \|/gm)
  const named = [...rows].flatMap(([, cell = '']) => {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
    // `@scope/one`, `-two` stands for packages of one scope.
    const scope = names[0]?.split('/')[0]
    return names.map((name) => (name.startsWith('-') ? `${scope}/${name.slice(1)}` : name))
  })
  expect(named.sort()).toEqual(Object.keys(versions).sort())
})

test('every dependency is pinned to one version', () => {
  for (const version of Object.values(versions)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})
