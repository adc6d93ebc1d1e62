import { once } from 'node:events'
import { expect, test } from 'vitest'
import { conclave, done, people, room, start, temporaryFolder } from './in-process.ts'
import { done as doneApart, spawnConclave, start as startApart } from './program.ts'

const messageId = expect.stringMatching(/^[0-9a-f]{32}$/)
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

/** A home with a room `demo` of ada's, and bob in it. */
async function demo(): Promise<string> {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await room(home, 'demo', 'ada', 'bob')
  return home
}

test('what one sends the other reads', async () => {
  const home = await demo()
  const { lines: sent, first } = await done(['send', 'demo', 'Hello, Böb! 👋'], { home, as: 'ada' })
  expect(sent).toEqual([{ seq: 1, id: messageId }])
  const { lines } = await done(['read', 'demo'], { home, as: 'bob' })
  const members = (await done(['members', 'demo'], { home, as: 'bob' })).lines
  const [fingerprint, targetFingerprint] = members.map((member) => member.fingerprint)
  const byFingerprint = fingerprint
  expect(lines).toEqual([
    { i: 0, at: instant, type: 'admin', event: 'create', by: 'ada', byFingerprint, detail: 'demo' },
    { i: 1, at: instant, type: 'admin', event: 'accept', by: 'ada', byFingerprint, target: 'bob', targetFingerprint },
    { i: 2, seq: 1, id: first.id, at: instant, from: 'ada', fingerprint, type: 'text', text: 'Hello, Böb! 👋' },
  ])
})

test('a text that begins with a dash goes behind --', async () => {
  const home = await demo()
  const { code, error } = await conclave(['send', 'demo', '--quene'], { home, as: 'ada' })
  expect(code).toBe(2)
  expect(error.hint).toContain('--queue')
  await done(['send', 'demo', '--', '-5 degrees'], { home, as: 'ada' })
  expect((await done(['read', 'demo', '--last', '1'], { home, as: 'bob' })).lines).toMatchObject([
    { text: '-5 degrees' },
  ])
})

test('for people: time, name and text, with nothing that a terminal acts on', async () => {
  const home = await demo()
  await done(['send', 'demo', 'a\u001b]0;title\u0007\u001b[2J\u202eb\r\nsecond'], { home, as: 'ada' })
  const { stdout } = await done(['read', 'demo', '--last', '1'], { home, as: 'bob', human: true })
  expect(stdout).toMatch(/^\d\d:\d\d +ada │ a/m)
  expect(stdout).toMatch(/^ +│ second$/m)
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
})

test('--last and --from show a part', async () => {
  const home = await demo()
  await done(['send', 'demo', '-'], { home, as: 'ada', input: 'one\ntwo\nthree\nfour\n' })
  const texts = async (...args: string[]): Promise<unknown[]> =>
    (await done(['read', 'demo', ...args], { home, as: 'bob' })).lines.map(({ text, event }) => text ?? event)
  expect(await texts('--last', '2')).toEqual(['three', 'four'])
  expect(await texts('--last', '5')).toEqual(['accept', 'one', 'two', 'three', 'four'])
  expect(await texts('--last', '100')).toEqual(['create', 'accept', 'one', 'two', 'three', 'four'])
  expect(await texts('--last', '0')).toEqual([])
  expect(await texts('--from', '3')).toEqual(['three', 'four'])
  expect(await texts('--from', '5')).toEqual([])
})

test('lines of stdin are messages in their order, without blank ones, and the results come in theirs', async () => {
  const home = await demo()
  const count = 2000
  const texts = Array.from({ length: count }, (_, n) => `message ${n}`)
  const input = texts.map((text) => `${text}\n\n`).join('')
  const { lines } = await doneApart(['send', 'demo', '-'], { home, as: 'ada', input })
  expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, n) => n + 1))
  const { lines: read } = await done(['read', 'demo', '--from', '1'], { home, as: 'bob' })
  expect(read.map(({ text }) => text)).toEqual(texts)
  expect(read.map(({ id }) => id)).toEqual(lines.map(({ id }) => id))
})

test('a line is sent when it comes, not when the input ends', async () => {
  const home = await demo()
  const sending = startApart(['send', 'demo', '-'], { home, as: 'ada' })
  for (const n of [1, 2, 3]) {
    sending.child.stdin.write(`line ${n}\n`)
    expect(await sending.next()).toMatchObject({ seq: n })
  }
  sending.child.stdin.end()
  expect((await sending.end()).code).toBe(0)
})

test('no lines are no messages', async () => {
  const home = await demo()
  expect((await done(['send', 'demo', '-'], { home, as: 'ada', input: '' })).lines).toEqual([])
})

test('a line that is too long ends with 2 and its number, after those before it were sent', async () => {
  const home = await demo()
  const input = `one\ntwo\n${'x'.repeat(16_385)}\nfour\n`
  const { code, lines, error } = await conclave(['send', 'demo', '-'], { home, as: 'ada', input })
  expect(code).toBe(2)
  expect(error).toMatchObject({ error: 'usage', message: expect.stringContaining('line 3') })
  expect(lines).toMatchObject([{ seq: 1 }, { seq: 2 }])
  const { lines: read } = await done(['read', 'demo', '--from', '1'], { home, as: 'bob' })
  expect(read.map(({ text }) => text)).toEqual(['one', 'two'])
})

