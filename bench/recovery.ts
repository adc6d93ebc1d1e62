/**
 * How long acknowledgements stop after a machine fails, through the real engine: three nodes with TLS, and a client in the
 * first one's home that sends one message after the other. The result is the longest time between two acknowledgements,
 * from the last one before the fault until well after it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Room } from '../src/index.ts'
import { report } from './figures.ts'
import { Cluster, type Node } from './nodes.ts'

const password = 'marmot-violin-pumice-84-ladder'
const runs = 5
/** Sent before the fault, so that all connections are open; and after it, for delayed effects. */
const warmMs = 1500
const afterMs = 5000

interface Fault {
  readonly what: string
  readonly goalMs: number
  /** Whether the sender's own node leads. */
  readonly ownLeads: boolean
  readonly hit: 'own' | 'leader'
  readonly how: 'kill' | 'freeze'
}

const faults: readonly Fault[] = [
  { what: "the client's own node is killed", goalMs: 1000, ownLeads: false, hit: 'own', how: 'kill' },
  { what: 'the leader, another node, is killed', goalMs: 2000, ownLeads: false, hit: 'leader', how: 'kill' },
  { what: "the client's own node, which leads, is killed", goalMs: 2000, ownLeads: true, hit: 'own', how: 'kill' },
  { what: "the client's own node is frozen", goalMs: 2000, ownLeads: false, hit: 'own', how: 'freeze' },
  { what: 'the leader, another node, is frozen', goalMs: 2000, ownLeads: false, hit: 'leader', how: 'freeze' },
  { what: "the client's own node, which leads, is frozen", goalMs: 2000, ownLeads: true, hit: 'own', how: 'freeze' },
]

/** The times of acknowledgements, until stopped. */
async function talk(room: Room, signal: AbortSignal): Promise<readonly number[]> {
  const at: number[] = []
  for (let n = 0; !signal.aborted; n += 1) {
    const { sent } = await room.send(`message ${n}`)
    await sent
    at.push(performance.now())
    await sleep(10)
  }
  return at
}

async function silence(cluster: Cluster, fault: Fault): Promise<number> {
  const [own] = cluster.nodes as [Node, ...Node[]]
  await cluster.letLead(own, fault.ownLeads)
  const leader = await cluster.whole()
  const victim = fault.hit === 'own' ? own : (cluster.nodes.find(({ name }) => name === leader) as Node)
  const chat = await connect({ home: own.home, as: 'ada', password, signUp: true })
  try {
    const room = await chat.open('bench').catch(() => chat.create('bench'))
    const enough = new AbortController()
    const talking = talk(room, enough.signal)
    await sleep(warmMs)
    const begun = performance.now()
    if (fault.how === 'kill') victim.kill()
    else victim.freeze()
    await sleep(afterMs)
    enough.abort()
    const at = await talking
    const first = at.findLastIndex((time) => time < begun)
    return Math.max(...at.slice(first + 1).map((time, k) => time - (at[first + k] as number)))
  } finally {
    await chat.close()
    if (fault.how === 'kill') await victim.start()
    else victim.thaw()
  }
}

export async function benchRecovery(): Promise<void> {
  const cluster = await Cluster.found(3)
  try {
    for (const fault of faults) {
      const times: number[] = []
      for (let n = 0; n < runs; n += 1) times.push(await silence(cluster, fault))
      times.sort((a, b) => a - b)
      const [median, worst] = [times[Math.floor(runs / 2)], times.at(-1)].map((ms) => Math.round(ms ?? Number.NaN))
      report(fault.what, `median ${median} ms, worst ${worst} ms of ${runs} (goal: ${fault.goalMs} ms)`)
    }
  } finally {
    await cluster.end()
  }
}
