/**
 * A cluster: the chat compared with raw puts and watches through the same client library. They alternate, so that other
 * load on the machine affects both.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { concat, hex, u64, utf8 } from '../src/base/bytes.ts'
import { connect, type Chat, type Room } from '../src/index.ts'
import type { Store } from '../src/store/store.ts'
import { milliseconds, percentile, ratio, report } from './figures.ts'
import { password } from './person.ts'
import type { Place } from './place.ts'

const samples = 300
const bulk = 4_000
const rawPuts = 400
const rawPrefix = utf8('bench/')

export async function benchCluster(place: Place): Promise<void> {
  // Each uses the same member as the raw puts and watches: a leader answers sooner than the others.
  const ada = await connect({ home: place.home('ada'), store: place.rawUrl(0), as: 'ada', password, signUp: true })
  const bob = await connect({ home: place.home('bob'), store: place.rawUrl(1), as: 'bob', password, signUp: true })
  const room = await ada.create('bench')
  await enter(bob, room)
  await bob.close()
  const near = await place.open(0)
  const listener = await Listener.start(place, room)
  await latency(room, near, listener)
  listener.end()
  await throughput(room, near)
  await ada.close()
  await near.close()
}

/** Bob, and a watch on another member, in a separate process that the sender's work does not delay. */
class Listener {
  readonly #child: ChildProcess
  readonly #waiting = new Map<string, PromiseWithResolvers<number>>()

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(place: Place, room: Room): Promise<Listener> {
    const program = fileURLToPath(new URL('./listener-process.ts', import.meta.url))
    const args = [program, place.rawUrl(1), place.home('bob'), 'bob', room.id, place.rawUrl(1), hex(rawPrefix)]
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const listener = new Listener(child)
    const ready = listener.when('ready')
    createInterface({ input: child.stdout }).on('line', (line) => listener.#take(line))
    await ready
    return listener
  }

  /** When this text arrives, milliseconds since 1970. */
  when(text: string): Promise<number> {
    const waiting = Promise.withResolvers<number>()
    this.#waiting.set(text, waiting)
    return waiting.promise
  }

  #take(line: string): void {
    const [at = '', text = ''] =
      line === 'ready' ? ['0', line] : [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
    this.#waiting.get(text)?.resolve(Number(at))
  }

  end(): void {
    this.#child.kill()
  }
}

const now = () => performance.timeOrigin + performance.now()

async function enter(chat: Chat, room: Room): Promise<Room> {
  const admission = await chat.join(room.name)
  await room.refresh()
  await room.accept(chat.self.name, { trustNew: true })
  return admission.wait()
}

/** From the call of `send` or `commit` until a client on another member has it. */
async function latency(room: Room, near: Store, listener: Listener): Promise<void> {
  await sleep(500)
  const floor: number[] = []
  const ours: number[] = []
  for (let k = 0; k < samples; k += 1) {
    const put = `raw ${k} ${'x'.repeat(380)}`
    const gotPut = listener.when(put)
    const begun = now()
    const key = concat(rawPrefix, u64(k))
    await near.commit({
      if: [{ kind: 'revision', key, modRevision: 0 }],
      then: [{ kind: 'put', key, value: utf8(put) }],
    })
    floor.push((await gotPut) - begun)
    const text = `chat ${k} ${'x'.repeat(40)}`
    const gotText = listener.when(text)
    const sending = now()
    const { sent } = await room.send(text)
    ours.push((await gotText) - sending)
    await sent
    await sleep(5)
  }
  report('raw put → seen by a watch on another member', milliseconds(floor))
  report('send → seen by a member on another member', milliseconds(ours))
  report('  ratio of the medians (goal: ≤ 1.5×)', ratio(percentile(ours, 50), percentile(floor, 50)))
}

/** One put a message, each acknowledged before the next, against a pipelined sender. They alternate, a quarter each. */
async function throughput(room: Room, store: Store): Promise<void> {
  const raw: number[] = []
  const ours: number[] = []
  for (let turn = 0; turn < 4; turn += 1) {
    const begun = performance.now()
    for (let k = 0; k < rawPuts / 4; k += 1) {
      const key = concat(utf8('bulk/'), u64(turn * rawPuts + k))
      const then = [{ kind: 'put', key, value: utf8('x'.repeat(420)) }] as const
      await store.commit({ if: [{ kind: 'revision', key, modRevision: 0 }], then })
    }
    raw.push(rawPuts / 4 / ((performance.now() - begun) / 1000))
    const start = performance.now()
    const sent: Promise<unknown>[] = []
    for (let k = 0; k < bulk / 4; k += 1) {
      sent.push(room.send(`bulk ${turn} ${k} ${'x'.repeat(40)}`).then((one) => one.sent))
      if (sent.length % 256 === 0) await Promise.all(sent.splice(0))
    }
    await Promise.all(sent)
    ours.push(bulk / 4 / ((performance.now() - start) / 1000))
  }
  const [ourMedian, rawMedian] = [percentile(ours, 50), percentile(raw, 50)]
  report('one put a message', `${Math.round(rawMedian)}/s`)
  report('one sender, pipelined (goal: ≥ 3×)', `${Math.round(ourMedian)}/s, ${ratio(ourMedian, rawMedian)}`)
}
