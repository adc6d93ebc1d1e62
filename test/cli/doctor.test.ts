import { chmodSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { examineRuntime } from '../../src/cli/doctor/examine.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { connect } from '../../src/index.ts'
import { conclave, done, impatient, password, people, temporaryFolder, type Result } from './in-process.ts'

interface Finding {
  readonly level: string
  readonly about: string
  readonly what: string
  readonly do: string
  readonly code?: string
}

/** What is not well; the Node of this machine is no affair of these tests. */
function wrong({ lines }: Result): Partial<Finding>[] {
  const findings = lines as unknown as readonly Finding[]
  const bad = findings.filter(({ level, about }) => level !== 'ok' && about !== 'node.js')
  for (const { what, do: todo } of bad) expect([what, todo]).not.toContain('')
  return bad.map(({ level, about, code }) => ({ level, about, ...(code === undefined ? {} : { code }) }))
}

test('doctor finds nothing wrong where nothing is, and makes nothing', async () => {
  const home = join(temporaryFolder(), 'home')
  expect(wrong(await done(['doctor'], { home, password: null }))).toEqual([])
  expect(() => readdirSync(home)).toThrow(/ENOENT/)
})

test('doctor says where everything is, and what is wrong with it, each with what to do', async () => {
  const home = temporaryFolder()
  const chat = await connect({ home, as: 'ada', password, signUp: true })
  await (
    await (await chat.create('demo')).send('hello')
  ).sent
  await chat.close()
  const well = await done(['doctor'], { home, password: null })
  expect(wrong(well)).toEqual([])
  expect(well.lines).toContainEqual(
    expect.objectContaining({
      about: 'identity',
      name: 'ada',
      fingerprint: expect.stringMatching(/^\d{4} /),
      rooms: [{ id: expect.stringMatching(/^[0-9a-f]{64}$/), records: 2 }],
      waiting: 0,
    }),
  )

  const open = join(home, 'config.json')
  writeFileSync(open, '{}')
  chmodSync(open, 0o644)
  const left = join(home, 'identities', 'x.db.0.new')
  writeFileSync(left, '', { mode: 0o600 })
  utimesSync(left, 0, 0)
  await done(['send', 'demo', 'later', '--queue'], { home, store: 'etcd://127.0.0.1:1', patience: impatient })
  const store = await SqliteStore.open(join(home, 'store.db'))
  await store.commit({ then: [{ kind: 'delete', key: utf8('vaults/ada') }] })
  await store.close()
  const human = await conclave(['doctor'], { home, human: true })
  expect(human.stdout).toContain(`✓ home          ${home}, `)
  expect(human.stdout).toMatch(/✗ files .*\n +→ chmod/)
  const ill = await conclave(['doctor'], { home })
  expect(wrong(ill)).toEqual([
    { level: 'problem', about: 'files', code: 'not-allowed' },
    { level: 'warning', about: 'leftovers' },
    { level: 'warning', about: 'identity' },
    { level: 'problem', about: 'identity', code: 'no-such-user' },
  ])
  expect(ill.code).toBe(4)
})

test('a store that is none, or does not answer, is a problem', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const file = join(home, 'precious')
  writeFileSync(file, 'Dear diary', { mode: 0o600 })
  for (const [store, code] of [
    [`sqlite:${file}`, 'not-a-store'],
    ['etcd://127.0.0.1:1', 'unavailable'],
    ['nonsense', 'usage'],
  ] as const) {
    const result = await conclave(['doctor'], { home, store, password: null, patience: impatient })
    expect(wrong(result), store).toEqual([{ level: 'problem', about: 'store', code }])
    expect(result.code).toBe(code === 'usage' ? 2 : 5)
  }
})

test.each([
  ['24.15.0', 'warning'],
  ['24.22.0', 'warning'],
  ['24.22.1', 'ok'],
  ['24.23.0', 'ok'],
  ['25.9.0', 'warning'],
  ['26.12.1', 'ok'],
  ['28.0.0', 'ok'],
])('Node %s: %s', (version, level) => {
  expect(examineRuntime(version).level).toBe(level)
})
