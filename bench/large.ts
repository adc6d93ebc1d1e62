/** A room of 1,000 members and 5,000 control records: coming in, kicking, many leaving, a rotation under load. */
import { report } from './figures.ts'
import { Person } from './person.ts'
import type { Place } from './place.ts'
import { WrittenRoom } from '../test/chat/written-room.ts'

const members = 1_000
const controls = 5_000
const messages = 2_000

export async function benchLarge(place: Place): Promise<void> {
  const store = await place.open()
  const room = await WrittenRoom.create(store, 'large')
  await grow(room)
  const eve = await Person.start(place, 'eve', 'eve')
  await eve.act({ do: 'knock', room: room.id })
  await room.letIn('eve')
  const entered = await eve.enter(room.id)
  report(`in and reading (goal: ≤ 5 s), ${entered.members} members`, `${(entered.pageMs / 1000).toFixed(2)} s`)
  report('  all of it read and verified after', `${(entered.wholeMs / 1000).toFixed(2)} s`)
  report('  event loop held up meanwhile', `${entered.delayMaxMs.toFixed(0)} ms at most`)
  report('  memory at most', `${Math.round(entered.rssMiB)} MiB`)
  await room.promote('eve')
  const kick = await eve.act({ do: 'kick', name: 'member-500' })
  report('kick (goal: ≤ 3 s)', `${(kick.ms / 1000).toFixed(2)} s, memory at most ${Math.round(kick.rssMiB)} MiB`)
  await eve.end()
  await store.close()
}

/** Members first, each hundred timed; then changes of other kinds, with messages between them. */
async function grow(room: WrittenRoom): Promise<void> {
  const speakers = [room.creator]
  let begun = performance.now()
  const hundreds: number[] = []
  for (let k = 1; k < members; k += 1) {
    const member = await room.member(`member-${k}`)
    if (speakers.length < 4) speakers.push(member)
    if (k % 100 === 0) {
      await room.write()
      hundreds.push(performance.now() - begun)
      begun = performance.now()
    }
  }
  const last = hundreds.at(-1) as number
  report('grown to 1,000: the last hundred against the second', `${(last / (hundreds[1] as number)).toFixed(2)}×`)
  const { builder, creator } = room
  for (let k = members; k < controls; k += 1) {
    await builder.topic(creator, `topic ${k}`)
    if (k % 2 === 0) room.talk(speakers, 1)
    if (k % 500 === 0) await room.write()
  }
  room.talk(speakers, messages - (controls - members) / 2)
  await room.write()
}
