import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { killed, randomOf } from '../chaos/kill.ts'
import { conclave, done, password, people, temporaryFolder } from './in-process.ts'

const another = 'tundra-kiosk-pewter-19-violet'

test('passwd generates a passphrase and prints it once; from then on it alone opens, here and elsewhere', async () => {
  const [home, other] = [temporaryFolder(), temporaryFolder()]
  const store = `sqlite:${join(home, 'shared.db')}`
  const { fingerprint } = (await done(['signup', 'ada'], { home, store })).first
  await done(['create', 'demo'], { home, store })
  const { lines, first } = await done(['passwd'], { home, store })
  expect(lines).toEqual([{ name: 'ada', fingerprint, passphrase: expect.stringMatching(/^[a-z]+(-[a-z]+){5}$/) }])
  expect((await conclave(['rooms'], { home, store })).code).toBe(6)
  for (const place of [home, other]) {
    await done(['login', 'ada'], { home: place, store, password: first.passphrase })
    expect((await done(['rooms'], { home: place, store, password: first.passphrase })).lines).toMatchObject([
      { room: 'demo', joined: true },
    ])
  }
})

test('passwd to one’s own needs the right old one and a strong new one, and prints a recovery code', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const file = join(home, 'new.txt')
  writeFileSync(file, 'letmein2024\n')
  const env = { CONCLAVE_NEW_PASSWORD: another }
  const wrong = await conclave(['passwd'], { home, password: another, env })
  expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 6, stdout: '' })
  const weak = await conclave(['passwd', '--new-password-file', file], { home, env })
  expect({ code: weak.code, stdout: weak.stdout, error: weak.error.error }).toEqual({
    code: 2,
    stdout: '',
    error: 'usage',
  })
  await done(['rooms'], { home })
  const { stdout } = await done(['passwd'], { home, env, human: true })
  expect(stdout).toMatch(/([0-9A-Z]{4}-){7}[0-9A-Z]{4}/)
  expect(stdout).not.toContain(another)
  await done(['rooms'], { home, password: another })
})

test('another home of the same person says that it was changed, and takes the new one over', async () => {
  const [home, other] = [temporaryFolder(), temporaryFolder()]
  const store = `sqlite:${join(home, 'shared.db')}`
  const { passphrase } = (await done(['signup', 'ada'], { home, store, password: null })).first
  await done(['login', 'ada'], { home: other, store, password: passphrase })
  const { recoveryCode } = (await done(['passwd'], { home, store, password: passphrase, env: given(password) })).first
  const told = await done(['rooms'], { home: other, store, password: passphrase, human: true })
  expect(told.stderr).toContain('changed on another machine')
  const unsaid = await conclave(['passwd'], { home: other, store, password: passphrase })
  expect({ code: unsaid.code, error: unsaid.error.error }).toEqual({ code: 6, error: 'wrong-password' })
  expect(unsaid.error.hint).toContain('CONCLAVE_NEW_PASSWORD')
  const env = { ...given(password), CONCLAVE_RECOVERY_CODE: recoveryCode }
  await done(['passwd'], { home: other, store, password: passphrase, env })
  const later = await done(['rooms'], { home: other, store, human: true })
  expect(later.stderr).toBe('')
})

test('survives SIGKILL in the middle of passwd, 3 times: the old or the new one opens, here and elsewhere', async () => {
  const random = randomOf('passwd')
  const home = temporaryFolder()
  const store = `sqlite:${join(home, 'shared.db')}`
  let now = (await done(['signup', 'ada'], { home, store, password: null })).first.passphrase
  for (let round = 0; round < 3; round += 1) {
    const { lines } = await killed(['passwd'], { home, store, password: now }, () => 0.35 + 0.65 * random(), 500)
    const candidates = [now, ...lines.map(({ passphrase }) => passphrase)]
    const open: string[] = []
    for (const candidate of candidates) {
      if ((await conclave(['rooms'], { home, store, password: candidate })).code === 0) open.push(candidate)
    }
    expect(open, `round ${round}`).toHaveLength(1)
    now = open[0] as string
    // The home was opened: what was cut off has been brought to its end.
    await done(['login', 'ada'], { home: temporaryFolder(), store, password: now })
  }
})

test('survives SIGKILL in the middle of signing up, 4 times: no name is left that nobody can use', async () => {
  const random = randomOf('signup-generated')
  const home = temporaryFolder()
  for (let round = 0; round < 4; round += 1) {
    const name = `user${round}`
    const killing = killed(['signup', name], { home, password: null }, () => 0.35 + 0.65 * random(), 400)
    const [shown] = (await killing).lines
    const mine = shown && (await conclave(['login', name], { home, password: shown.passphrase }))
    if (mine === undefined) await done(['signup', name], { home, password: null })
    else expect(mine, `round ${round}`).toMatchObject({ code: 0, first: { fingerprint: shown?.fingerprint } })
  }
})

function given(next: string): Record<string, string> {
  return { CONCLAVE_NEW_PASSWORD: next }
}
