import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SupervisedProcess } from '../../src/node/process/supervised-process.ts'
import { RotatingLog } from '../../src/node/process/rotating-log.ts'
import { Supervisor, type SupervisorEvent } from '../../src/node/process/supervisor.ts'
import { bundled } from './bundled.ts'
import { testEtcd } from './etcd.ts'
import { freePorts } from './ports.ts'
import { alive, until } from './processes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conclave-supervisor-'))
})
afterEach(() => rm(folder, { recursive: true }))

const times = { firstDelayMs: 10, longestDelayMs: 40, resetAfterMs: 60_000 }

async function etcdArguments(name: string): Promise<string[]> {
  const [client, peer] = await freePorts(2)
  const at = `http://127.0.0.1:${peer}`
  return [
    `--data-dir=${join(folder, name)}`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=${at}`,
    `--initial-advertise-peer-urls=${at}`,
    `--initial-cluster=default=${at}`,
    '--election-timeout=100',
    '--heartbeat-interval=10',
    '--logger=zap',
    '--log-outputs=stderr',
  ]
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return line.toString().trim()
}

describe('a supervised etcd', () => {
  test('restarts when killed, and stops on request', async () => {
    const log = new RotatingLog(join(folder, 'etcd.log'))
    const args = await etcdArguments('data')
    const events: SupervisorEvent[] = []
    const program = { path: testEtcd(), arguments: async () => args, data: join(folder, 'data') }
    const supervisor = new Supervisor(program, log, (event) => events.push(event), times)
    const pids = (): number[] => events.flatMap((event) => (event.kind === 'started' && event.pid ? [event.pid] : []))
    for (const round of [1, 2, 3]) {
      await until(() => pids().length === round)
      await until(() => log.tail.includes('became leader'))
      if (round < 3) process.kill(pids()[round - 1] as number, 'SIGKILL')
    }
    await supervisor.stop()
    expect(await supervisor.done).toBeUndefined()
    expect(pids().some(alive)).toBe(false)
    expect(events.filter((event) => event.kind === 'ended')).toMatchObject([
      { how: 'SIGKILL', restartInMs: 10 },
      { how: 'SIGKILL', restartInMs: 20 },
    ])
    log.close()
    expect(await readFile(join(folder, 'etcd.log'), 'utf8')).toContain('became leader')
  })

  test('restarts without delay on request', async () => {
    const log = new RotatingLog(join(folder, 'log'))
    const events: SupervisorEvent[] = []
    const program = { path: '/bin/sleep', arguments: async () => ['600'], data: folder }
    // A wait would exceed the test's time limit.
    const patient = { ...times, firstDelayMs: 600_000, longestDelayMs: 600_000 }
    const supervisor = new Supervisor(program, log, (event) => events.push(event), patient)
    for (const count of [1, 2, 3]) {
      await until(() => events.length === count)
      if (count < 3) supervisor.restart()
    }
    await supervisor.stop()
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'started', 'started'])
    expect(events.some((event) => event.kind === 'started' && event.pid && alive(event.pid))).toBe(false)
    log.close()
  })

  test('does not restart after a permanent failure', async () => {
    const log = new RotatingLog(join(folder, 'etcd.log'))
    const args = ['--no-such-option']
    const supervisor = new Supervisor(
      { path: testEtcd(), arguments: async () => args, data: folder },
      log,
      () => {},
      times,
    )
    expect(await supervisor.done).toMatchObject({ code: 'unavailable', message: expect.stringContaining('options') })
    log.close()
  })

  test('backs off exponentially while it keeps ending', async () => {
    const log = new RotatingLog(join(folder, 'log'))
    const events: SupervisorEvent[] = []
    const program = { path: '/bin/false', arguments: async () => [], data: folder }
    const supervisor = new Supervisor(program, log, (event) => events.push(event), times)
    const delays = (): number[] => events.flatMap((event) => (event.kind === 'ended' ? [event.restartInMs] : []))
    await until(() => delays().length >= 5)
    await supervisor.stop()
    expect(delays().slice(0, 5)).toEqual([10, 20, 40, 40, 40])
    log.close()
  })
})

describe('a supervised process', () => {
  test('ends when its parent is killed with SIGKILL', async () => {
    const args = await etcdArguments('data')
    const script = await bundled(join(import.meta.dirname, 'supervisor-parent.ts'))
    const parent = spawn(process.execPath, [script, testEtcd(), ...args])
    const pid = Number(await firstLine(parent))
    expect(alive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await until(() => !alive(pid))
  })

  test('ends when the script between them is killed', async () => {
    let output = ''
    const hear = (chunk: Buffer): void => void (output += chunk.toString())
    const child = new SupervisedProcess('/bin/sh', ['-c', 'echo $PPID; exec sleep 600'], hear)
    const pid = (await child.pid) as number
    await until(() => output.endsWith('\n'))
    process.kill(Number(output), 'SIGKILL')
    await child.exited
    await until(() => !alive(pid))
  })

  test('ends when the script is killed at once, perhaps before it has told the process id', async () => {
    // It strikes each of them at another moment.
    const children = Array.from({ length: 30 }, () => {
      return new SupervisedProcess('/bin/sh', ['-c', 'kill -KILL $PPID; exec sleep 600'], () => {})
    })
    await Promise.all(children.map(async ({ exited }) => expect((await exited).signal).toBe('SIGKILL')))
  })

  test('reports how it ended', async () => {
    const end = (command: string): Promise<object> => new SupervisedProcess('/bin/sh', ['-c', command], () => {}).exited
    expect(await end('exit 3')).toEqual({ code: 3, signal: null })
    expect(await end('kill -9 $$')).toEqual({ code: null, signal: 'SIGKILL' })
    expect(await end('exec /nowhere/program')).toEqual({ code: 127, signal: null })
  })

  test('is killed after the grace period if it ignores SIGTERM', async () => {
    let output = ''
    const hear = (chunk: Buffer): void => void (output += chunk.toString())
    const child = new SupervisedProcess(
      '/bin/sh',
      ['-c', 'trap "" TERM; echo deaf; while :; do sleep 1; done'],
      hear,
      1,
    )
    const pid = (await child.pid) as number
    await until(() => output.includes('deaf'))
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGKILL' })
    expect(alive(pid)).toBe(false)
  })
})

describe('the log of a node', () => {
  test('rotates, loses no line and keeps a bounded number of files', async () => {
    const path = join(folder, 'log', 'etcd.log')
    const log = new RotatingLog(path, { bytesMax: 1000, filesMax: 2 })
    for (let n = 0; n < 100; n += 1) log.write(`line ${String(n).padStart(4, '0')} ${'.'.repeat(39)}\n`)
    log.close()
    const files = (await readdir(join(folder, 'log'))).sort()
    expect(files).toEqual(['etcd.log', 'etcd.log.1', 'etcd.log.2'])
    const texts = await Promise.all(['.2', '.1', ''].map((end) => readFile(path + end, 'utf8')))
    expect(texts.every((text) => text.length <= 1000)).toBe(true)
    const numbers =
      texts
        .join('')
        .match(/(?<=line )\d+/g)
        ?.map(Number) ?? []
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, k) => 100 - numbers.length + k))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('continues in the same file after a restart', async () => {
    const path = join(folder, 'etcd.log')
    for (const line of ['one\n', 'two\n']) {
      const log = new RotatingLog(path)
      log.write(line)
      log.close()
    }
    expect(await readFile(path, 'utf8')).toBe('one\ntwo\n')
  })
})
