import { expect, test } from 'vitest'
import { conclave, done, people, room, start, temporaryFolder } from './in-process.ts'

const fingerprint = expect.stringMatching(/^(\d{4} ){5}\d{4}$/)
const id = expect.stringMatching(/^[0-9a-f]{64}$/)
const ok = { ok: true, i: expect.any(Number) }

test('create makes a room, and rooms lists it', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  expect((await done(['create', 'demo'], { home, as: 'ada' })).lines).toEqual([{ ok: true, room: 'demo', id }])
  expect((await done(['rooms'], { home, as: 'ada' })).lines).toMatchObject([
    { room: 'demo', id, joined: true, unread: 0, members: 1 },
  ])
  expect((await done(['rooms'], { home, as: 'bob' })).lines).toMatchObject([{ room: 'demo', joined: false }])
  expect((await done(['rooms'], { home, as: 'bob', human: true })).stdout).toMatch(/^demo +not joined/)
})

test('an unlisted room is not listed to others', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['create', 'den', '--unlisted'], { home, as: 'ada' })
  expect((await done(['rooms'], { home, as: 'ada' })).lines).toMatchObject([{ room: 'den', joined: true }])
  expect((await done(['rooms'], { home, as: 'bob' })).lines).toEqual([])
})

test('a room’s name is taken once', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await done(['create', 'demo'], { home })
  const { code, error } = await conclave(['create', 'Demo'], { home })
  expect({ code, error: error.error }).toEqual({ code: 4, error: 'name-taken' })
})

test('join knocks and exits 3; accepted, the same command lets in', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['create', 'demo'], { home, as: 'ada' })
  const first = await conclave(['join', 'demo'], { home, as: 'bob' })
  expect({ code: first.code, error: first.error.error }).toEqual({ code: 3, error: 'timeout' })
  expect(first.lines).toEqual([{ room: 'demo', id, state: 'waiting' }])
  expect(first.error.hint).toContain('!bob')
  // Knocking again is one knock.
  expect((await conclave(['join', 'demo'], { home, as: 'bob' })).code).toBe(3)
  expect((await done(['knocks', 'demo'], { home, as: 'ada' })).lines).toEqual([
    { name: 'bob', fingerprint, at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[0-9:.]+Z$/) },
  ])
  expect((await done(['accept', 'demo', 'bob', '--trust-name'], { home, as: 'ada' })).lines).toEqual([ok])
  expect((await done(['knocks', 'demo'], { home, as: 'ada' })).lines).toEqual([])
  for (let again = 0; again < 2; again += 1) {
    expect((await done(['join', 'demo'], { home, as: 'bob' })).lines).toMatchObject([
      { ok: true, room: 'demo', id, admins: [{ name: 'ada', fingerprint }] },
    ])
  }
  expect((await done(['members', 'demo'], { home, as: 'bob' })).lines).toEqual([
    { name: 'ada', role: 'admin', fingerprint, lastHeard: expect.stringMatching(/^\d{4}-.*Z$/) },
    // They have asked to join, and written nothing inside.
    { name: 'bob', role: 'member', fingerprint, lastHeard: null },
  ])
})

test('join --wait returns once somebody accepts', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['create', 'demo'], { home, as: 'ada' })
  const waiting = start(['join', 'demo', '--wait', '60'], { home, as: 'bob' })
  await untilKnock(home)
  await done(['accept', 'demo', 'bob', '--trust-name'], { home, as: 'ada' })
  expect(await waiting.next()).toMatchObject({ ok: true, room: 'demo' })
  expect((await waiting.end()).code).toBe(0)
})

test('join --wait gives up after its time, and the knock stands', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['create', 'demo'], { home, as: 'ada' })
  expect((await conclave(['join', 'demo', '--wait', '1'], { home, as: 'bob' })).code).toBe(3)
  expect((await done(['knocks', 'demo'], { home, as: 'ada' })).lines).toMatchObject([{ name: 'bob' }])
})

test('who is rejected is told so', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['create', 'demo'], { home, as: 'ada' })
  const waiting = start(['join', 'demo', '--wait', '60'], { home, as: 'bob' })
  await untilKnock(home)
  expect((await done(['reject', 'demo', 'bob'], { home, as: 'ada' })).lines).toEqual([ok])
  const { code, error } = await waiting.end()
  expect({ code, error: error.error }).toEqual({ code: 4, error: 'rejected' })
})

test('accept with another fingerprint than the knock’s is refused', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['create', 'demo'], { home, as: 'ada' })
  await conclave(['join', 'demo'], { home, as: 'bob' })
  const other = '0000 0000 0000 0000 0000 0000'
  expect((await conclave(['accept', 'demo', 'bob', '--fingerprint', other], { home, as: 'ada' })).code).toBe(4)
  const knock = (await done(['knocks', 'demo'], { home, as: 'ada' })).first
  await done(['accept', 'demo', 'bob', '--fingerprint', knock.fingerprint], { home, as: 'ada' })
})

test('accepting somebody who did not knock is refused', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['create', 'demo'], { home, as: 'ada' })
  const { code, error } = await conclave(['accept', 'demo', 'bob', '--trust-name'], { home, as: 'ada' })
  expect(code).toBe(4)
  expect(error.hint).not.toBe('')
})

