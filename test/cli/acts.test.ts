import { expect, test } from 'vitest'
import { conclave, done, people, room, temporaryFolder } from './in-process.ts'

const fingerprint = expect.stringMatching(/^(\d{4} ){5}\d{4}$/)
const ok = { ok: true, i: expect.any(Number) }

async function demo(): Promise<string> {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await room(home, 'demo', 'ada', 'bob')
  return home
}

async function roles(home: string): Promise<string[]> {
  return (await done(['members', 'demo'], { home, as: 'ada' })).lines.map(({ name, role }) => `${name} ${role}`)
}

test('promote and demote change who is an admin', async () => {
  const home = await demo()
  expect((await conclave(['promote', 'demo', 'bob'], { home, as: 'bob' })).code).toBe(4)
  expect((await done(['promote', 'demo', 'bob'], { home, as: 'ada' })).lines).toEqual([ok])
  expect(await roles(home)).toEqual(['ada admin', 'bob admin'])
  await done(['demote', 'demo', 'bob'], { home, as: 'ada' })
  expect(await roles(home)).toEqual(['ada admin', 'bob member'])
  const nobody = await conclave(['promote', 'demo', 'zelda'], { home, as: 'ada' })
  expect({ code: nobody.code, error: nobody.error.error }).toEqual({ code: 4, error: 'no-such-user' })
})

test('topic and policy are changes of the room that everybody reads', async () => {
  const home = await demo()
  expect((await done(['topic', 'demo', 'release on Friday'], { home, as: 'ada' })).lines).toEqual([ok])
  expect((await done(['policy', 'demo', '--accept-by', 'admins'], { home, as: 'ada' })).lines).toEqual([ok])
  const { lines } = await done(['read', 'demo', '--last', '2'], { home, as: 'bob' })
  expect(lines).toMatchObject([
    { type: 'admin', event: 'topic', by: 'ada', detail: 'release on Friday' },
    { type: 'admin', event: 'policy', by: 'ada' },
  ])
  await people(home, 'cyd')
  await conclave(['join', 'demo'], { home, as: 'cyd' })
  expect((await conclave(['accept', 'demo', 'cyd', '--trust-name'], { home, as: 'bob' })).error.error).toBe(
    'not-allowed',
  )
  expect((await done(['policy', 'demo'], { home, as: 'bob' })).lines).toEqual([
    { acceptBy: 'admins', listed: true, rotateEvery: '30d' },
  ])
  expect((await conclave(['policy', 'demo', '--listed', '--unlisted'], { home, as: 'ada' })).code).toBe(2)
})

test('how often keys are replaced is chosen at the creation of a room, and changed in a direct message', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  const rules = async (room: string, as: string) => (await done(['policy', room], { home, as })).first
  await done(['create', 'demo', '--rotate-every', '7d', '--unlisted'], { home, as: 'ada' })
  expect(await rules('demo', 'ada')).toEqual({ acceptBy: 'members', listed: false, rotateEvery: '7d' })
  expect((await conclave(['create', 'other', '--rotate-every', '0d'], { home, as: 'ada' })).code).toBe(2)
  await done(['dm', 'bob', 'Hi', '--trust-new'], { home, as: 'ada' })
  await done(['dm', 'ada', 'Hello', '--trust-new'], { home, as: 'bob' })
  expect((await done(['policy', '@bob', '--rotate-every', 'never'], { home, as: 'ada' })).lines).toEqual([ok])
  expect(await rules('@ada', 'bob')).toMatchObject({ rotateEvery: 'never' })
  const refused = await conclave(['policy', '@ada', '--rotate-every', '1d', '--listed'], { home, as: 'bob' })
  expect({ code: refused.code, error: refused.error.error }).toEqual({ code: 4, error: 'not-allowed' })
  expect(await rules('@ada', 'bob')).toMatchObject({ listed: false, rotateEvery: 'never' })
  await done(['policy', '@ada', '--rotate-every', '1d'], { home, as: 'bob' })
  const { lines } = await done(['read', '@bob', '--last', '2'], { home, as: 'ada' })
  expect(lines).toMatchObject([
    { event: 'policy', by: 'ada', detail: 'rotate never' },
    { event: 'policy', by: 'bob', detail: 'rotate 1d' },
  ])
  const shown = await done(['policy', '@bob'], { home, as: 'ada', human: true })
  expect(shown.stdout).toBe('The keys of this direct message are replaced every day.\n')
})

