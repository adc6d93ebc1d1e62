import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { keyOfAgent } from '../../src/cli/agent/ask-agent.ts'
import type { Patience } from '../../src/cli/session/patience.ts'
import { conclave, done, impatient, password, people, temporaryFolder, type Result } from './in-process.ts'
import { done as doneApart, program, spawnConclave } from './program.ts'

const another = 'tundra-kiosk-pewter-19-violet'
const socketOf = (home: string, name: string): string => join(home, 'agent', `${name}.sock`)

/** Whatever becomes of the test. */
function lockAtEnd(home: string): void {
  onTestFinished(async () => {
    await conclave(['lock'], { home, password: null })
    for (const pid of agentsOf(home)) process.kill(pid, 'SIGKILL')
  })
}

async function unlock(home: string, ...args: readonly string[]): Promise<Result> {
  lockAtEnd(home)
  return doneApart(['unlock', ...args], { home })
}

/** Of ada, unlocked. */
async function unlockedHome(): Promise<string> {
  const home = temporaryFolder()
  await people(home, 'ada')
  await unlock(home)
  return home
}

/** A command asks for the password. @returns what its hint says */
async function asks(home: string, patience: Partial<Patience> = {}): Promise<string> {
  const { code, error } = await conclave(['rooms'], { home, patience, password: null })
  expect({ code, error: error.error }).toEqual({ code: 2, error: 'usage' })
  return error.hint
}

/** Without a password. */
const bare = (home: string, ...args: readonly string[]): Promise<Result> => conclave(args, { home, password: null })

/** Processes that keep identities of a home unlocked. */
function agentsOf(home: string): readonly number[] {
  const isAgent = (pid: string): boolean => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return words.includes('--agent') && words.includes(home)
    } catch {
      // It has ended.
      return false
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isAgent(name))
    .map(Number)
}

function agentOf(home: string): number {
  const [pid] = agentsOf(home)
  if (pid === undefined) throw new Error(`no agent of ${home}`)
  return pid
}

/** What a process listens on, or is connected to. */
function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((fd) => readlinkSync(join(folder, fd)).startsWith('socket:')).length
}

/** Whether the system has closed everything that it had open. */
function isDead(pid: number): boolean {
  try {
    // Its files are closed once its last thread has ended, which may be later than its first.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ') && readdirSync(`/proc/${pid}/task`).length === 1
  } catch {
    return true
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20))
}

test('unlock keeps an identity open for commands, until lock', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  expect((await conclave(['unlock'], { home, password: another })).code).toBe(6)
  const begun = Date.now()
  const { name, until } = (await unlock(home, '--for', '30m')).first as unknown as { name: string; until: string }
  expect(name).toBe('ada')
  expect(Date.parse(until) - begun).toBeGreaterThanOrEqual(30 * 60_000)
  expect((await bare(home, 'create', 'demo')).code).toBe(0)
  // What is given wins, and is not passed over because the identity is open.
  expect((await conclave(['rooms'], { home, password: another })).code).toBe(6)
  expect((await bare(home, 'lock')).lines).toEqual([{ name: 'ada', until: null }])
  await asks(home)
  expect((await bare(home, 'lock')).code).toBe(0)
})

test('the key is where only this user gets it: in memory, behind a socket of his', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  lockAtEnd(home)
  // From a shell that leaves core files as large as it may.
  const env = {
    PATH: process.env['PATH'],
    CONCLAVE_HOME: home,
    CONCLAVE_PASSWORD: password,
    NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
  }
  execFileSync('/bin/sh', ['-c', 'ulimit -S -c "$(ulimit -H -c)"; exec "$0" unlock', program], { env })
  const socket = socketOf(home, 'ada')
  expect(statSync(socket).mode & 0o777).toBe(0o600)
  expect(statSync(join(home, 'agent')).mode & 0o777).toBe(0o700)
  const agent = await keyOfAgent(home, 'ada')
  const key = Buffer.from(agent.kind === 'unlocked' ? agent.key : [])
  expect(key).toHaveLength(32)
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  for (const file of files) {
    const bytes = readFileSync(join(file.parentPath, file.name))
    for (const form of [key, key.toString('hex'), key.toString('base64')]) expect(bytes.includes(form)).toBe(false)
  }
  if (process.platform === 'linux') {
    const pid = agentOf(home)
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max core file size +0 +/)
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(password)
    // A signal that makes other Nodes open a debugger.
    process.kill(pid, 'SIGUSR1')
    expect((await bare(home, 'rooms')).code).toBe(0)
    expect(socketsOf(pid)).toBe(1)
  }
  const rude = connectSocket(socket)
  rude.on('error', () => {})
  rude.end('x'.repeat(100_000))
  await new Promise((resolve) => rude.once('close', resolve))
  expect((await bare(home, 'rooms')).code).toBe(0)
})

