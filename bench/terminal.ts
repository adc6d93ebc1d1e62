/**
 * The terminal interface on a real pseudo-terminal: how soon a key is on the screen, what the program takes when it
 * starts, idles, and shows a long and busy room. The floors are Node's own start and readline, in the same run.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pty, { type IPty } from '@lydell/node-pty'
import { connect } from '../src/index.ts'
import { median, milliseconds, percentile, ratio, report } from './figures.ts'

const password = 'marmot-violin-pumice-84-ladder'
const conclave = fileURLToPath(new URL('../bin/conclave', import.meta.url))
const starts = 9
const keys = 200
const keyPauseMs = 30
const large = 100_000
const messagesPerSecond = 100
const idleMs = 60_000

class Program {
  readonly #pty: IPty
  #output = ''
  #arrived: (() => void) | undefined

  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv, columns = 80, rows = 24) {
    this.#pty = pty.spawn(file, [...args], {
      name: 'xterm-256color',
      cols: columns,
      rows,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', TERM: 'xterm-256color', ...env },
    })
    this.#pty.onData((data) => {
      this.#output = (this.#output + data).slice(-100_000)
      this.#arrived?.()
    })
  }

  /** Resolves when the program has written this since `forget`. */
  async shows(text: string): Promise<void> {
    while (!this.#output.includes(text)) await new Promise<void>((resolve) => (this.#arrived = resolve))
  }

  forget(): void {
    this.#output = ''
  }

  type(input: string): void {
    this.#pty.write(input)
  }

  /** Milliseconds from a key to what it wrote. */
  async key(character: string): Promise<number> {
    this.forget()
    const begun = performance.now()
    this.type(character)
    await this.shows(character)
    return performance.now() - begun
  }

  async keyTimes(): Promise<readonly number[]> {
    const times: number[] = []
    for (let k = 0; k < keys; k += 1) {
      times.push(await this.key(String.fromCharCode(0x2460 + (k % 20))))
      await sleep(keyPauseMs)
    }
    return times
  }

  /** Seconds of CPU so far, and MiB of memory, from /proc. */
  get cost(): { readonly cpuS: number; readonly memoryMiB: number } {
    const fields = readFileSync(`/proc/${this.#pty.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    const memory = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#pty.pid}/status`, 'utf8'))?.[1]
    return { cpuS: (Number(fields[11]) + Number(fields[12])) / 100, memoryMiB: Number(memory) / 1024 }
  }

  async end(): Promise<void> {
    const ended = new Promise<void>((resolve) => void this.#pty.onExit(() => resolve()))
    this.#pty.kill('SIGKILL')
    await ended
  }
}

/** @returns milliseconds until it shows the text */
async function startTime(args: readonly string[], env: NodeJS.ProcessEnv, text: string): Promise<number> {
  return median(async () => {
    const program = new Program(conclave, args, env)
    await program.shows(text)
    await program.end()
  }, starts)
}

const readlineEcho = `require('node:readline').createInterface({ input: process.stdin, output: process.stdout }).prompt()`

export async function benchTerminal(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
  const fresh = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
  // Without the cheap passphrases: nothing that is measured derives a key from one.
  const env = { CONCLAVE_HOME: home, NODE_OPTIONS: '' }
  try {
    await fill(home)
    const cheap = { CONCLAVE_HOME: home, NODE_OPTIONS: process.env['NODE_OPTIONS'], CONCLAVE_PASSWORD: password }
    await run(['--as', 'ada', 'unlock'], cheap)

    const node = await median(() => run(['-e', '0'], { NODE_OPTIONS: '' }, process.execPath), starts)
    const first = await startTime([], { ...env, CONCLAVE_HOME: fresh }, 'name >')
    const ready = await startTime(['--as', 'ada', 'chat', 'small'], env, 'ready when you are')
    report('Node starts (node -e 0)', `${node.toFixed(0)} ms`)
    report('first screen, against that (goal 3)', ratio(first, node))
    report('a room ready, unlocked, against that (goal 5)', ratio(ready, node))

    const floor = new Program(process.execPath, ['-e', readlineEcho], {})
    await floor.shows('>')
    const floorTimes = await floor.keyTimes()
    await floor.end()
    report("key to screen: Node's readline", milliseconds(floorTimes))

    const small = new Program(conclave, ['--as', 'ada', 'chat', 'small'], env)
    await small.shows('ready when you are')
    await sleep(2000)
    const idleTimes = await small.keyTimes()
    report('key to screen: idle (goal p50 1 ms)', milliseconds(idleTimes))
    report('  against readline', ratio(percentile(idleTimes, 50), percentile(floorTimes, 50)))
    await sleep(5000)
    const before = small.cost.cpuS
    await sleep(idleMs)
    report('idle for a minute: CPU (goal 50 ms)', `${((small.cost.cpuS - before) * 1000).toFixed(0)} ms`)
    report('  memory', `${small.cost.memoryMiB.toFixed(0)} MiB`)
    await small.end()

    await busyRoom(env, cheap)
  } finally {
    await run(['lock'], env).catch(() => undefined)
    rmSync(home, { recursive: true, force: true })
    rmSync(fresh, { recursive: true, force: true })
  }
}

async function busyRoom(env: NodeJS.ProcessEnv, cheap: NodeJS.ProcessEnv): Promise<void> {
  const busy = new Program(conclave, ['--as', 'ada', 'chat', 'large'], env, 120, 40)
  await busy.shows(`message ${large}`)
  await sleep(5000)
  const sender = spawn(conclave, ['--as', 'bob', 'send', 'large', '-'], {
    env: { ...process.env, ...cheap },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  let sent = 0
  const pace = setInterval(
    () => sender.stdin.write(`one of a hundred a second, number ${(sent += 1)}\n`),
    1000 / messagesPerSecond,
  )
  await sleep(3000)
  const [cpu, at] = [busy.cost.cpuS, performance.now()]
  const times = await busy.keyTimes()
  const share = (busy.cost.cpuS - cpu) / ((performance.now() - at) / 1000)
  clearInterval(pace)
  sender.stdin.end()
  await new Promise((resolve) => sender.once('exit', resolve))
  const what = `key to screen: ${large.toLocaleString('en')} messages, ${messagesPerSecond}/s`
  report(`${what} (goals 4, 30 ms)`, milliseconds(times))
  report('  of a core meanwhile (goal 30 %)', `${(share * 100).toFixed(0)} %`)
  report('  memory (goal 110 MiB)', `${busy.cost.memoryMiB.toFixed(0)} MiB`)
  busy.type('\x15\x1b[1;3H')
  await busy.shows('the beginning of large')
  await sleep(2000)
  report('  memory at its first message (goal 110 MiB)', `${busy.cost.memoryMiB.toFixed(0)} MiB`)
  await busy.end()
}

async function fill(home: string): Promise<void> {
  await using ada = await connect({ home, as: 'ada', password, signUp: true })
  await using bob = await connect({ home, as: 'bob', password, signUp: true })
  await (
    await (await ada.create('small')).send('ready when you are')
  ).sent
  const room = await ada.create('large')
  const admission = await bob.join('large')
  await room.refresh()
  await room.accept('bob', { fingerprint: bob.self.fingerprint })
  const theirs = await admission.wait()
  const together = 1000
  for (let n = 1; n <= large; n += together) {
    const sending = Array.from({ length: together }, (_, k) => theirs.send(`message ${n + k}`))
    for (const { sent } of await Promise.all(sending)) await sent
  }
  await room.refresh()
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv, program = conclave): Promise<void> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')}: ${code}`))))
  })
}