test('who is invited enters without being accepted; a key never seen must be confirmed', async () => {
  const home = await demo()
  const { fingerprint: his } = (await done(['signup', 'cyd'], { home })).first
  const unconfirmed = await conclave(['invite', 'demo', 'cyd'], { home, as: 'ada' })
  expect({ code: unconfirmed.code, error: unconfirmed.error.error }).toEqual({ code: 4, error: 'unconfirmed-key' })
  const other = ['--fingerprint', '0000 0000 0000 0000 0000 0000']
  expect((await conclave(['invite', 'demo', 'cyd', ...other], { home, as: 'ada' })).code).toBe(4)
  expect((await done(['invite', 'demo', 'cyd', '--fingerprint', his], { home, as: 'ada' })).lines).toEqual([ok])
  expect((await done(['members', 'demo', '--invited'], { home, as: 'ada' })).lines.at(-1)).toEqual({
    name: 'cyd',
    role: 'invited',
    fingerprint: his,
    by: 'ada',
  })
  expect((await done(['rooms'], { home, as: 'cyd' })).lines).toMatchObject([{ room: 'demo', joined: false }])
  await done(['join', 'demo'], { home, as: 'cyd' })
  expect(await roles(home)).toEqual(['ada admin', 'bob member', 'cyd member'])
})

test('dm opens one chat of two, whoever begins it', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  expect((await conclave(['dm', 'bob', 'Hi'], { home, as: 'ada' })).error.error).toBe('unconfirmed-key')
  const { lines: sent } = await done(['dm', 'bob', 'Hi', '--trust-new'], { home, as: 'ada' })
  expect(sent).toMatchObject([{ seq: 1 }])
  expect((await done(['dm', 'ada', 'Hello', '--trust-new'], { home, as: 'bob' })).lines).toMatchObject([{ seq: 2 }])
  const { id } = (await done(['dm', 'bob'], { home, as: 'ada' })).first
  expect((await done(['dm', 'ada'], { home, as: 'bob' })).first.id).toBe(id)
  const { lines } = await done(['read', id, '--from', '1'], { home, as: 'ada' })
  expect(lines.flatMap(({ from, text }) => (text === undefined ? [] : [`${from}: ${text}`]))).toEqual([
    'ada: Hi',
    'bob: Hello',
  ])
  expect((await conclave(['dm', 'bob', ''], { home, as: 'ada' })).code).toBe(2)
})

test('two people see the same safety number', async () => {
  const home = await demo()
  const numbers = new Set<string>()
  const prints = new Map<string, string>()
  for (const [as, other] of [
    ['ada', 'bob'],
    ['bob', 'ada'],
  ] as const) {
    const { first } = await done(['verify', other], { home, as })
    expect(first).toMatchObject({ name: other, fingerprint, number: expect.stringMatching(/^(\d{5} ){11}\d{5}$/) })
    numbers.add(first.number)
    prints.set(other, first.fingerprint)
  }
  expect(numbers.size).toBe(1)
  expect((await conclave(['verify', 'zelda'], { home, as: 'ada' })).error.error).toBe('no-such-user')
  const compared = ['--fingerprint', prints.get('bob') ?? '']
  const confirmed = await done(['verify', '@bob', ...compared], { home, as: 'ada' })
  expect(confirmed.first).toMatchObject({ name: 'bob', confirmed: true })
})

test('after rekey one still reads and sends, under another fingerprint', async () => {
  const home = await demo()
  await done(['send', 'demo', 'before'], { home, as: 'bob' })
  const before = (await done(['whoami'], { home, as: 'bob' })).first
  const { first } = await done(['rekey'], { home, as: 'bob' })
  expect(first).toMatchObject({ name: 'bob', rooms: 1, fingerprint })
  expect(first.fingerprint).not.toBe(before.fingerprint)
  expect((await done(['whoami'], { home, as: 'bob' })).first.fingerprint).toBe(first.fingerprint)
  await done(['send', 'demo', 'after'], { home, as: 'bob' })
  const { lines } = await done(['read', 'demo', '--from', '1'], { home, as: 'ada' })
  expect(lines.flatMap(({ text }) => text ?? [])).toEqual(['before', 'after'])
})

test('accept of a key never seen here takes the fingerprint that knocks shows, or says that the name is enough', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob', 'cyd')
  await done(['create', 'demo'], { home, as: 'ada' })
  for (const as of ['bob', 'cyd']) expect((await conclave(['join', 'demo'], { home, as })).code).toBe(3)
  const refused = await conclave(['accept', 'demo', 'bob'], { home, as: 'ada' })
  const [bob] = (await done(['knocks', 'demo'], { home, as: 'ada' })).lines
  expect({ code: refused.code, error: refused.error.error }).toEqual({ code: 4, error: 'unconfirmed-key' })
  expect(refused.error.hint).toContain(bob?.fingerprint)
  const wrong = await conclave(['accept', 'demo', 'cyd', '--fingerprint', bob?.fingerprint ?? ''], { home, as: 'ada' })
  expect({ code: wrong.code, error: wrong.error.error }).toEqual({ code: 4, error: 'unconfirmed-key' })
  expect(wrong.error.message).toContain('NOT')
  await done(['accept', 'demo', 'bob', '--fingerprint', bob?.fingerprint ?? ''], { home, as: 'ada' })
  await done(['accept', 'demo', 'cyd', '--trust-name'], { home, as: 'ada' })
})
