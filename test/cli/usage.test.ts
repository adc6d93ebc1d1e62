import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { conclave, done, temporaryFolder } from './in-process.ts'
import { conclave as conclaveApart } from './program.ts'

test('--version is the version of the package', async () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const { stdout, code } = await conclaveApart(['--version'], { human: true })
  expect({ stdout, code }).toEqual({ stdout: `${manifest.version}\n`, code: 0 })
})

test('--help names every command, fits 100 columns and shows examples', async () => {
  const { stdout, code } = await conclave(['--help'], { human: true })
  expect(code).toBe(0)
  for (const name of ['chat', 'signup', 'login', 'whoami', 'rooms', 'create', 'join', 'leave', 'members', 'knocks']) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  }
  for (const name of ['accept', 'reject', 'kick', 'send', 'read', 'verify']) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  }
  expect(stdout).toContain('Examples:')
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
})

test('every command explains itself', async () => {
  const { stdout } = await done(['send', '--help'], { human: true })
  expect(stdout).toContain('--queue')
})

test('a mistyped command is answered with the nearest one', async () => {
  const { code, error } = await conclave(['sned', 'demo', 'x'])
  expect(code).toBe(2)
  expect(error).toMatchObject({ error: 'usage', message: "Unknown command 'sned'" })
  expect(error.hint).toContain('Did you mean send?')
})

test.each([
  ['a missing argument', ['send', 'demo']],
  ['an argument too many', ['send', 'demo', 'two', 'words']],
  ['an unknown option', ['rooms', '--al']],
  ['a number that is none', ['read', 'demo', '--last', 'many']],
  ['a negative number', ['read', 'demo', '--last', '-1']],
  ['a choice that there is not', ['create', 'demo', '--accept-by', 'everybody']],
  ['a store that is none', ['--store', 'http://127.0.0.1', 'rooms']],
  ['options that exclude each other', ['read', 'demo', '--last', '1', '--from', '1']],
  ['an empty message', ['send', 'demo', '']],
  ['white space as a message', ['send', 'demo', ' \n ']],
  ['a message of more than 16 KiB', ['send', 'demo', 'é'.repeat(8193)]],
  ['a password file that is missing', ['--password-file', '/nonexistent/file', 'signup', 'ada']],
])('%s is a usage error with a hint', async (_what, args) => {
  const { code, stdout, error } = await conclave(args, { home: temporaryFolder() })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(error.error).toBe('usage')
  expect(error.message).not.toBe('')
})

test('without --json an error is one line and its hint', async () => {
  const { code, stdout, stderr } = await conclaveApart(['sned'], { human: true })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^conclave: Unknown command 'sned'\n {2}Did you mean send\?\n {2}\S.*\n$/)
})

test('a home without an identity says how to get one', async () => {
  for (const args of [['rooms'], ['whoami'], ['send', 'demo', 'x']]) {
    const { code, error } = await conclave(args, { home: temporaryFolder() })
    expect(code).toBe(2)
    expect(error.hint).toContain('conclave signup')
  }
})
