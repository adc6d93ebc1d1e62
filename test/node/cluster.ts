/** Nodes of a cluster on this machine's loopback, each in a process and a home of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeEvent } from '../../src/node/events.ts'
import { inviteNode, type Invitation } from '../../src/node/tickets/invite.ts'
import { nodePaths, type NodePaths } from '../../src/node/home/paths.ts'
import type { NodeOptions } from '../../src/node/home/settings.ts'
import { openTestStore } from './open-store.ts'
import { bundled, compileCache } from './bundled.ts'
import { eagerEtcd } from './etcd.ts'
import type { ChildOrder } from './node-child.ts'
import { freePorts } from './ports.ts'

export type ChildEvent =
  | NodeEvent
  | { readonly kind: 'opened'; readonly serial: string }
  | { readonly kind: 'failed'; readonly code?: string; readonly message: string }

/** Short: a test awaits what it needs. */
const delays = { healthMs: 300, restart: { firstMs: 200, nextMs: 1500 } }
const script = await bundled(join(import.meta.dirname, 'node-child.ts'))

export class TestNode {
  readonly home: string
  readonly options: NodeOptions
  readonly paths: NodePaths
  events: ChildEvent[] = []
  #child: ChildProcess | undefined
  #listeners = new Set<() => void>()

  readonly #ending: AbortSignal
  readonly #etcd: string

  /** @param ending a test that has timed out goes on in the background: it starts nothing more */
  constructor(home: string, options: NodeOptions, etcd: string, ending: AbortSignal) {
    this.#ending = ending
    this.#etcd = etcd
    this.home = home
    this.options = options
    this.paths = nodePaths(home)
  }

  start(order: Partial<ChildOrder> = {}): this {
    this.#ending.throwIfAborted()
    const whole: ChildOrder = { home: this.home, options: this.options, delays, ...order }
    const child = spawn(process.execPath, ['--disable-warning=DEP0123', script, JSON.stringify(whole)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...compileCache, CONCLAVE_ETCD: this.#etcd },
    })
    this.#child = child
    this.events = []
    createInterface(child.stdout).on('line', (line) => {
      this.events.push(JSON.parse(line) as ChildEvent)
      for (const listener of this.#listeners) listener()
    })
    child.on('close', () => {
      for (const listener of this.#listeners) listener()
    })
    return this
  }

  /** Resolves with the first event that fits, fails when the process ends without one. */
  async until(fits: (event: ChildEvent) => boolean): Promise<ChildEvent> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.events.find(fits)
        const ended = this.#child?.exitCode !== null || this.#child.signalCode !== null
        if (found === undefined && !ended) return
        this.#listeners.delete(look)
        if (found !== undefined) resolve(found)
        else reject(new Error(`it ended: ${JSON.stringify(this.events.slice(-3))}`))
      }
      this.#listeners.add(look)
      look()
    })
  }

  async ready(): Promise<void> {
    await this.until(({ kind }) => kind === 'ready')
  }

  async ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const child = this.#child
    if (child === undefined) return { code: null, signal: null }
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('close', resolve))
    return { code: child.exitCode, signal: child.signalCode }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal)
    await this.ended()
  }

  async invite(): Promise<Invitation> {
    return inviteNode(this.paths, openTestStore)
  }
}

export class TestCluster {
  readonly #folder: string
  readonly #etcd: string
  readonly #ending = new AbortController()
  readonly nodes: TestNode[] = []

  private constructor(folder: string, etcd: string) {
    this.#folder = folder
    this.#etcd = etcd
  }

  static async create(etcd = eagerEtcd()): Promise<TestCluster> {
    return new TestCluster(await mkdtemp(join(tmpdir(), 'conclave-cluster-')), etcd)
  }

  async node(name: string): Promise<TestNode> {
    const [port, peerPort] = await freePorts(2)
    const node = new TestNode(
      join(this.#folder, name),
      { name, listen: '127.0.0.1', port, peerPort },
      this.#etcd,
      this.#ending.signal,
    )
    this.nodes.push(node)
    return node
  }

  async dispose(): Promise<void> {
    this.#ending.abort(new Error('the test is over'))
    await Promise.all(this.nodes.map((node) => node.kill('SIGTERM')))
    await rm(this.#folder, { recursive: true })
  }
}
