/**
 * What a client costs that nobody uses: messages on its connection to a cluster, and what listing its rooms takes, by the
 * number of rooms. Counted by a proxy, in frames of HTTP/2 that carry data.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../src/index.ts'
import type { Place } from './place.ts'
import { milliseconds, report } from './figures.ts'
import { password } from './person.ts'
import { Proxy } from '../test/etcd/proxy.ts'

const idleMs = 10_000
const counts = [1, 60, 500]

export async function benchIdle(place: Place): Promise<void> {
  const [target = ''] = place.rawUrl(0).slice('etcd://'.length).split(',')
  const proxy = await Proxy.before(target)
  try {
    let made = 0
    for (const count of counts) {
      const home = place.home('ada')
      const maker = await connect({
        home,
        store: place.rawUrl(0),
        as: 'ada',
        password,
        ...(made === 0 && { signUp: true }),
      })
      for (; made < count; made += 1) await maker.create(`room-${made}`, { unlisted: true })
      await maker.close()
      await measure(`etcd://${proxy.address}`, home, count, proxy)
    }
  } finally {
    await proxy.end()
  }
}

async function measure(store: string, home: string, count: number, proxy: Proxy): Promise<void> {
  const opening = performance.now()
  const chat = await connect({ home, store, as: 'ada', password })
  const unlocked = performance.now()
  const listed = chat.knownRooms().length
  const shownMs = performance.now() - unlocked
  const first = await roundTrips(proxy, () => chat.rooms())
  // What a client does a little later of its own accord is over.
  await sleep(5000)
  const before = proxy.messages
  await sleep(idleMs)
  const perSecond = (proxy.messages - before) / (idleMs / 1000)
  const again = await roundTrips(proxy, () => chat.rooms())
  const rooms = `${count} ${count === 1 ? 'room' : 'rooms'}`
  report(`${rooms}: idle, messages either way (goal: ≤ 3/s)`, `${perSecond.toFixed(1)}/s`)
  report(`${rooms}: list after unlocking (goal: ≤ 300 ms)`, `${shownMs.toFixed(1)} ms, ${listed} rooms`)
  report(`${rooms}: first \`rooms\``, first)
  report(`${rooms}: \`rooms\`, nothing new (goal: ≤ 6 round trips)`, again)
  report(`${rooms}: unlocking`, milliseconds([unlocked - opening]))
  await chat.close()
}

async function roundTrips(proxy: Proxy, work: () => Promise<unknown>): Promise<string> {
  const begun = performance.now()
  const before = proxy.calls
  await work()
  return `${proxy.calls - before} round trips, ${Math.round(performance.now() - begun)} ms`
}
