import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { fromHex, utf8 } from '../../src/base/bytes.ts'
import { readClient } from '../../src/node/certificates/credentials.ts'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { nodePaths } from '../../src/node/home/paths.ts'
import { runningNode, stopNode } from '../../src/node/process/pid-file.ts'
import { decodeTicket, encodeTicket } from '../../src/node/tickets/ticket.ts'
import { Maintenance } from '../../src/store/etcd/generated/cluster_pb.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import type { Store } from '../../src/store/store.ts'
import { conclave, done, start, temporaryFolder, type Result, type Setting } from '../cli/in-process.ts'
import { start as startProgram } from '../cli/program.ts'
import { eagerEtcd, mendedEtcd, testEtcd } from './etcd.ts'
import { freePorts } from './ports.ts'
import { etcdOf, until } from './processes.ts'

const env = { CONCLAVE_ETCD: eagerEtcd() }

interface Machine {
  readonly home: string
  /** Options for where its node listens. */
  readonly place: readonly string[]
  readonly endpoint: string
  run(...args: readonly string[]): Promise<Result>
  done(...args: readonly string[]): Promise<Result>
}

/** A home and its ports, for one test; what it started is stopped in the end. */
async function machine(): Promise<Machine> {
  const made = await machineIn(join(temporaryFolder(), 'home'))
  onTestFinished(async () => void (await stopNode(nodePaths(made.home))))
  return made
}

async function machineIn(home: string): Promise<Machine> {
  const [port, peerPort] = await freePorts(2)
  const setting: Setting = { home, env }
  return {
    home,
    endpoint: `127.0.0.1:${port}`,
    place: ['--listen', '127.0.0.1', '--port', String(port), '--peer-port', String(peerPort)],
    run: (...args) => conclave(args, setting),
    done: (...args) => done(args, setting),
  }
}

async function founded(made: Machine): Promise<Machine> {
  await made.done('node', 'start', '--background', '--name', 'one', ...made.place)
  return made
}

const folder = mkdtempSync(join(tmpdir(), 'conclave-commands-'))
const clusters = new Map<string, Promise<Machine>>()
afterAll(async () => {
  for (const { home } of await Promise.all(clusters.values())) await stopNode(nodePaths(home))
  rmSync(folder, { recursive: true, maxRetries: 3 })
})

/** A cluster of one node that several tests use, and leave as it was. */
async function shared(name: 'first' | 'other'): Promise<Machine> {
  const made = clusters.get(name) ?? machineIn(join(folder, name)).then(founded)
  clusters.set(name, made)
  return made
}

/** Resolves once the node has restarted its etcd, which ends the connections of a revoked certificate. */
async function endingConnections<T>({ home, run }: Machine, revoke: () => Promise<T>): Promise<T> {
  const { data } = nodePaths(home)
  const before = etcdOf(data)
  const result = await revoke()
  await until(() => ![undefined, before].includes(etcdOf(data)), 100)
  await until(async () => (await run('node', 'status')).code === 0)
  return result
}

interface Invitation {
  readonly ticket: string
  readonly code: string
}

async function invite(from: Machine, ...options: readonly string[]): Promise<Invitation> {
  return (await from.done('node', 'invite', ...options)).first as unknown as Invitation
}

const objects = ({ stdout }: Result): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

function refused(result: Result): { code: number | null; error: string } {
  expect(result.error.message).not.toBe('')
  expect(result.error.hint, result.error.message).not.toBe('')
  return { code: result.code, error: result.error.error }
}

