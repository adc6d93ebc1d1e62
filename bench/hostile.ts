/**
 * What hostile records cost those who open a room: one of 10,000 records of which half are hostile, against an honest one of
 * as many records and bytes, opened by newcomers in turn.
 */
import { WrittenRoom } from '../test/chat/written-room.ts'
import { hostileWrites } from '../test/protocol/properties/hostile-writes.ts'
import { percentile, ratio, report } from './figures.ts'
import { Person } from './person.ts'
import type { Place } from './place.ts'

const records = 10_000
const rounds = 3
/** None that opens epochs: those are an admin's, and honest ones cost as much. */
const kinds = ['gap', 'newDevice', 'change', 'voidMessage', 'inventedEpoch', 'entry', 'oldKnock', 'staleRecovery']

export async function benchHostile(place: Place): Promise<void> {
  const store = await place.open()
  const hostile = await hostileRoom(await WrittenRoom.create(store, 'hostile'))
  const honest = honestRoom(await WrittenRoom.create(store, 'honest'), bytesOf(hostile))
  for (const room of [hostile, honest]) await room.write()
  report('hostile room', `${hostile.builder.log.length} records, ${bytesOf(hostile)} bytes`)
  report('honest room', `${honest.builder.log.length} records, ${bytesOf(honest)} bytes`)

  const times = { hostile: [] as number[], honest: [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    times.honest.push(await opening(place, honest, `ann-${round}`))
    times.hostile.push(await opening(place, hostile, `eve-${round}`))
  }
  const [bad, good] = [percentile(times.hostile, 50), percentile(times.honest, 50)]
  report('the honest room, all read and verified', `${(good / 1000).toFixed(2)} s`)
  report('the hostile room, against that (goal: ≤ 2×)', `${(bad / 1000).toFixed(2)} s, ${ratio(bad, good)}`)
  await store.close()
}

function bytesOf({ builder }: WrittenRoom): number {
  return builder.log.reduce((sum, { length }) => sum + length, 0)
}

async function hostileRoom(room: WrittenRoom): Promise<WrittenRoom> {
  const { builder: world, creator: ada } = room
  const mallory = await room.member('mallory')
  const at = { world, ada, mallory, eve: await world.user('eve') }
  await world.rotate(ada)
  for (let k = 0; world.log.length < records; k += 1) {
    room.talk([ada], 1)
    await hostileWrites[kinds[k % kinds.length] ?? '']?.(at, k % 1000)
    // Each verdict holds on to a whole room.
    world.verdicts.length = 0
  }
  return room
}

/** With texts as long as it takes. */
function honestRoom(room: WrittenRoom, bytes: number): WrittenRoom {
  const { builder, creator } = room
  for (let written = bytesOf(room); builder.log.length < records;) {
    const left = (bytes - written) / (records - builder.log.length)
    const { bytes: record } = builder.say(creator, 'x'.repeat(Math.max(20, Math.floor(left / 1.12) - 320)))
    written += record.length
  }
  builder.verdicts.length = 0
  return room
}

/** In milliseconds, until a newcomer has read all of it. */
async function opening(place: Place, room: WrittenRoom, name: string): Promise<number> {
  const person = await Person.start(place, name, name)
  await person.act({ do: 'knock', room: room.id })
  await room.letIn(name)
  const { wholeMs } = await person.enter(room.id)
  await person.end()
  return wholeMs
}
