import { cpSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { conclave, done, impatient, people, temporaryFolder } from './in-process.ts'

const input = Array.from({ length: 200 }, (_, k) => `${k} ${'word '.repeat(200)}\n`).join('')

test('forget drops the copy; the room is fetched anew, and a store that was turned back meanwhile is noticed', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await done(['create', 'demo'], { home })
  await done(['send', 'demo', 'early'], { home })
  const earlier = join(home, 'earlier')
  cpSync(join(home, 'store.db'), earlier)
  await done(['send', 'demo', '-'], { home, input })
  const read = await done(['read', 'demo'], { home })
  const copy = join(home, 'identities', 'ada.db')
  const full = statSync(copy).size

  const unasked = await conclave(['forget', 'demo'], { home })
  expect({ code: unasked.code, error: unasked.error.error }).toEqual({ code: 2, error: 'usage' })
  expect((await done(['forget', 'demo', '--yes'], { home })).lines).toMatchObject([{ ok: true, room: 'demo' }])
  expect(statSync(copy).size).toBeLessThan(full / 2)
  expect((await done(['read', 'demo'], { home })).stdout).toBe(read.stdout)
  expect((await done(['rooms'], { home })).lines).toMatchObject([{ room: 'demo', unread: 0 }])

  await done(['forget', 'demo', '--yes'], { home })
  for (const end of ['', '-wal', '-shm', '-bell']) rmSync(join(home, `store.db${end}`), { force: true })
  cpSync(earlier, join(home, 'store.db'))
  const verified = await conclave(['verify', 'demo'], { home })
  expect({ code: verified.code, error: verified.error.error }).toEqual({ code: 7, error: 'tampering' })
  expect((await conclave(['topic', 'demo', 'written behind a hole'], { home })).code).toBe(7)
})

test('while a message waits to be sent, the copy stays', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await done(['create', 'demo'], { home })
  const away = { home, store: 'etcd://127.0.0.1:1', patience: impatient }
  await done(['send', 'demo', 'kept', '--queue'], away)
  const refused = await conclave(['forget', 'demo', '--yes'], away)
  expect({ code: refused.code, error: refused.error.error }).toEqual({ code: 4, error: 'not-allowed' })
  await done(['send', 'demo', 'next'], { home })
  expect((await done(['read', 'demo', '--from', '1'], { home })).lines).toMatchObject([
    { text: 'kept' },
    { text: 'next' },
  ])
})
