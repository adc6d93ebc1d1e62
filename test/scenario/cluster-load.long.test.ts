import { test } from 'vitest'
import { until } from '../node/processes.ts'
import { cluster, Machine, room } from './machines.ts'
import { expectAll, sendUntil } from './sending.ts'

/** Each person's: a hundred a second. */
const pace = { lines: 25, everyMs: 250 }

/** The machine of the leader, once there is one other than `before`. */
async function leader(machines: readonly Machine[], before?: Machine): Promise<Machine> {
  let found: Machine | undefined
  await until(async () => {
    for (const machine of machines.filter((one) => one !== before)) {
      const { leader: name } = await machine.status().catch(() => ({ leader: undefined }))
      found = machines.find((one) => one.name === name)
      if (found !== undefined && found !== before) return true
    }
    return false
  }, 100)
  return found as Machine
}

test('four people send at once while two leaders are killed: each message is there once, in one order', async () => {
  const nodes = await cluster(3)
  const [first] = nodes as [Machine, ...Machine[]]
  const guest = await Machine.at(3, 'guest')
  await guest.connect(await first.invite('--client', 'dan', '--old-etcd'))
  const machines = [...nodes, guest]
  await room('demo', machines)

  const words = ['ash', 'birch', 'cedar', 'date']
  const deaths = Promise.withResolvers<void>()
  const under = machines.map((machine, at) => sendUntil(machine, words[at] as string, pace, deaths.promise))
  const over = Promise.all(under.map(({ seqs }) => seqs))
  over.catch(() => {})
  for (let n = 0; n < 2; n += 1) {
    const before = under.map(({ acknowledged }) => acknowledged.length)
    await until(() => under.every(({ acknowledged }, at) => acknowledged.length > (before[at] as number)))
    const victim = await leader(nodes)
    await victim.killNode()
    // The others choose a new one while it is down.
    await leader(nodes, victim)
    await victim.startNode()
  }
  deaths.resolve()
  await over
  await expectAll(machines, under)
})