describe('a node from the command line', () => {
  test('starts in the background, shows its state, stops, and starts again', async () => {
    const first = await founded(await machine())
    const status = objects(await first.done('node', 'status'))[0]
    expect(status).toMatchObject({
      voters: 1,
      reachable: 1,
      hasQuorum: true,
      canLose: 0,
      leader: 'one',
      members: [{ name: 'one', endpoints: [first.endpoint], reachable: true, leader: true, lag: 0, alarms: [] }],
    })
    expect(JSON.parse(readFileSync(join(first.home, 'config.json'), 'utf8'))).toEqual({
      store: `etcds://${first.endpoint}`,
    })
    expect(objects(await first.done('doctor')).filter(({ level }) => level === 'problem')).toEqual([])

    const tls = await readClient(nodePaths(first.home).client)
    const client = new ClusterClient([first.endpoint], tls)
    const [member] = (await client.members()).members
    // 1 raises it, 2 disarms it.
    const alarm = (action: 1 | 2): Promise<unknown> => {
      const noSpace = { action, alarm: 1, memberID: BigInt(`0x${member?.id}`) }
      return client.call(Maintenance.method.alarm, noSpace, 5000)
    }
    await alarm(1)
    const full = await first.run('node', 'status')
    expect([full.code, objects(full)[0]]).toEqual([
      5,
      expect.objectContaining({ hasQuorum: true, writable: false, alarms: ['NOSPACE'] }),
    ])
    const findings = await first.run('doctor')
    expect([findings.code, objects(findings)]).toEqual([
      5,
      expect.arrayContaining([
        expect.objectContaining({ level: 'problem', code: 'store-full', what: expect.stringContaining('store full') }),
      ]),
    ])
    await alarm(2)
    client.close()
    expect(objects(await first.done('node', 'status'))[0]).toMatchObject({ writable: true, alarms: [] })
    expect(refused(await first.run('node', 'start', '--background'))).toEqual({ code: 2, error: 'usage' })
    expect(objects(await first.done('node', 'stop'))).toEqual([{ ok: true, stopped: true }])
    expect(objects(await first.done('node', 'stop'))).toEqual([{ ok: true, stopped: false }])
    expect(refused(await first.run('node', 'status'))).toEqual({ code: 5, error: 'unavailable' })
    await first.done('node', 'start', '--background')
    expect(refused(await first.run('node', 'start', '--name', 'two'))).toEqual({ code: 2, error: 'usage' })
  })

  test('runs in the foreground until SIGTERM, then ends with 0', async () => {
    const first = await machine()
    const running = startProgram(['node', 'start', ...first.place], { home: first.home, env })
    const ready = await running.find((line) => line.event === 'ready')
    expect(ready).toMatchObject({ event: 'ready', endpoint: first.endpoint })
    await running.find((line) => line.event === 'health')
    expect((await running.end('SIGTERM')).code).toBe(0)
  })

  test('adds a second node, watches it, and removes it', async () => {
    const [first, second] = [await shared('first'), await machine()]
    const { ticket, code } = await invite(first)
    await second.done('node', 'join', ticket, '--code', code, '--background', '--name', 'two', ...second.place)
    expect(objects(await second.done('node', 'status'))[0]).toMatchObject({ voters: 2, reachable: 2 })

    const watching = start(['node', 'status', '--watch'], { home: first.home, env })
    await watching.next()
    await second.done('node', 'stop')
    const without = await watching.find((line) => (line as unknown as { reachable: number }).reachable === 1)
    expect(without).toMatchObject({ voters: 2, hasQuorum: false })
    const { members } = without as unknown as { members: readonly { failure?: string }[] }
    expect(members.flatMap(({ failure }) => failure ?? [])).toEqual(['connection refused'])
    await watching.end('SIGTERM')
    expect((await first.run('node', 'status')).code).toBe(5)
    // It may be this machine that is cut off: nothing leads to removing the other.
    const findings = objects(await first.run('doctor'))
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'problem', code: 'unavailable', what: '1/2 nodes, no quorum: read-only' }),
    )
    expect(findings.map((finding) => finding['do']).join()).not.toContain('node remove')
    await second.done('node', 'start', '--background')

    expect(refused(await first.run('node', 'remove', 'two'))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await first.run('node', 'remove', 'nobody', '--yes'))).toEqual({ code: 2, error: 'usage' })
    expect(objects(await first.done('node', 'remove', 'two', '--yes'))[0]).toMatchObject({ ok: true, name: 'two' })
    // The removed one may have been the leader.
    const status = async (): Promise<unknown> => objects(await first.run('node', 'status'))[0]
    await expect.poll(status).toMatchObject({ voters: 1, hasQuorum: true, leader: 'one' })
    await until(async () => (await runningNode(nodePaths(second.home))) === undefined)
    expect(refused(await second.run('node', 'start'))).toEqual({ code: 4, error: 'closed' })
    expect(refused(await first.run('node', 'remove', 'one', '--yes'))).toEqual({ code: 4, error: 'not-allowed' })
  })

  test('connects a person, whose home then uses the cluster until revocation', async () => {
    const [first, ada, eve] = [await shared('first'), await machine(), await machine()]
    if (testEtcd() !== mendedEtcd()) {
      expect(refused(await first.run('node', 'invite', '--client', 'ada'))).toEqual({ code: 4, error: 'not-allowed' })
    }
    const { ticket } = await invite(first, '--client', 'ada', '--old-etcd')
    expect(objects(await ada.done('connect', ticket))).toEqual([{ ok: true, name: 'ada', endpoints: [first.endpoint] }])
    await ada.done('connect', ticket)
    expect(objects(await ada.done('node', 'status'))[0]).toMatchObject({ voters: 1 })
    expect(refused(await eve.run('connect', ticket))).toEqual({ code: 4, error: 'not-allowed' })
    expect(refused(await ada.run('node', 'invite'))).toEqual({ code: 5, error: 'not-a-store' })
    expect(refused(await first.run('node', 'invite', '--client', 'root'))).toEqual({ code: 2, error: 'usage' })

    await ada.done('signup', 'ada')
    expect(refused(await ada.run('node', 'revoke', 'ada', '--yes'))).toEqual({ code: 4, error: 'not-allowed' })
    expect(refused(await first.run('node', 'revoke', 'ada'))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await first.run('node', 'revoke', 'eve', '--yes'))).toEqual({ code: 4, error: 'no-such-user' })
    const { data } = nodePaths(first.home)
    const etcd = etcdOf(data)
    const revoked = await endingConnections(first, async () => {
      const result = await first.done('node', 'revoke', 'ada', '--yes')
      // While its etcd restarts, inviting waits.
      await until(() => etcdOf(data) !== etcd)
      await invite(first)
      return result
    })
    expect(objects(revoked)).toEqual([{ ok: true, name: 'ada', certificates: 1 }])
    expect(refused(await ada.run('create', 'demo'))).toEqual({ code: 4, error: 'not-allowed' })
    // A new ticket grants access again.
    await ada.done('connect', (await invite(first, '--client', 'ada', '--old-etcd')).ticket)
    await ada.done('create', 'demo')
  })
})

