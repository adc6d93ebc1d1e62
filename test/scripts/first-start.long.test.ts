import { spawn as spawnTerminal } from '@lydell/node-pty'
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cloneInto, isAlive, plainEnvironment, remove, run, start, temporaryFolder } from './clone.ts'
import type { Ended } from './clone.ts'

/** Takes the program's place: says that it is up, and which signals reach it. */
const listeningProgram = `
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    console.log('got ' + signal)
    setTimeout(() => process.exit(42), 100)
    process.on(signal, () => {})
  })
setInterval(() => {}, 1000)
console.log('up as ' + process.pid)
`

const folder = temporaryFolder()
let clone = ''
let both: Ended[] = []

beforeAll(async () => {
  clone = await cloneInto(folder)
  const npmStart = () => run('npm', ['start', '--', '--help'], clone)
  both = await Promise.all([npmStart(), npmStart()])
})
afterAll(() => remove(folder))

describe('npm start in a fresh clone', () => {
  test('two at once install once, the second shows that it waits, and both run', () => {
    for (const { code, stdout, stderr } of both) {
      expect(stderr).not.toMatch(/EBADENGINE|failed/)
      expect(code).toBe(0)
      expect(stdout).toContain('Usage: conclave')
    }
    const shown = both.map(({ stderr }) => stderr)
    expect(shown.filter((text) => /^conclave: Installing dependencies … \d+\.\d s$/m.test(text))).toHaveLength(1)
    expect(shown.filter((text) => /^conclave: Building … \d+\.\d s$/m.test(text))).toHaveLength(1)
    expect(shown.filter((text) => /^conclave: Waiting for another start .*process \d+/m.test(text))).toHaveLength(1)
  })

  test('a later start says nothing of its own, from any folder and through a link', async () => {
    const again = await run('npm', ['--prefix', clone, 'start', '--', '--help'], '/')
    expect(again.stderr).not.toContain('conclave:')
    expect(again.stdout).toContain('Usage: conclave')

    mkdirSync(join(folder, 'links'))
    symlinkSync('../clone/bin/conclave', join(folder, 'links/relative'))
    symlinkSync(join(folder, 'links/relative'), join(folder, 'links/twice'))
    const linked = await run(join(folder, 'links/twice'), ['--help'], '/')
    expect(linked.stderr).toBe('')
    expect(linked.stdout).toContain('Usage: conclave')
  })

  test('arguments reach the program as they were given', async () => {
    writeFileSync(join(clone, 'src/main.ts'), 'console.log(JSON.stringify(process.argv.slice(2)))\n')
    const args = ['--as', 'two words', '', "it's", '$HOME', 'a"b']
    const { stdout } = await run('npm', ['start', '--silent', '--', ...args], clone)
    expect(JSON.parse(stdout)).toEqual(args)
  })

  test('changed sources are built anew, once', async () => {
    writeFileSync(join(clone, 'src/main.ts'), "console.log('changed sources')\n")
    const changed = await run('npm', ['start'], clone)
    expect(changed.stderr).toMatch(/^conclave: Building … /m)
    expect(changed.stdout).toContain('changed sources')
    const next = await run('npm', ['start'], clone)
    expect(next.stderr).not.toContain('conclave:')
    expect(next.stdout).toContain('changed sources')
  })

  test('a removed source is noticed', async () => {
    writeFileSync(join(clone, 'src/extra.ts'), "export const extra = 'extra'\n")
    writeFileSync(join(clone, 'src/main.ts'), "import { extra } from './extra.ts'\nconsole.log(extra)\n")
    expect((await run('npm', ['start'], clone)).stdout).toContain('extra')
    remove(join(clone, 'src/extra.ts'))
    const broken = await run('npm', ['start'], clone)
    expect(broken.code).toBe(1)
    expect(broken.stderr).toMatch(/the build failed[^]*src\/main\.ts:1:.*extra\.ts/)
    // Nothing old is left to run by mistake.
    const direct = await run(join(clone, 'bin/conclave'), [], '/')
    expect(direct.code).toBe(1)
    expect(direct.stderr).toContain(`npm --prefix '${clone}' start`)
  })

  test('a lock file that changed installs again; an install by hand is taken as it is', async () => {
    writeFileSync(join(clone, 'src/main.ts'), "console.log('here')\n")
    const lockfile = join(clone, 'package-lock.json')
    const before = readFileSync(lockfile, 'utf8')
    writeFileSync(lockfile, `${before}\n`)
    const adopted = await run('node', ['scripts/setup.js', '--no-build'], clone)
    expect(adopted).toMatchObject({ code: 0, stderr: '' })

    const other = before.replace(/("node_modules\/commander": \{\s*"version": ")[^"]+/, '$10.0.0')
    expect(other).not.toBe(before)
    writeFileSync(lockfile, other)
    // No npm to be found: enough to see that it would be called.
    const bin = join(folder, 'only-node')
    mkdirSync(bin)
    symlinkSync(realpathSync(join(clone, 'node_modules/.bin/node')), join(bin, 'node'))
    const stale = await run(join(bin, 'node'), ['scripts/setup.js'], clone, { PATH: bin })
    expect(stale.code).toBe(1)
    expect(stale.stderr).toMatch(/Installing dependencies[^]*npm is missing\n {2}Install npm/)
    writeFileSync(lockfile, before)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s to npm reaches the program and leaves nothing behind',
    async (signal) => {
      writeFileSync(join(clone, 'src/main.ts'), listeningProgram)
      const npm = start('npm', ['start'], clone)
      await npm.prints('up as ')
      npm.kill(signal)
      const { stdout } = await npm.ended
      expect(stdout.split('\n').filter((line) => line.startsWith('got'))).toEqual([`got ${signal}`])
      expect(isAlive(Number(/up as (\d+)/.exec(stdout)?.[1]))).toBe(false)
    },
  )

  test('the program has the terminal to itself', async () => {
    writeFileSync(
      join(clone, 'src/main.ts'),
      `process.stdin.setRawMode(true)
       process.stdin.on('data', (bytes) => {
         console.log('key ' + bytes.toString('hex'))
         process.exit(5)
       })
       console.log([process.stdin.isTTY, process.stdout.isTTY, process.stdout.columns].join())`,
    )
    const terminal = spawnTerminal('npm', ['start'], { cwd: clone, cols: 133, rows: 40, env: plainEnvironment() })
    let screen = ''
    const ended = new Promise<void>((resolve) => terminal.onExit(() => resolve()))
    terminal.onData((text) => {
      screen += text
      // Ctrl-C in raw mode is a key, not a signal.
      if (text.includes('true,true,133')) terminal.write('\x03')
    })
    await ended
    expect(screen).toContain('key 03')
  })

  test('a terminal that hangs up takes the program with it', async () => {
    writeFileSync(join(clone, 'src/main.ts'), listeningProgram)
    const terminal = spawnTerminal('npm', ['start'], { cwd: clone, env: plainEnvironment() })
    const program = await new Promise<number>((resolve) => {
      let screen = ''
      terminal.onData((text) => {
        screen += text
        const pid = /up as (\d+)/.exec(screen)?.[1]
        if (pid) resolve(Number(pid))
      })
    })
    // Closes the terminal's other end, which the types don't mention.
    ;(terminal as unknown as { destroy(): void }).destroy()
    await expect.poll(() => isAlive(program)).toBe(false)
  })
})