test('a message of just the length that is allowed arrives whole', async () => {
  const home = await demo()
  const text = 'é'.repeat(8192)
  await done(['send', 'demo', text], { home, as: 'ada' })
  expect((await done(['read', 'demo', '--last', '1'], { home, as: 'bob' })).lines).toMatchObject([{ text }])
})

test('two who send at once both arrive whole, each in his order', async () => {
  const home = await demo()
  const count = 300
  const input = (as: string): string => Array.from({ length: count }, (_, n) => `${as} ${n}\n`).join('')
  const outcomes = await Promise.all(
    ['ada', 'bob'].map((as) => done(['send', 'demo', '-'], { home, as, input: input(as) })),
  )
  const seqs = outcomes.flatMap(({ lines }) => lines.map(({ seq }) => seq))
  expect(new Set(seqs).size).toBe(2 * count)
  const { lines } = await done(['read', 'demo', '--from', '1'], { home, as: 'ada' })
  expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 2 * count }, (_, n) => n + 1))
  for (const as of ['ada', 'bob']) {
    const own = lines.filter(({ from }) => from === as).map(({ text }) => text)
    expect(own).toEqual(input(as).trimEnd().split('\n'))
  }
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  'follow shows what was and what comes, and %s ends it with 0',
  async (signal) => {
    const home = await demo()
    await done(['send', 'demo', 'before'], { home, as: 'ada' })
    const following = startApart(['read', 'demo', '--follow'], { home, as: 'bob' })
    expect(await following.next()).toMatchObject({ event: 'create' })
    expect(await following.next()).toMatchObject({ event: 'accept' })
    expect(await following.next()).toMatchObject({ text: 'before' })
    await done(['send', 'demo', 'after'], { home, as: 'ada' })
    expect(await following.next()).toMatchObject({ seq: 2, text: 'after' })
    const { code, stderr, lines } = await following.end(signal)
    expect({ code, stderr, count: lines.length }).toEqual({ code: 0, stderr: '', count: 4 })
  },
)

test('follow from a place repeats nothing and leaves nothing out', async () => {
  const home = await demo()
  await done(['send', 'demo', '-'], { home, as: 'ada', input: 'one\ntwo\nthree\n' })
  const last = start(['read', 'demo', '--last', '1', '--follow'], { home, as: 'bob' })
  const none = start(['read', 'demo', '--last', '0', '--follow'], { home, as: 'ada' })
  expect(await last.next()).toMatchObject({ text: 'three' })
  await done(['send', 'demo', '-'], { home, as: 'bob', input: 'four\nfive\n' })
  expect(await last.next()).toMatchObject({ text: 'four' })
  expect(await last.next()).toMatchObject({ text: 'five' })
  await last.end('SIGINT')
  await done(['send', 'demo', 'six'], { home, as: 'ada' })
  // It may have begun before or after those two, but it never shows what was there before it began.
  const first = await none.next()
  expect(['four', 'six']).toContain(first.text)
  await none.end('SIGINT')
})

test('who is kicked while he follows is told by whom, with 4', async () => {
  const home = await demo()
  const following = start(['read', 'demo', '--follow'], { home, as: 'bob' })
  await following.find(({ event }) => event === 'accept')
  await done(['kick', 'demo', 'bob'], { home, as: 'ada' })
  const { code, lines, error } = await following.end()
  expect({ code, error: error.error }).toEqual({ code: 4, error: 'kicked' })
  expect(error.message).toContain('ada')
  expect(lines.at(-1)).toMatchObject({ type: 'admin', event: 'kick', by: 'ada', target: 'bob' })
})

test('what a kicked member had he still reads, with the kick and 4, and nothing later', async () => {
  const home = await demo()
  await done(['send', 'demo', 'before'], { home, as: 'ada' })
  await done(['read', 'demo'], { home, as: 'bob' })
  await done(['kick', 'demo', 'bob'], { home, as: 'ada' })
  await done(['send', 'demo', 'after'], { home, as: 'ada' })
  const { code, lines, stdout } = await conclave(['read', 'demo'], { home, as: 'bob' })
  expect(code).toBe(4)
  expect(lines.map(({ text, event }) => text ?? event)).toEqual(['create', 'accept', 'before', 'kick'])
  expect(stdout).not.toContain('after')
})

test('a reader that goes away is no error', async () => {
  const home = await demo()
  const input = Array.from({ length: 3000 }, (_, n) => `${n} ${'x'.repeat(100)}\n`).join('')
  await done(['send', 'demo', '-'], { home, as: 'ada', input })
  const child = spawnConclave(['read', 'demo'], { home, as: 'bob' })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.end()
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = (await once(child, 'close')) as [number | null]
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})
