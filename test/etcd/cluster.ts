/**
 * A real etcd cluster on loopback, in its own folder; members can be killed, frozen and restarted. The binary is
 * CONCLAVE_ETCD, else `etcd` on PATH. Every process is killed by its id, however the test ends.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

interface Member {
  readonly name: string
  readonly client: string
  /** Health endpoint, without TLS. */
  readonly health: string
  readonly arguments: readonly string[]
  process: ChildProcess | undefined
  complaint: string
}

/** For whoever expects an answer: a busy machine may take longer for one than a person would wait. */
export const patience = { deadlineMs: 100_000 }

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class EtcdCluster {
  readonly #folder: string
  readonly #members: Map<string, Member>

  private constructor(folder: string, members: readonly Member[]) {
    this.#folder = folder
    this.#members = new Map(members.map((member) => [member.name, member]))
  }

  /** Members are named a, b, c, …; `more` are further arguments for each of them. */
  static async start(size: number, more: readonly string[] = []): Promise<EtcdCluster> {
    const scheme = more.some((argument) => argument.startsWith('--cert-file')) ? 'https' : 'http'
    const folder = await mkdtemp(join(tmpdir(), 'conclave-etcd-'))
    const ports = await freePorts(3 * size)
    const names = Array.from({ length: size }, (_, at) => String.fromCharCode(97 + at))
    const peers = names.map((name, at) => `${name}=http://127.0.0.1:${ports[size + at]}`).join(',')
    const members = names.map((name, at): Member => {
      const client = `127.0.0.1:${ports[at]}`
      const peer = `http://127.0.0.1:${ports[size + at]}`
      const health = `http://127.0.0.1:${ports[2 * size + at]}`
      const settings = {
        name,
        'data-dir': join(folder, name),
        'listen-client-urls': `${scheme}://${client}`,
        'advertise-client-urls': `${scheme}://${client}`,
        'listen-metrics-urls': health,
        'listen-peer-urls': peer,
        'initial-advertise-peer-urls': peer,
        'initial-cluster': peers,
        'initial-cluster-token': folder,
        'initial-cluster-state': 'new',
        // A single member elects itself after this time.
        'election-timeout': size === 1 ? '100' : '500',
        'heartbeat-interval': size === 1 ? '10' : '50',
        logger: 'zap',
        'log-level': 'error',
      }
      const flags = Object.entries(settings).map(([flag, value]) => `--${flag}=${value}`)
      return { name, client, health, arguments: [...flags, ...more], process: undefined, complaint: '' }
    })
    const cluster = new EtcdCluster(folder, members)
    try {
      for (const name of names) cluster.#spawn(name)
      await cluster.healthy()
    } catch (error) {
      await cluster.end()
      throw error
    }
    return cluster
  }

  get names(): readonly string[] {
    return [...this.#members.keys()]
  }

  get endpoints(): readonly string[] {
    return [...this.#members.values()].map(({ client }) => client)
  }

  endpoint(name: string): string {
    return this.#member(name).client
  }

  nameOf(endpoint: string): string {
    return this.names.find((name) => this.endpoint(name) === endpoint) as string
  }

  /** The current leader. */
  async leader(): Promise<string> {
    for (;;) {
      for (const name of this.names) {
        // A frozen member keeps its connections and never answers.
        const asked = this.#ask(name, 'maintenance/status', {}, AbortSignal.timeout(2000))
        const { header, leader } = await asked.catch((): Answer => ({}))
        if (leader !== undefined && leader !== '0' && header?.member_id === leader) return name
      }
      await setTimeout(50)
    }
  }

  async compact(revision: number): Promise<void> {
    for (const name of this.names) {
      if (this.#member(name).process === undefined) continue
      await this.#ask(name, 'kv/compaction', { revision: String(revision), physical: true })
      return
    }
  }

  /** What an operator does once the quota is used up: defragment every member, disarm the alarm. */
  async makeRoom(): Promise<void> {
    for (const name of this.names) await this.#ask(name, 'maintenance/defragment')
    const first = this.names[0] as string
    const { alarms = [] } = await this.#ask(first, 'maintenance/alarm', { action: 'GET' })
    for (const alarm of alarms) await this.#ask(first, 'maintenance/alarm', { ...alarm, action: 'DEACTIVATE' })
  }

  /** From now on only known users have access. */
  async enableAccessControl(): Promise<void> {
    const first = this.names[0] as string
    await this.#ask(first, 'auth/user/add', { name: 'root', password: 'secret' })
    await this.#ask(first, 'auth/role/add', { name: 'root' })
    await this.#ask(first, 'auth/user/grant', { user: 'root', role: 'root' })
    await this.#ask(first, 'auth/enable')
  }

  async revoke(lease: string): Promise<void> {
    await this.#ask(this.names[0] as string, 'lease/revoke', { ID: lease })
  }

  runs(name: string): boolean {
    return this.#member(name).process !== undefined
  }

  async kill(name: string): Promise<void> {
    const { process } = this.#member(name)
    if (process === undefined) return
    const exited = once(process, 'exit')
    process.kill('SIGKILL')
    await exited
  }

  /** Freezes a member: it keeps its connections but does not answer. */
  stop(name: string): void {
    this.#member(name).process?.kill('SIGSTOP')
  }

  resume(name: string): void {
    this.#member(name).process?.kill('SIGCONT')
  }

  /** Restarts a killed member with its data. */
  async restart(name: string): Promise<void> {
    this.#spawn(name)
    await this.#healthy(name)
  }

  /** Resolves once every member serves a linearizable read. */
  async healthy(): Promise<void> {
    await Promise.all(this.names.map((name) => this.#healthy(name)))
  }

  async end(): Promise<void> {
    await Promise.all(this.names.map((name) => this.kill(name)))
    await rm(this.#folder, { recursive: true, force: true })
  }

  #member(name: string): Member {
    const member = this.#members.get(name)
    if (member === undefined) throw new Error(`no member ${name}`)
    return member
  }

  #spawn(name: string): void {
    const member = this.#member(name)
    const program = process.env['CONCLAVE_ETCD'] ?? 'etcd'
    const child = spawn(program, [...member.arguments], { stdio: ['ignore', 'ignore', 'pipe'] })
    running.add(child)
    member.process = child
    member.complaint = ''
    child.stderr.on('data', (chunk: Buffer) => (member.complaint += chunk.toString()))
    child.on('error', (error) => {
      member.complaint += `${error.message}: set CONCLAVE_ETCD to an etcd`
      member.process = undefined
    })
    child.on('exit', () => {
      running.delete(child)
      if (member.process === child) member.process = undefined
    })
  }

  async #healthy(name: string): Promise<void> {
    for (;;) {
      const member = this.#member(name)
      if (member.process === undefined) throw new Error(`etcd ${name} has ended: ${member.complaint}`)
      const answer = await fetch(`${member.health}/health`, { signal: AbortSignal.timeout(2000) }).catch(
        () => undefined,
      )
      if (answer?.ok === true) return
      await setTimeout(50)
    }
  }

  async #ask(name: string, path: string, body: object = {}, signal: AbortSignal | null = null): Promise<Answer> {
    const url = `http://${this.endpoint(name)}/v3/${path}`
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), signal })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return (await response.json()) as Answer
  }
}

interface Answer {
  readonly header?: { readonly member_id?: string }
  readonly leader?: string
  readonly alarms?: readonly object[]
}

/** Distinct free ports. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
