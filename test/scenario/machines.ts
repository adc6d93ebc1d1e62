/**
 * Machines with a node and a person each, on loopback addresses of their own, through the real program. A machine can
 * lose its node by SIGKILL, both the process that runs it and its etcd, as when somebody pulls the plug.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  conclave,
  done,
  start,
  temporaryFolder,
  type Line,
  type Result,
  type Running,
  type Setting,
} from '../cli/program.ts'
import { testEtcd } from '../node/etcd.ts'
import { freePorts } from '../node/ports.ts'
import { until } from '../node/processes.ts'

const env = { CONCLAVE_ETCD: testEtcd() }

export interface Invitation {
  readonly ticket: string
  readonly code: string
}

export class Machine {
  readonly name: string
  readonly home: string
  readonly endpoint: string
  readonly #place: readonly string[]
  readonly #setting: Setting

  private constructor(name: string, home: string, host: string, ports: readonly number[]) {
    this.name = name
    this.home = home
    this.endpoint = `${host}:${ports[0]}`
    this.#place = ['--listen', host, '--port', String(ports[0]), '--peer-port', String(ports[1]), '--name', name]
    this.#setting = { home, env }
  }

  /** The `at`-th machine has the loopback address 127.0.0.(11 + at). Its node is stopped when the test is over. */
  static async at(at: number, name: string): Promise<Machine> {
    const host = `127.0.0.${11 + at}`
    const machine = new Machine(name, join(temporaryFolder(), name), host, await freePorts(2, host))
    onTestFinished(async () => {
      if (existsSync(join(machine.home, 'node'))) await machine.run('node', 'stop')
    })
    return machine
  }

  run(...args: readonly string[]): Promise<Result> {
    return conclave(args, this.#setting)
  }

  done(...args: readonly string[]): Promise<Result> {
    return done(args, this.#setting)
  }

  input(input: string, ...args: readonly string[]): Promise<Result> {
    return conclave(args, { ...this.#setting, input })
  }

  start(...args: readonly string[]): Running {
    return start(args, this.#setting)
  }

  async found(...options: readonly string[]): Promise<void> {
    await this.done('node', 'start', '--background', ...this.#place, ...options)
  }

  async invite(...options: readonly string[]): Promise<Invitation> {
    return (await this.done('node', 'invite', ...options)).first as unknown as Invitation
  }

  /** Uses the cluster without a node of its own. */
  async connect({ ticket }: Invitation): Promise<void> {
    await this.done('connect', ticket)
  }

  async join({ ticket, code }: Invitation): Promise<void> {
    await this.done('node', 'join', ticket, '--code', code, '--background', ...this.#place)
  }

  async startNode(): Promise<void> {
    await this.done('node', 'start', '--background')
  }

  async status(): Promise<{ readonly leader: string; readonly voters: number; readonly reachable: number }> {
    return (await this.run('node', 'status')).first as unknown as { leader: string; voters: number; reachable: number }
  }

  /** Resolves when neither process runs any more. */
  async killNode(): Promise<void> {
    const { pid } = JSON.parse(readFileSync(join(this.home, 'node', 'running.json'), 'utf8')) as { pid: number }
    const etcd = this.etcdPid()
    // The one that runs it first: it would start its etcd again.
    process.kill(pid, 'SIGKILL')
    // It has a guard that may have been quicker.
    if (lives(etcd)) process.kill(etcd, 'SIGKILL')
    await until(() => !lives(pid) && !lives(etcd))
  }

  /** Of its etcd, found by its data folder. */
  etcdPid(): number {
    return etcdOf(join(this.home, 'node', 'data'))
  }

  /** Every message of the room that this machine's person sees. @throws unless the store answered */
  async messages(room: string): Promise<readonly Line[]> {
    const { lines } = await this.done('read', room)
    return lines.filter(({ type }) => type === 'text')
  }
}

/** So many machines, in one cluster. */
export async function cluster(size: number): Promise<Machine[]> {
  const machines = await Promise.all(Array.from({ length: size }, (_, at) => Machine.at(at, `node${at + 1}`)))
  const [first, ...others] = machines as [Machine, ...Machine[]]
  await first.found()
  for (const other of others) await other.join(await first.invite())
  return machines
}

export const people = ['ada', 'bob', 'cleo', 'dan', 'eve', 'fay'] as const

/** A person on each machine, all in one room of the first one's. */
export async function room(name: string, machines: readonly Machine[]): Promise<void> {
  await Promise.all(machines.map((machine, at) => machine.done('signup', people[at] as string)))
  const [first, ...others] = machines as [Machine, ...Machine[]]
  await first.done('create', name)
  const knocking = others.map((other) => other.start('join', name, '--wait', '120'))
  for (const at of others.keys()) {
    const person = people[at + 1] as string
    await until(async () => (await first.done('knocks', name)).lines.some((knock) => knock.name === person))
    await first.done('accept', name, person)
  }
  for (const { code } of await Promise.all(knocking.map((one) => one.end()))) {
    if (code !== 0) throw new Error(`join ended with ${code}`)
  }
}

/** Lets one more person in. */
export async function enter(name: string, from: Machine, newcomer: Machine, person: string): Promise<void> {
  await newcomer.run('join', name)
  await from.done('accept', name, person)
  await newcomer.done('join', name)
}

function etcdOf(data: string): number {
  const flag = `--data-dir=${data}`
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue
    const words = commandOf(name)
    // The shell that guards it has the same words behind its own.
    if (words.includes(flag) && !words.includes('-c')) return Number(name)
  }
  throw new Error(`no etcd with ${data}`)
}

function commandOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** A killed process that nobody has waited for yet counts as gone. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
