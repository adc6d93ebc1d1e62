import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runAgent } from '../../src/cli/agent/agent.ts'
import { keyOfAgent, lockAgent, statusOfAgent } from '../../src/cli/agent/ask-agent.ts'
import { agentFolder, agentSocket, draftSocket } from '../../src/cli/agent/socket.ts'
import { examineAgents } from '../../src/cli/doctor/examine.ts'
import { version } from '../../src/cli/session/options.ts'

function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'conclave-agent-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** Ends with the test. Resolves once it answers. */
async function agent(home: string, { lifeMs = 60_000, fill = 7 } = {}) {
  const stop = new AbortController()
  const order = { home, name: 'ada', key: new Uint8Array(32).fill(fill), until: Date.now() + lifeMs }
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  const ended = runAgent(order, stop.signal, resolve, 50)
  onTestFinished(() => {
    stop.abort()
    return ended.catch(() => {})
  })
  await Promise.race([ready, ended])
  return { order, stop, ended }
}

/** In the place of an agent, something that says `answer` to everybody. */
async function impostor(home: string, answer: string): Promise<void> {
  mkdirSync(agentFolder(home), { mode: 0o700 })
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.end(answer)
  })
  server.listen(agentSocket(home, 'ada'))
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  chmodSync(agentSocket(home, 'ada'), 0o600)
}

const wiped = new Uint8Array(32)

test('an agent ends by itself when its time is over, and wipes the key', async () => {
  const home = temporaryHome()
  const { order, ended } = await agent(home, { lifeMs: 400 })
  await ended
  expect(existsSync(agentSocket(home, 'ada'))).toBe(false)
  expect(await keyOfAgent(home, 'ada')).toEqual({ kind: 'none' })
  expect(order.key).toEqual(wiped)
})

test('it gives the key to whoever asks for it, its state to whoever asks for that, and ends when told', async () => {
  const home = temporaryHome()
  const { order, ended } = await agent(home)
  const told = { kind: 'unlocked', name: 'ada', until: order.until, version }
  expect(await keyOfAgent(home, 'ada')).toEqual({ ...told, key: new Uint8Array(32).fill(7) })
  expect(await statusOfAgent(home, 'ada')).toEqual({ ...told, key: new Uint8Array(0) })
  expect(await keyOfAgent(home, 'bob')).toEqual({ kind: 'none' })
  expect(await lockAgent(home, 'ada')).toBe('unlocked')
  await ended
  expect(order.key).toEqual(wiped)
  expect(await lockAgent(home, 'ada')).toBe('none')
})

test('one whose place another has taken ends, and leaves the other alone', async () => {
  const home = temporaryHome()
  const one = await agent(home)
  await agent(home, { fill: 9 })
  await one.ended
  expect(await keyOfAgent(home, 'ada')).toMatchObject({ kind: 'unlocked', key: new Uint8Array(32).fill(9) })
})

const give = (path: string): void => chownSync(path, 12_345, 12_345)
const exposures: readonly (readonly [string, (home: string) => void])[] = [
  // Only the superuser can give a file away.
  ...(process.getuid?.() === 0
    ? ([
        ['its socket is another user’s', (home: string) => give(agentSocket(home, 'ada'))],
        ['its folder is another user’s', (home: string) => give(agentFolder(home))],
      ] as const)
    : []),
  ['its socket is open to others', (home) => chmodSync(agentSocket(home, 'ada'), 0o666)],
  ['its folder is open to others', (home) => chmodSync(agentFolder(home), 0o755)],
  [
    'its folder is behind a link',
    (home) => {
      renameSync(agentFolder(home), join(home, 'elsewhere'))
      symlinkSync(join(home, 'elsewhere'), agentFolder(home))
    },
  ],
]
test('an agent that others could reach is not asked, is ended by lock, and ends by itself', async () => {
  const outcomes = exposures.map(async ([which, expose]) => {
    const locked = temporaryHome()
    const one = await agent(locked)
    expose(locked)
    expect(await keyOfAgent(locked, 'ada'), which).toEqual({ kind: 'exposed' })
    expect(await lockAgent(locked, 'ada'), which).toBe('unlocked')
    await one.ended
    const left = temporaryHome()
    const other = await agent(left)
    expose(left)
    await other.ended
    expect(other.order.key, which).toEqual(wiped)
  })
  await Promise.all(outcomes)
})

test('a folder that others could open is closed before a key is behind it; what is no folder is refused', async () => {
  const home = temporaryHome()
  mkdirSync(agentFolder(home), { mode: 0o755 })
  chmodSync(agentFolder(home), 0o755)
  await agent(home)
  expect(statSync(agentFolder(home)).mode & 0o777).toBe(0o700)
  const linked = temporaryHome()
  mkdirSync(join(linked, 'elsewhere'))
  symlinkSync(join(linked, 'elsewhere'), agentFolder(linked))
  await expect(agent(linked)).rejects.toThrow(expect.objectContaining({ code: 'not-allowed' }))
})

test('an agent of another version is told from one that works, and from nonsense; all of them are ended by lock', async () => {
  const cases = [
    ['{"form":2,"secret":"elsewhere"}\n', 'other'],
    ['{"form":1,"version":"1.0.0","name":"bob","until":1}\n', 'silent'],
    [`{"form":1,"version":"1.0.0","name":"ada","until":1}\n${'k'.repeat(31)}`, 'silent'],
    ['x'.repeat(100_000), 'silent'],
    ['', 'silent'],
  ] as const
  const outcomes = cases.map(async ([answer, kind]) => {
    const home = temporaryHome()
    await impostor(home, answer)
    expect(await keyOfAgent(home, 'ada'), answer.slice(0, 80)).toEqual({ kind })
    await lockAgent(home, 'ada', 100)
    expect(existsSync(agentSocket(home, 'ada'))).toBe(false)
  })
  await Promise.all(outcomes)
})

test('doctor tells who is unlocked and what is wrong with that', async () => {
  const about = async (home: string) => (await examineAgents(home)).map(({ level, what, todo }) => [level, what, todo])
  const home = temporaryHome()
  expect(await about(home)).toEqual([])
  const { order } = await agent(home)
  const until = new Date(order.until).toISOString().slice(0, 16).replace('T', ' ')
  const unlocked = `ada is unlocked until ${until} UTC; conclave lock ends it`
  expect(await about(home)).toEqual([['ok', unlocked, '']])
  chmodSync(agentSocket(home, 'ada'), 0o666)
  expect(await about(home)).toEqual([['problem', expect.stringMatching(/^Other users could reach/), expect.anything()]])
  const older = temporaryHome()
  await impostor(older, `{"form":1,"version":"0.0.1","name":"ada","until":${order.until}}\n`)
  expect(await about(older)).toEqual([
    ['warning', `${unlocked}\nby Conclave 0.0.1`, 'conclave unlock starts a new one'],
  ])
  const foreign = temporaryHome()
  await impostor(foreign, '{"form":2}\n')
  expect(await about(foreign)).toEqual([['warning', expect.stringMatching(/another version/), expect.anything()]])
})

test('a name leads to no place outside the folder', async () => {
  const home = temporaryHome()
  const path = join(home, 'victim.sock')
  writeFileSync(path, '')
  expect(await lockAgent(home, '../victim')).toBe('none')
  expect(existsSync(path)).toBe(true)
})

test('a home whose path is too long for a socket is refused before anything is made', () => {
  expect(() => draftSocket(`/${'x'.repeat(100)}`, 'ada')).toThrow(expect.objectContaining({ code: 'usage' }))
})
