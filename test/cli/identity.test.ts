import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { conclave, done, password, people, temporaryFolder } from './in-process.ts'
import { done as doneApart, people as peopleApart } from './program.ts'

const fingerprint = /^(\d{4} ){5}\d{4}$/

test('signup with a password of one’s own prints name, fingerprint and recovery code', async () => {
  const home = temporaryFolder()
  const { lines } = await done(['signup', 'ada'], { home })
  expect(lines).toEqual([
    { name: 'ada', fingerprint: expect.stringMatching(fingerprint), recoveryCode: expect.stringMatching(/\S{4}/) },
  ])
})

test('signup without a password generates a passphrase and prints it once; it logs in', async () => {
  const home = temporaryFolder()
  const { passphrase } = (await done(['signup', 'ada'], { home, password: null })).first
  expect(passphrase.split(/[ -]/)).toHaveLength(6)
  const { lines: rooms } = await done(['rooms'], { home, password: passphrase })
  expect(rooms).toEqual([])
})

test('what signup says to people holds the secret, and nothing that the password was', async () => {
  const home = temporaryFolder()
  const generated = await done(['signup', 'ada'], { home, password: null, human: true })
  expect(generated.stdout).toMatch(/write it down/)
  const chosen = await done(['signup', 'bob'], { home, human: true })
  expect(chosen.stdout).toMatch(/recovery code/)
  expect(chosen.stdout + chosen.stderr).not.toContain(password)
})

test('a weak password is refused, and the name stays free', async () => {
  const home = temporaryFolder()
  const { code, error } = await conclave(['signup', 'ada'], { home, password: 'password1' })
  expect(code).toBe(2)
  expect(error.error).toBe('usage')
  expect(error.hint).not.toBe('')
  await people(home, 'ada')
})

test('a name is taken once, look-alikes and other cases included', async () => {
  const home = temporaryFolder()
  await people(home, 'alan')
  for (const name of ['alan', 'ALAN', 'a1an']) {
    const { code, error } = await conclave(['signup', name], { home })
    expect({ name, code, error: error.error }).toEqual({ name, code: 4, error: 'name-taken' })
    expect(error.hint).not.toBe('')
  }
})

test.each(['a', 'x'.repeat(33), 'a b', 'ada\u001b[2J', 'zoë'])('%j is no name', async (name) => {
  const { code, error } = await conclave(['signup', name], { home: temporaryFolder() })
  expect({ code, error: error.error }).toEqual({ code: 2, error: 'usage' })
})

test('whoami needs neither password nor store', async () => {
  const home = temporaryFolder()
  const { recoveryCode: _, ...self } = (await done(['signup', 'ada'], { home })).first
  const away = { home, password: null, store: 'etcd://127.0.0.1:1' }
  expect((await done(['whoami'], away)).lines).toEqual([self])
  expect((await done(['whoami'], { ...away, human: true })).stdout).toBe(`${self.name}  ${self.fingerprint}\n`)
})

test('the identity that was used last is the one that commands use, and --as names another', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  expect((await done(['whoami'], { home })).lines).toMatchObject([{ name: 'bob' }])
  await done(['--as', 'ada', 'rooms'], { home })
  expect((await done(['whoami'], { home })).lines).toMatchObject([{ name: 'ada' }])
  expect((await done(['whoami', '--as', 'bob'], { home, as: 'ada' })).lines).toMatchObject([{ name: 'bob' }])
})

test('whoami for a name that this home does not have', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const { code, error } = await conclave(['whoami'], { home, as: 'eve' })
  expect({ code, error: error.error }).toEqual({ code: 4, error: 'no-such-user' })
  expect(error.hint).toContain('login eve')
})

test('a wrong password ends with 6 and changes nothing; the right one still opens', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const { code, stdout, error } = await conclave(['rooms'], { home, password: `${password}x` })
  expect({ code, stdout, error: error.error }).toEqual({ code: 6, stdout: '', error: 'wrong-password' })
  expect(error.hint).not.toBe('')
  await done(['rooms'], { home })
})

test('without a password and a terminal it says where to put one', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const { code, error } = await conclave(['rooms'], { home, password: null })
  expect(code).toBe(2)
  expect(error.hint).toContain('CONCLAVE_PASSWORD')
  expect(error.hint).toContain('--password-file')
})

test('--password-file holds the password in its first line, and wins over the variable', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const file = join(home, 'password.txt')
  writeFileSync(file, `${password}\r\nsecond line\n`)
  await done(['--password-file', file, 'rooms'], { home, password: 'not this one' })
})

test('login fetches an identity from the store to another home', async () => {
  const [home, other] = [temporaryFolder(), temporaryFolder()]
  const store = `sqlite:${join(home, 'shared.db')}`
  const { recoveryCode, ...self } = (await done(['signup', 'ada'], { home, store })).first
  const generated = (await done(['signup', 'bob'], { home, store, password: null })).first

  expect((await done(['login', 'bob'], { home: other, store, password: generated.passphrase })).lines).toEqual([
    { name: 'bob', fingerprint: generated.fingerprint },
  ])
  const without = await conclave(['login', 'ada'], { home: other, store })
  expect(without.code).not.toBe(0)
  expect(without.error.hint).toContain('CONCLAVE_RECOVERY_CODE')
  const setting = { home: other, store, env: { CONCLAVE_RECOVERY_CODE: recoveryCode } }
  expect((await done(['login', 'ada'], setting)).lines).toEqual([self])
  // The code is asked for once.
  await done(['rooms'], { home: other, store, as: 'ada' })
})

test('login with a wrong password or an unknown name leaves no identity behind', async () => {
  const [home, other] = [temporaryFolder(), temporaryFolder()]
  const store = `sqlite:${join(home, 'shared.db')}`
  const { passphrase } = (await done(['signup', 'bob'], { home, store, password: null })).first
  const wrong = await conclave(['login', 'bob'], { home: other, store, password: `${passphrase}x` })
  expect({ code: wrong.code, error: wrong.error.error }).toEqual({ code: 6, error: 'wrong-password' })
  const unknown = await conclave(['login', 'eve'], { home: other, store })
  expect({ code: unknown.code, error: unknown.error.error }).toEqual({ code: 4, error: 'no-such-user' })
  expect((await conclave(['whoami'], { home: other })).code).toBe(2)
})

test('what the home keeps is its owner’s alone', async () => {
  const home = join(temporaryFolder(), 'home')
  await peopleApart(home, 'ada')
  await doneApart(['create', 'demo'], { home })
  const open = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
    (name) => (statSync(join(home, name)).mode & 0o077) !== 0,
  )
  expect(open).toEqual([])
  expect(statSync(home).mode & 0o077).toBe(0)
})

test('the password appears in no file of the home', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) {
    expect(readFileSync(join(file.parentPath, file.name)).includes(password)).toBe(false)
  }
})
