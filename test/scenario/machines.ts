/**
 * Machines with a node and a person each, on loopback addresses of their own. Nodes run in processes of their own: a
 * machine can lose its node by SIGKILL, both the process that runs it and its etcd, as when someone pulls the plug.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { nodePaths } from '../../src/node/home/paths.ts'
import { stopNode } from '../../src/node/process/pid-file.ts'
import {
  conclave,
  done,
  impatient,
  start,
  temporaryFolder,
  type Line,
  type Result,
  type Running,
  type Setting,
} from '../cli/in-process.ts'
import { eagerEtcd } from '../node/etcd.ts'
import { freePorts } from '../node/ports.ts'
import { alive, etcdOf, until } from '../node/processes.ts'

const env = { CONCLAVE_ETCD: eagerEtcd() }

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
    onTestFinished(async () => void (await stopNode(nodePaths(machine.home))))
    return machine
  }

  run(...args: readonly string[]): Promise<Result> {
    return conclave(args, this.#setting)
  }

  /** Where the store can't answer: the command does not wait for it long. */
  runInVain(...args: readonly string[]): Promise<Result> {
    return conclave(args, { ...this.#setting, patience: impatient })
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
    const etcd = etcdOf(nodePaths(this.home).data) as number
    // The one that runs it first: it would start its etcd again.
    process.kill(pid, 'SIGKILL')
    // It has a guard that may have been quicker.
    if (alive(etcd)) process.kill(etcd, 'SIGKILL')
    await until(() => !alive(pid) && !alive(etcd))
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
  await enter(name, first, ...others)
}

/** Lets more people in. */
export async function enter(name: string, from: Machine, ...newcomers: readonly Machine[]): Promise<void> {
  await Promise.all(newcomers.map((newcomer) => newcomer.run('join', name)))
  for (const { name: person } of (await from.done('knocks', name)).lines)
    await from.done('accept', name, person, '--trust-name')
  await Promise.all(newcomers.map((newcomer) => newcomer.done('join', name)))
}