test('an agent that was killed is no obstacle, and one that is told to end leaves nothing behind', async () => {
  const home = await unlockedHome()
  const first = agentOf(home)
  process.kill(first, 'SIGKILL')
  await until(() => isDead(first))
  expect(await asks(home)).toMatch(/its background process was killed\.\nconclave unlock/)
  // Said once.
  expect(await asks(home)).not.toMatch(/killed/)
  await unlock(home)
  expect((await bare(home, 'rooms')).code).toBe(0)
  process.kill(agentOf(home), 'SIGTERM')
  await until(() => !existsSync(socketOf(home, 'ada')))
  await asks(home)
})

test('a change of the password locks', async () => {
  const home = await unlockedHome()
  await done(['passwd'], { home, env: { CONCLAVE_NEW_PASSWORD: another } })
  expect(existsSync(socketOf(home, 'ada'))).toBe(false)
  await asks(home)
  await done(['rooms'], { home, password: another })
})

test('what kept an identity unlocked is of no use after a change of password that it did not hear of', async () => {
  const home = await unlockedHome()
  const away = join(home, 'away.sock')
  // As a passwd that is killed right after the change.
  process.kill(agentOf(home), 'SIGSTOP')
  renameSync(socketOf(home, 'ada'), away)
  await done(['passwd'], { home, env: { CONCLAVE_NEW_PASSWORD: another } })
  renameSync(away, socketOf(home, 'ada'))
  process.kill(agentOf(home), 'SIGCONT')
  expect(await asks(home)).toMatch(/was unlocked with a former passphrase/)
  expect(existsSync(socketOf(home, 'ada'))).toBe(false)
})

test('new keys, and a copy that is dropped, do not lock', async () => {
  const home = await unlockedHome()
  for (const args of [
    ['create', 'demo'],
    ['rekey', '--yes'],
    ['send', 'demo', 'hello'],
    ['forget', 'demo', '--yes'],
  ]) {
    expect((await bare(home, ...args)).code, args.join(' ')).toBe(0)
  }
  expect((await bare(home, 'read', 'demo')).lines.map(({ text }) => text)).toContain('hello')
})

test('of two unlocks at once one agent stays, and it serves', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await Promise.all([unlock(home, '--for', '10m'), unlock(home, '--for', '20m')])
  await until(() => agentsOf(home).length === 1)
  expect((await bare(home, 'rooms')).code).toBe(0)
  await bare(home, 'lock')
  await until(() => agentsOf(home).length === 0)
})

test('an agent that does not answer is no obstacle: lock takes its socket away, and it ends when it goes on', async () => {
  const home = await unlockedHome()
  const pid = agentOf(home)
  process.kill(pid, 'SIGSTOP')
  expect(await asks(home, impatient)).toMatch(/does not respond\.\nconclave lock ends it/)
  expect((await conclave(['lock'], { home, patience: impatient, password: null })).code).toBe(0)
  expect(existsSync(socketOf(home, 'ada'))).toBe(false)
  process.kill(pid, 'SIGCONT')
  await until(() => agentsOf(home).length === 0)
})

test('nobody is unlocked who is not in the home, or without the password', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const stranger = await conclave(['unlock'], { home, as: 'bob' })
  expect({ code: stranger.code, error: stranger.error.error }).toEqual({ code: 4, error: 'no-such-user' })
  expect((await bare(home, 'unlock')).code).toBe(2)
  expect(existsSync(join(home, 'agent'))).toBe(false)
})

test.each([['0h'], ['8d'], ['soon']])('unlock --for %s is refused', async (life) => {
  const child = spawnConclave(['unlock', '--for', life], { home: temporaryFolder() })
  child.stdin.end()
  child.stdout.resume()
  child.stderr.resume()
  expect(await once(child, 'close')).toEqual([2, null])
})