test('in a room where admins accept, a member does not', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob', 'cyd')
  await done(['create', 'demo', '--accept-by', 'admins'], { home, as: 'ada' })
  await conclave(['join', 'demo'], { home, as: 'bob' })
  await done(['accept', 'demo', 'bob', '--trust-name'], { home, as: 'ada' })
  await conclave(['join', 'demo'], { home, as: 'cyd' })
  const { code, error } = await conclave(['accept', 'demo', 'cyd', '--trust-name'], { home, as: 'bob' })
  expect({ code, error: error.error }).toEqual({ code: 4, error: 'not-allowed' })
  await done(['accept', 'demo', 'cyd', '--trust-name'], { home, as: 'ada' })
})

test('kick removes a member; only admins may', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await room(home, 'demo', 'ada', 'bob')
  const refused = await conclave(['kick', 'demo', 'ada'], { home, as: 'bob' })
  expect({ code: refused.code, error: refused.error.error }).toEqual({ code: 4, error: 'not-allowed' })
  expect((await done(['kick', 'demo', 'bob'], { home, as: 'ada' })).lines).toEqual([ok])
  expect((await done(['members', 'demo'], { home, as: 'ada' })).lines).toMatchObject([{ name: 'ada' }])
  const sent = await conclave(['send', 'demo', 'still here?'], { home, as: 'bob' })
  expect({ code: sent.code, error: sent.error.error }).toEqual({ code: 4, error: 'kicked' })
})

test('leave ends the membership', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await room(home, 'demo', 'ada', 'bob')
  expect((await done(['leave', 'demo'], { home, as: 'bob' })).lines).toEqual([ok])
  expect((await done(['members', 'demo'], { home, as: 'ada' })).lines).toMatchObject([{ name: 'ada' }])
  expect((await done(['rooms'], { home, as: 'bob' })).lines).toMatchObject([{ room: 'demo', joined: false }])
})

test('a room that there is not is nobody’s', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  for (const command of ['join', 'read', 'members', 'knocks', 'leave']) {
    const { code, stdout, error } = await conclave([command, 'nowhere'], { home })
    const outcome = { command, code, stdout, error: error.error }
    expect(outcome).toEqual({ command, code: 4, stdout: '', error: 'no-such-room' })
    expect(error.hint).not.toBe('')
  }
  expect((await conclave(['send', 'nowhere', 'x'], { home })).error.error).toBe('no-such-room')
})

test('a stranger is refused, whatever he tries, and told how to join', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['create', 'demo'], { home, as: 'ada' })
  for (const args of [
    ['send', 'demo', 'x'],
    ['read', 'demo'],
    ['members', 'demo'],
    ['accept', 'demo', 'bob', '--trust-name'],
    ['kick', 'demo', 'ada'],
    ['verify', 'demo'],
  ]) {
    const { code, stdout, error } = await conclave(args, { home, as: 'bob' })
    const outcome = { args, code, stdout, error: error.error }
    expect(outcome).toEqual({ args, code: 4, stdout: '', error: 'not-member' })
    expect(error.hint).toContain('conclave join demo')
  }
})

test('verify says that all is well', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await room(home, 'demo', 'ada', 'bob')
  await done(['send', 'demo', 'x'], { home, as: 'bob' })
  const heads = new Set<string>()
  for (const as of ['ada', 'bob']) {
    const { lines, first } = await done(['verify', 'demo'], { home, as })
    expect(lines).toMatchObject([{ ok: true, records: 3, messages: 1, controls: 2, voids: [], damage: [] }])
    heads.add(first.head)
  }
  expect(heads.size).toBe(1)
})

test('verify compares the head that someone else reads out', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await room(home, 'demo', 'ada')
  const { first } = await done(['verify', 'demo'], { home })
  const head = `${first.records} ${first.headPhrase}`
  const compare = async (typed: string) => {
    const { code, lines } = await conclave(['verify', 'demo', '--head', typed], { home })
    return { code, ok: lines[0]?.ok, compared: lines[0]?.comparedHead }
  }
  expect(await compare(head)).toEqual({ code: 0, ok: true, compared: 'same' })
  await done(['send', 'demo', 'x'], { home })
  expect(await compare(head)).toEqual({ code: 0, ok: true, compared: 'past' })
  expect(await compare('1 zoo zoo zoo zoo zoo zoo')).toEqual({ code: 7, ok: false, compared: 'other-branch' })
  expect(await compare('zoo zoo zoo zoo zoo zoo')).toEqual({ code: 3, ok: true, compared: 'unknown' })
  const { stdout } = await done(['verify', 'demo'], { home, human: true })
  expect(stdout).toMatch(/^Last heard from ada: just now$/m)
  expect(stdout).toMatch(/^head phrase, the same for all who have as many records: 2(?: [a-z]+){6}$/m)
})

async function untilKnock(home: string): Promise<void> {
  for (;;) {
    const { lines } = await done(['knocks', 'demo'], { home, as: 'ada' })
    if (lines.length > 0) return
  }
}
