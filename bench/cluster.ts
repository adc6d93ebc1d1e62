/**
 * A cluster: the chat against raw puts and watches through the same client library, in turns, so that whatever else the
 * machine does meets both.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { concat, prefixEnd, u64, utf8 } from '../src/base/bytes.ts'
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
  const ada = await connect({ home: place.home('ada'), store: place.url, as: 'ada', password, signUp: true })
  const bob = await connect({ home: place.home('bob'), store: place.url, as: 'bob', password, signUp: true })
  const room = await ada.create('bench')
  const theirs = await enter(bob, room)
  const [near, far] = [await place.open(0), await place.open(1)]
  await latency(room, theirs, near, far)
  await throughput(room, near)
  await ada.close()
  await bob.close()
  await near.close()
  await far.close()
}

async function enter(chat: Chat, room: Room): Promise<Room> {
  const admission = await chat.join(room.name)
  await room.refresh()
  await room.accept(chat.self.name)
  return admission.wait()
}

/** From the call of `send` or `commit` until another client, on another member, has it. */
async function latency(room: Room, theirs: Room, near: Store, far: Store): Promise<void> {
  const seen = new Map<string, PromiseWithResolvers<number>>()
  const waitFor = (text: string) => {
    const waiting = Promise.withResolvers<number>()
    seen.set(text, waiting)
    return waiting.promise
  }
  const arrived = (text: string) => seen.get(text)?.resolve(performance.now())
  const unsubscribe = theirs.subscribe((change) => {
    if (change.kind !== 'items') return
    for (const item of change.items) if (item.kind === 'message' && 'text' in item) arrived(item.text)
  })
  const ended = new AbortController()
  const watching = watchRaw(far, ended.signal, arrived)
  await sleep(500)
  const floor: number[] = []
  const ours: number[] = []
  for (let k = 0; k < samples; k += 1) {
    const put = `raw ${k} ${'x'.repeat(380)}`
    const gotPut = waitFor(put)
    const begun = performance.now()
    const key = concat(rawPrefix, u64(k))
    await near.commit({
      if: [{ kind: 'revision', key, modRevision: 0 }],
      then: [{ kind: 'put', key, value: utf8(put) }],
    })
    floor.push((await gotPut) - begun)
    const text = `chat ${k} ${'x'.repeat(40)}`
    const gotText = waitFor(text)
    const sending = performance.now()
    const { sent } = await room.send(text)
    ours.push((await gotText) - sending)
    await sent
    await sleep(5)
  }
  unsubscribe()
  ended.abort()
  await watching
  report('raw put → seen by a watch on another member', milliseconds(floor))
  report('send → seen by a member on another member', milliseconds(ours))
  report('  ratio of the medians (goal: ≤ 1.5×)', ratio(percentile(ours, 50), percentile(floor, 50)))
}

async function watchRaw(store: Store, signal: AbortSignal, arrived: (text: string) => void): Promise<void> {
  for await (const { events } of store.watch(rawPrefix, prefixEnd(rawPrefix), { signal })) {
    for (const event of events) if (event.kind === 'put') arrived(new TextDecoder().decode(event.entry.value))
  }
}

/** One put a message, each acknowledged before the next; against one sender who does not wait. In turns of a quarter. */
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