describe('invalid input fails with a hint', () => {
  test('tickets: incomplete, altered, of another kind, with a wrong code, expired, used, of another cluster', async () => {
    const [first, second, other] = [await shared('first'), await machine(), await shared('other')]
    const { ticket, code } = await invite(first)
    const join = (text: string, key = code): Promise<Result> =>
      second.run('node', 'join', text, '--code', key, ...second.place)
    const altered = (change: object): string => encodeTicket({ ...decodeTicket(ticket), ...change })

    expect(refused(await join(ticket.slice(0, -9)))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await join(ticket.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))))).toEqual({
      code: 2,
      error: 'usage',
    })
    expect(refused(await join('hello'))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await second.run('connect', ticket))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await second.run('node', 'join', ticket, ...second.place))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await join(ticket, 'nonsense'))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await join(ticket, 'AAAA-AAAA-AAAA'))).toEqual({ code: 6, error: 'wrong-password' })
    expect(refused(await join(altered({ expires: Date.now() - 1000 })))).toEqual({ code: 4, error: 'not-allowed' })
    expect(refused(await join(altered({ wan: true })))).toEqual({ code: 6, error: 'wrong-password' })
    const elsewhere = await invite(other)
    const wrongPlace = encodeTicket({ ...decodeTicket(elsewhere.ticket), endpoints: [first.endpoint] })
    expect(refused(await second.run('connect', wrongPlace))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await first.run('node', 'join', elsewhere.ticket, '--code', elsewhere.code))).toEqual({
      code: 5,
      error: 'not-a-store',
    })
    expect(existsSync(`${second.home}/node/state.json`)).toBe(false)

    const person = await invite(other, '--client', 'ada', '--old-etcd')
    const misled = encodeTicket({ ...decodeTicket(person.ticket), endpoints: [first.endpoint] })
    expect(refused(await second.run('connect', misled))).toEqual({ code: 4, error: 'not-allowed' })
  })

  test('etcd: missing, too old, or another program', async () => {
    const fresh = await machine()
    const fake = join(temporaryFolder(), 'etcd')
    writeFileSync(fake, '#!/bin/sh\necho "etcd Version: 3.3.27"\n')
    chmodSync(fake, 0o755)
    for (const program of ['/nowhere/etcd', fake, '/bin/echo']) {
      const result = await fresh.run('node', 'start', ...fresh.place, '--etcd', program)
      expect(refused(result)).toEqual({ code: 5, error: 'unavailable' })
      expect(result.error.hint).toContain('apt install etcd-server')
    }
    expect(existsSync(join(fresh.home, 'node'))).toBe(false)
  })

  test('a taken port, an address of another machine, an invalid port', async () => {
    const fresh = await machine()
    const [port] = await freePorts(1)
    const server = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const taken = await fresh.run('node', 'start', '--listen', '127.0.0.1', '--port', String(port))
    expect(refused(taken)).toEqual({ code: 2, error: 'usage' })
    expect(taken.error.message).toContain(`127.0.0.1:${port} is taken`)
    expect(refused(await fresh.run('node', 'start', '--listen', '192.0.2.1'))).toEqual({ code: 2, error: 'usage' })
    expect(refused(await fresh.run('node', 'start', '--port', '70000'))).toEqual({ code: 2, error: 'usage' })
    expect(existsSync(join(fresh.home, 'node', 'state.json'))).toBe(false)
    await fresh.done('node', 'start', '--background', ...fresh.place)
  })

  test('data without state, state without data, or data of another cluster', async () => {
    const first = await founded(await machine())
    await first.done('node', 'stop')
    const at = (name: string): string => join(first.home, 'node', name)
    renameSync(at('state.json'), at('kept.json'))
    expect(refused(await first.run('node', 'start', ...first.place))).toEqual({ code: 5, error: 'not-a-store' })
    renameSync(at('kept.json'), at('state.json'))
    renameSync(at('data'), at('elsewhere'))
    expect(refused(await first.run('node', 'start'))).toEqual({ code: 5, error: 'not-a-store' })
    const other = await shared('other')
    await other.done('node', 'stop')
    cpSync(join(other.home, 'node', 'data'), at('data'), { recursive: true })
    await other.done('node', 'start', '--background')
    expect(refused(await first.run('node', 'start', '--background'))).toEqual({ code: 5, error: 'not-a-store' })
    rmSync(at('data'), { recursive: true })
    renameSync(at('elsewhere'), at('data'))
    await first.done('node', 'start', '--background')
  })
})

