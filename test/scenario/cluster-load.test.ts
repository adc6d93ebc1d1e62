import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { cluster, Machine, room } from './machines.ts'
import { expectAll, send } from './sending.ts'

/** The leader's machine, once there is one that runs. */
async function leader(machines: readonly Machine[]): Promise<Machine> {
  for (;;) {
    for (const machine of machines) {
      const { leader: name } = await machine.status().catch(() => ({ leader: undefined }))
      const found = machines.find((one) => one.name === name)
      if (found !== undefined) return found
    }
  }
}

test('four people send at once while two leaders are killed: each message is there once, in one order', async () => {
  const nodes = await cluster(3)
  const [first] = nodes as [Machine, ...Machine[]]
  const guest = await Machine.at(3, 'guest')
  await guest.connect(await first.invite('--client', 'dan'))
  const machines = [...nodes, guest]
  await room('demo', machines)

  const words = ['ash', 'birch', 'cedar', 'date']
  const deaths = Promise.withResolvers<void>()
  const under = machines.map((machine, at) =>
    send(machine, words[at] as string, 500, { lines: 20, everyMs: 400 }, deaths.promise),
  )
  const over = Promise.all(under.map(({ seqs }) => seqs))
  over.catch(() => {})
  for (let n = 0; n < 2; n += 1) {
    await sleep(1000)
    const victim = await leader(nodes)
    await victim.killNode()
    await sleep(1000)
    await victim.startNode()
  }
  deaths.resolve()
  await over
  await expectAll(machines, under)
})
