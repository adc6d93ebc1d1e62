/** The embedded store: the chat compared with the raw store, in one run. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { prefixEnd, u64, utf8, concat } from '../src/base/bytes.ts'
import { connect, type Chat, type Room } from '../src/index.ts'
import { SqliteStore } from '../src/store/sqlite/store.ts'
import { milliseconds, percentile, ratio, report } from './figures.ts'

const password = 'marmot-violin-pumice-84-ladder'
const samples = 300
const bulk = 5_000

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** Lines of a child's output, each with its arrival time. */
function arrivals(child: ChildProcess): (fits: (line: string) => boolean) => Promise<number> {
  const waiting: { fits: (line: string) => boolean; resolve: (at: number) => void }[] = []
  createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> }).on('line', (line) => {
    const at = performance.now()
    const k = waiting.findIndex(({ fits }) => fits(line))
    if (k >= 0) waiting.splice(k, 1)[0]?.resolve(at)
  })
  return (fits) => new Promise((resolve) => waiting.push({ fits, resolve }))
}

async function floorLatency(folder: string): Promise<readonly number[]> {
  const file = join(folder, 'raw.db')
  const store = await SqliteStore.open(file)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path('./watcher.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const arrival = arrivals(child)
  await arrival((line) => line === 'ready')
  await sleep(200)
  const value = 'x'.repeat(300)
  const times: number[] = []
  for (let k = 0; k < samples; k += 1) {
    const seen = arrival((line) => line.startsWith(`${k} `))
    await store.commit({ then: [{ kind: 'put', key: concat(utf8('bench/'), u64(k)), value: utf8(`${k} ${value}`) }] })
    const done = performance.now()
    times.push((await seen) - done)
    await sleep(5)
  }
  child.kill()
  await store.close()
  return times
}

async function chatLatency(home: string, room: Room): Promise<readonly number[]> {
  const child = spawn(path('../bin/conclave'), ['--as', 'bob', '--json', 'read', 'bench', '--last', '1', '--follow'], {
    env: { ...process.env, CONCLAVE_HOME: home, CONCLAVE_PASSWORD: password },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const arrival = arrivals(child)
  await arrival(() => true)
  await sleep(300)
  const times: number[] = []
  for (let k = 0; k < samples; k += 1) {
    const text = `${k} ${'x'.repeat(280)}`
    const seen = arrival((line) => line.includes(`"text":"${text}"`))
    await (
      await room.send(text)
    ).sent
    const done = performance.now()
    times.push((await seen) - done)
    await sleep(5)
  }
  child.kill()
  return times
}

async function throughput(folder: string, room: Room): Promise<void> {
  const store = await SqliteStore.open(join(folder, 'puts.db'))
  const begun = performance.now()
  for (let k = 0; k < bulk / 5; k += 1) {
    const put = { kind: 'put', key: concat(utf8('bench/'), u64(k)), value: utf8('x'.repeat(300)) } as const
    await store.commit({ if: [{ kind: 'revision', key: put.key, modRevision: 0 }], then: [put] })
  }
  const raw = bulk / 5 / ((performance.now() - begun) / 1000)
  await store.close()
  const start = performance.now()
  const sent: Promise<unknown>[] = []
  for (let k = 0; k < bulk; k += 1) {
    sent.push(room.send(`bulk ${k} ${'x'.repeat(40)}`).then((one) => one.sent))
    if (sent.length % 256 === 0) await Promise.all(sent.splice(0))
  }
  await Promise.all(sent)
  const ours = bulk / ((performance.now() - start) / 1000)
  report('throughput 1→1 (pipelined) against one put a message', `${Math.round(ours)}/s, ${ratio(ours, raw)}`)
}

async function newcomer(home: string, ada: Chat, room: Room): Promise<void> {
  const cyd = await connect({ home, as: 'cyd', password, signUp: true })
  const admission = await cyd.join('bench')
  await sleep(300)
  await (await ada.open('bench')).accept('cyd', { trustNew: true })
  const begun = performance.now()
  const entered = await admission.wait()
  const all = performance.now() - begun
  const page = performance.now()
  await entered.history({ limit: 50 })
  const newest = performance.now() - page
  const records = entered.seq
  await cyd.close()

  const store = await SqliteStore.open(join(home, 'store.db'))
  const prefix = utf8(`rooms/${room.id}/log/`)
  const start = performance.now()
  const { entries } = await store.range(prefix, prefixEnd(prefix))
  const raw = performance.now() - start
  await store.close()
  report(
    `newcomer: in, ${records} messages in ${entries.length} records verified`,
    `${Math.round(all)} ms (${Math.round(records / (all / 1000))}/s), ${ratio(all, raw)} of the raw range`,
  )
  report('newest page once in', `${newest.toFixed(1)} ms`)
}

export async function benchEmbedded(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
  const home = join(folder, 'home')
  try {
    const floor = await floorLatency(folder)
    const ada = await connect({ home, as: 'ada', password, signUp: true })
    const bob = await connect({ home, as: 'bob', password, signUp: true })
    const room = await ada.create('bench')
    const admission = await bob.join('bench')
    await sleep(300)
    await room.accept('bob', { trustNew: true })
    await admission.wait()
    await bob.close()
    await (
      await room.send('first')
    ).sent
    const ours = await chatLatency(home, room)
    report('raw put acknowledged → seen by another process', milliseconds(floor))
    report('send acknowledged → printed by read --follow', milliseconds(ours))
    report('  ratio of the medians (goal: p50 ≤ 10 ms)', ratio(percentile(ours, 50), percentile(floor, 50)))
    await throughput(folder, room)
    await newcomer(home, ada, room)
    await ada.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