describe('migrating the embedded store', () => {
  const incarnation = utf8('incarnation')

  async function filled(home: string, records = 300): Promise<void> {
    const { mkdirSync } = await import('node:fs')
    mkdirSync(home, { recursive: true })
    const store = await SqliteStore.open(join(home, 'store.db'))
    await store.commit({ then: [{ kind: 'put', key: incarnation, value: fromHex('ab'.repeat(16)) }] })
    for (let n = 0; n < records; n += 100) {
      const then = Array.from({ length: 100 }, (_, k) => {
        const key = utf8(`rooms/x/log/${n + k}`)
        return { kind: 'put', key, value: utf8(`record ${n + k}`) } as const
      })
      await store.commit({ then })
    }
    await store.close()
  }

  async function life(store: Store): Promise<string> {
    const { reads } = await store.commit({ then: [{ kind: 'read', key: incarnation }] })
    await store.close()
    return Buffer.from(reads[0]?.[0]?.value ?? []).toString('latin1')
  }

  test('when the cluster is created: every record is in it, and the old store says where it went', async () => {
    const first = await machine()
    await filled(first.home)
    const started = await first.done('node', 'start', '--background', '--from-local', ...first.place)
    expect(objects(started)).toContainEqual(expect.objectContaining({ event: 'moved', records: 300 }))
    const old = await life(await SqliteStore.open(join(first.home, 'store.db')))
    expect(old).toMatch(new RegExp(`^moved:[0-9a-f]{32},etcds://${first.endpoint}$`))
    expect(JSON.parse(readFileSync(join(first.home, 'config.json'), 'utf8'))).toEqual({
      store: `etcds://${first.endpoint}`,
    })
    const again = await first.done('node', 'start', '--from-local')
    expect(objects(again)).toContainEqual(expect.objectContaining({ event: 'moved', records: 300 }))
    expect(refused(await first.run('node', 'start', '--from-local', '--abort'))).toEqual({
      code: 4,
      error: 'not-allowed',
    })
  })

  test('fails without an embedded store', async () => {
    const first = await machine()
    expect(refused(await first.run('node', 'start', '--from-local', ...first.place))).toEqual({
      code: 5,
      error: 'not-a-store',
    })
    expect(refused(await first.run('node', 'start', '--abort', ...first.place))).toEqual({ code: 2, error: 'usage' })
    expect(existsSync(join(first.home, 'node'))).toBe(false)
  })

  test('a killed migration must be resumed or reverted before the node starts', async () => {
    const first = await machine()
    await filled(first.home, 6000)
    // It kills itself with the first line, which comes after 5,000 records.
    const dying = join(temporaryFolder(), 'dying.cjs')
    writeFileSync(
      dying,
      `const { write } = process.stdout
      process.stdout.write = function (text, ...rest) {
        write.call(this, text, ...rest)
        if (String(text).includes('"moving"')) process.kill(process.pid, 'SIGKILL')
        return true
      }`,
    )
    const NODE_OPTIONS = `${process.env['NODE_OPTIONS'] ?? ''} --require=${dying}`
    const running = startProgram(['node', 'start', '--from-local', ...first.place], {
      home: first.home,
      env: { ...env, NODE_OPTIONS },
    })
    await running.find((line) => line.event === 'moving')
    await running.end('SIGKILL')
    const old = async (): Promise<string> => life(await SqliteStore.open(join(first.home, 'store.db')))
    expect(await old()).toMatch(/^moved:/)
    expect(refused(await first.run('node', 'start', '--background'))).toEqual({ code: 2, error: 'usage' })
    expect(objects(await first.done('node', 'start', '--from-local', '--abort'))).toContainEqual({ event: 'reverted' })
    expect(await old()).toBe(Buffer.from('ab'.repeat(16), 'hex').toString('latin1'))
    expect(existsSync(join(first.home, 'config.json'))).toBe(false)
    const completed = await first.done('node', 'start', '--background', '--from-local')
    expect(objects(completed)).toContainEqual(expect.objectContaining({ event: 'moved', records: 6000 }))
  })
})
