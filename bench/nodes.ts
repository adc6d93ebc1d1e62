/** Nodes of a cluster with TLS, run by the real program, each with its own home and loopback address. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const program = fileURLToPath(new URL('../bin/conclave', import.meta.url))

export class Node {
  readonly name: string
  readonly home: string
  readonly #place: readonly string[]

  constructor(folder: string, at: number, port: number) {
    this.name = `node${at + 1}`
    this.home = join(folder, this.name)
    this.#place = ['--name', this.name, '--listen', `127.0.0.${71 + at}`, '--port', String(port), '--background']
  }

  async conclave(...args: readonly string[]): Promise<Record<string, unknown>[]> {
    const { stdout } = await run(program, ['--home', this.home, '--json', ...args])
    const lines = stdout.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  async found(): Promise<void> {
    await this.conclave('node', 'start', ...this.#place)
  }

  async join(from: Node): Promise<void> {
    const [ticket] = await from.conclave('node', 'invite')
    await this.conclave('node', 'join', String(ticket?.['ticket']), '--code', String(ticket?.['code']), ...this.#place)
  }

  async start(): Promise<void> {
    await this.conclave('node', 'start', '--background')
  }

  /** Like a power failure: kills the node's process and its etcd. */
  kill(): void {
    const pids = [this.#runner(), this.#etcd()]
    for (const pid of pids) signal(pid, 'SIGKILL')
  }

  /** Freezes its etcd, which keeps its connections but does not answer. */
  freeze(): void {
    signal(this.#etcd(), 'SIGSTOP')
  }

  thaw(): void {
    signal(this.#etcd(), 'SIGCONT')
  }

  #runner(): number {
    return (JSON.parse(readFileSync(join(this.home, 'node', 'running.json'), 'utf8')) as { pid: number }).pid
  }

  #etcd(): number {
    const flag = `--data-dir=${join(this.home, 'node', 'data')}`
    for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
      const words = commandOf(pid)
      // The script that supervises it has the same arguments after its own.
      if (words.includes(flag) && !words.includes('-c')) return Number(pid)
    }
    throw new Error(`${this.name} has no etcd`)
  }
}

export class Cluster {
  readonly folder: string
  readonly nodes: readonly Node[]

  private constructor(folder: string, nodes: readonly Node[]) {
    this.folder = folder
    this.nodes = nodes
  }

  static async found(size: number): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
    const port = await freePort()
    const nodes = Array.from({ length: size }, (_, at) => new Node(folder, at, port))
    const cluster = new Cluster(folder, nodes)
    try {
      const [first, ...others] = nodes as [Node, ...Node[]]
      await first.found()
      for (const other of others) await other.join(first)
    } catch (error) {
      await cluster.end()
      throw error
    }
    return cluster
  }

  /** Waits until all nodes answer. @returns the leader */
  async whole(): Promise<string> {
    for (;;) {
      const [status] = (await this.nodes[0]?.conclave('node', 'status').catch(() => [])) ?? []
      if (status?.['reachable'] === this.nodes.length && typeof status['leader'] === 'string') return status['leader']
      await sleep(200)
    }
  }

  /** Makes the node the leader, by restarting the present one. */
  async letLead(node: Node, leads: boolean): Promise<void> {
    for (;;) {
      const leader = await this.whole()
      if ((leader === node.name) === leads) return
      const other = this.nodes.find(({ name }) => name === leader)
      await other?.conclave('node', 'stop')
      await other?.start()
    }
  }

  async end(): Promise<void> {
    for (const node of this.nodes) await node.conclave('node', 'stop').catch(() => [])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Its watchdog was faster.
  }
}

function commandOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.71', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
