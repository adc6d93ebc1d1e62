import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { conclave, done, impatient, password, people, temporaryFolder } from './in-process.ts'

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

test.each([
  ['a text', (file: string) => writeFileSync(file, 'Dear diary,\n'.repeat(1000))],
  ['somebody else’s database', (file: string) => otherDatabase(file)],
])('%s is no store: it is refused and not touched', async (_what, make) => {
  const home = temporaryFolder()
  const file = join(home, 'precious')
  make(file)
  const before = hash(file)
  for (const args of [
    ['signup', 'ada'],
    ['login', 'ada'],
  ]) {
    const { code, error } = await conclave(args, { home, store: `sqlite:${file}` })
    expect({ code, error: error.error }).toEqual({ code: 5, error: 'not-a-store' })
    expect(error.hint).not.toBe('')
  }
  expect(hash(file)).toBe(before)
})

test('a folder is no store either', async () => {
  const home = temporaryFolder()
  const folder = join(home, 'folder')
  mkdirSync(folder)
  expect((await conclave(['signup', 'ada'], { home, store: `sqlite:${folder}` })).code).toBe(5)
})

test('a store that does not answer ends with 5 for whoever has no identity yet', async () => {
  const { code, error } = await conclave(['signup', 'ada'], await silent(temporaryFolder()))
  expect({ code, error: error.error }).toEqual({ code: 5, error: 'unavailable' })
  expect(error.hint).not.toBe('')
})

test('with --queue a message that can’t be sent yet is kept, without it nothing is', async () => {
  const home = temporaryFolder()
  const store = `sqlite:${join(home, 'shared.db')}`
  await done(['signup', 'ada'], { home, store })
  await done(['create', 'demo'], { home, store })
  const away = await silent(home)
  const refused = await conclave(['send', 'demo', 'lost'], away)
  expect({ code: refused.code, stdout: refused.stdout, error: refused.error.error }).toEqual({
    code: 5,
    stdout: '',
    error: 'unavailable',
  })
  expect(refused.error.hint).toContain('--queue')
  const queued = await done(['send', 'demo', 'kept', '--queue'], away)
  expect(queued.lines).toEqual([{ queued: true, id: expect.stringMatching(/^[0-9a-f]{32}$/) }])
  // The store is back: the next command that sends takes the message along.
  await done(['send', 'demo', 'next'], { home, store })
  const { lines, first } = await done(['read', 'demo', '--from', '1'], { home, store })
  expect(lines.map(({ text }) => text)).toEqual(['kept', 'next'])
  expect(first.id).toBe(queued.first.id)
})

test('read without the store shows what this machine holds, and says so with 5', async () => {
  const home = temporaryFolder()
  const store = `sqlite:${join(home, 'shared.db')}`
  await done(['signup', 'ada'], { home, store })
  await done(['create', 'demo'], { home, store })
  await done(['send', 'demo', 'mine'], { home, store })
  await done(['read', 'demo'], { home, store })
  const { code, lines, error } = await conclave(['read', 'demo', '--from', '1'], await silent(home))
  expect({ code, error: error.error }).toEqual({ code: 5, error: 'unavailable' })
  expect(lines).toMatchObject([{ text: 'mine' }])
})

test('CONCLAVE_LOG gets lines of JSON that tell no text and no password', async () => {
  const home = temporaryFolder()
  const log = join(home, 'conclave.log')
  const env = { CONCLAVE_LOG: log }
  await done(['signup', 'ada'], { home, env })
  await done(['create', 'demo'], { home, env })
  // A store that does not answer is worth a line.
  await conclave(['send', 'demo', 'confidential', '--queue'], { ...(await silent(home)), env })
  const written = readFileSync(log, 'utf8')
  const events = written
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string })
  expect(events.every(({ event }) => event !== '')).toBe(true)
  expect(written).not.toContain('confidential')
  expect(written).not.toContain(password)
  expect(statSync(log).mode & 0o077).toBe(0)
})

test('config.json of a home names its store', async () => {
  const home = temporaryFolder()
  const elsewhere = temporaryFolder()
  const store = `sqlite:${join(elsewhere, 'shared.db')}`
  writeFileSync(join(home, 'config.json'), JSON.stringify({ store }))
  await people(home, 'ada')
  const other = await conclave(['signup', 'ada'], { home: temporaryFolder(), store })
  expect(other.code).toBe(4)
  for (const wrong of [
    { stroe: 1 },
    { notify: { level: 'loud' } },
    { notify: { rooms: { demo: 'none' } } },
    { notify: { volume: 11 } },
    { rooms: { demo: { number: 1 } } },
    { rooms: { ['a'.repeat(64)]: { number: 0 } } },
  ]) {
    writeFileSync(join(home, 'config.json'), JSON.stringify(wrong))
    const { code, error } = await conclave(['rooms'], { home })
    expect(code).toBe(2)
    expect(error.message).toContain('config.json')
  }
})

function otherDatabase(file: string): void {
  const database = new DatabaseSync(file)
  database.exec("create table entries (key text, value text); insert into entries values ('a', 'b')")
  database.close()
}

/** A home whose store accepts connections and never says a word. */
async function silent(home: string) {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const store = `etcd://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { home, store, patience: impatient }
}
