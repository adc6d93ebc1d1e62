import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { build } from '../../scripts/build.js'
import { checkout, remove, run, start, temporaryFolder } from './clone.ts'

let root = ''
beforeEach(() => {
  root = temporaryFolder()
  for (const path of ['package.json', 'package-lock.json', 'tsconfig.json', 'scripts', 'bin']) {
    cpSync(join(checkout, path), join(root, path), { recursive: true })
  }
  mkdirSync(join(root, 'src'))
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'))
  write('index.ts', 'export {}')
})
afterEach(() => remove(root))

function write(name: string, source: string): void {
  writeFileSync(join(root, 'src', name), `${source}\n`)
}

function program(args: string[] = []) {
  return run(join(root, 'bin/conclave'), args, '/')
}

describe('the bundle', () => {
  test('carries its dependencies along: ES modules and CommonJS', async () => {
    write(
      'main.ts',
      `import 'reflect-metadata'
       import { Client } from '@grpc/grpc-js'
       import { X509CertificateGenerator } from '@peculiar/x509'
       import stringWidth from 'string-width'
       console.log(typeof Client, typeof X509CertificateGenerator, stringWidth('宽'))`,
    )
    await build(root)
    remove(join(root, 'node_modules'))
    mkdirSync(join(root, 'node_modules/.bin'), { recursive: true })
    symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'))
    const { code, stdout, stderr } = await program()
    expect(stderr).toBe('')
    expect(stdout).toBe('function function 2\n')
    expect(code).toBe(0)
  })

  test('loads what a command does not need only when it is needed', async () => {
    write('screen.ts', `export { default as width } from 'string-width'`)
    write(
      'main.ts',
      `if (process.argv[2] === 'screen') console.log((await import('./screen.ts')).width('screen'))
       else console.log('light')`,
    )
    await build(root)
    expect((await program(['screen'])).stdout).toBe('6\n')
    for (const part of readdirSync(join(root, 'dist'))) {
      if (part.startsWith('part-')) remove(join(root, 'dist', part))
    }
    expect((await program([])).stdout).toBe('light\n')
    expect((await program(['screen'])).code).not.toBe(0)
  })

  test('refuses an import() that would lose the names of a CommonJS module, and leaves no program', async () => {
    write('main.ts', `console.log('before')`)
    await build(root)
    write('main.ts', `const { Client } = await import('@grpc/grpc-js')\nconsole.log(typeof Client)`)
    await expect(build(root)).rejects.toThrow(/src\/main\.ts does import\('@grpc\/grpc-js'\)/)
    expect(existsSync(join(root, 'dist/conclave.js'))).toBe(false)
  })

  test('a program that runs goes on while a new one is built; parts of old ones go after a week', async () => {
    write('later.ts', `export const text = 'old'`)
    write(
      'main.ts',
      `process.on('SIGTERM', () => void import('./later.ts').then(({ text }) => {
         console.log(text)
         process.exit(0)
       }))
       setInterval(() => {}, 1000)
       console.log('up')`,
    )
    await build(root)
    const old = start(join(root, 'bin/conclave'), [], '/')
    await old.prints('up')
    write('later.ts', `export const text = 'new'`)
    await build(root)
    old.kill('SIGTERM')
    expect((await old.ended).stdout).toBe('up\nold\n')

    const parts = () => readdirSync(join(root, 'dist')).filter((name) => /^part-.*\.js$/.test(name))
    const before = parts()
    const longAgo = new Date(Date.now() - 8 * 86_400_000)
    for (const part of before) utimesSync(join(root, 'dist', part), longAgo, longAgo)
    await build(root)
    expect(before).toHaveLength(2)
    expect(parts()).toHaveLength(1)
    const fresh = start(join(root, 'bin/conclave'), [], '/')
    await fresh.prints('up')
    fresh.kill('SIGTERM')
    expect((await fresh.ended).stdout).toBe('up\nnew\n')
  })
})
