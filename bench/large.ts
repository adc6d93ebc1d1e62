/**
 * A room of 1,000 members and 5,000 control records, 500 of them key rotations: growing, joining, kicking; then many
 * members leave, and a rotation has invalid wraps, while four members keep writing.
 */
import {
  controlRecordBytesMax,
  messageRecordBytesMax,
  programMemoryMiBMax,
  storeRequestBytesMax,
} from '../src/base/limits.ts'
import type { User } from '../test/protocol/room-builder.ts'
import { WrittenRoom } from '../test/chat/written-room.ts'
import { percentile, ratio, report } from './figures.ts'
import { Person } from './person.ts'
import type { Place } from './place.ts'

const members = 1_000
const controls = 5_000
const rotations = 500
const messages = 2_000
const accepts = 20
const leavers = 100
const lines = 40

export async function benchLarge(place: Place): Promise<void> {
  const store = await place.open()
  const room = await WrittenRoom.create(store, 'large')
  const { builder, creator } = room
  for (let k = 0; k < rotations; k += 1) await builder.rotate(creator)
  await room.write()
  const ben = await enter(place, room, 'ben')
  await room.promote('ben')
  const others = await grow(room, ben)
  await talkAndChange(room, others)
  sizes(room)

  const eve = await enter(place, room, 'eve', true)
  const kick = await ben.act({ do: 'kick', name: 'member-500' })
  report('kick (goal: ≤ 3 s)', seconds(kick.ms))
  memory('  the one who kicks', kick.rssMiB)
  await underLoad(place, room, ben, others)
  await ben.end()
  await eve.end()
  await store.close()
}

async function enter(place: Place, room: WrittenRoom, name: string, told = false): Promise<Person> {
  const person = await Person.start(place, name, name)
  await person.act({ do: 'knock', room: room.id })
  await room.letIn(name)
  const entered = await person.enter(room.id)
  if (!told) return person
  report(`joined and reading, ${entered.members} members, ${controls} changes (goal: ≤ 5 s)`, seconds(entered.pageMs))
  report('  all read and verified', seconds(entered.wholeMs))
  report('  event loop blocked meanwhile', `${entered.delayMaxMs.toFixed(0)} ms at most`)
  memory('  the newcomer', entered.rssMiB)
  return person
}

/** To 1,000 members; a real admin accepts some at the beginning and at the end. */
async function grow(room: WrittenRoom, admin: Person): Promise<readonly User[]> {
  const others: User[] = []
  const written = async (count: number) => {
    for (; others.length < count;) others.push(await room.member(`member-${others.length}`))
    await room.write()
  }
  const letIn = async (): Promise<number> => {
    const times: number[] = []
    for (let k = 0; k < accepts; k += 1) {
      const user = await room.builder.user(`member-${others.length}`)
      await room.knock(user)
      times.push((await admin.act({ do: 'accept', name: user.name })).ms)
      await room.sync()
      others.push(user)
    }
    return percentile(times, 50)
  }
  await written(80)
  const atHundred = await letIn()
  await written(members - 2 - accepts)
  const atThousand = await letIn()
  report('accept with 100 members', `${atHundred.toFixed(1)} ms`)
  report('accept with 1,000 members', `${atThousand.toFixed(1)} ms, ${ratio(atThousand, atHundred)}`)
  return others
}

async function talkAndChange(room: WrittenRoom, others: readonly User[]): Promise<void> {
  const { builder } = room
  const speakers = others.slice(0, 4)
  const changes = controls - builder.room.marks.size - 1
  for (let k = 0; k < changes; k += 1) {
    await builder.topic(others[k % others.length] as User, `topic ${k}`)
    if (k % 2 === 0 && k / 2 < messages) room.talk(speakers, 1)
    if (k % 500 === 0) await room.write()
  }
  room.talk(speakers, Math.max(0, messages - Math.ceil(changes / 2)))
  await room.write()
}

function sizes({ builder }: WrittenRoom): void {
  const longest = Math.max(...builder.log.map(({ length }) => length))
  const page = Math.max(...[...builder.pages.values()].map(({ length }) => length))
  const bound = Math.max(controlRecordBytesMax, messageRecordBytesMax)
  report('longest record', `${longest} bytes of ${bound}`)
  report('longest page of wraps so far', `${page} bytes of ${storeRequestBytesMax}`)
}

async function underLoad(place: Place, room: WrittenRoom, ben: Person, others: readonly User[]): Promise<void> {
  await room.sync()
  const senders: Person[] = []
  for (const name of ['fay', 'gus', 'hal', 'ida']) senders.push(await enter(place, room, name))
  const traitor = others.at(-1) as User
  await room.builder.promote(room.creator, traitor)
  await room.write()
  const before = room.builder.room.members.size
  const say = (text: string) => Promise.all(senders.map((sender) => sender.act({ do: 'say', text, count: lines })))

  const begun = performance.now()
  const leaving = say('leaving')
  for (const user of others.slice(0, leavers)) await room.change(user, { type: 'leave' })
  const left = performance.now() - begun
  const slowest = Math.max(...(await leaving).map(({ ms }) => ms))
  await ben.act({ do: 'await-members', count: before - leavers })
  report(`${leavers} leave while four write`, seconds(left))
  report(`  ${lines} messages each, one after the other, meanwhile`, `${seconds(slowest)} for the slowest`)

  const stuck = say('garbage')
  await room.garbage(traitor)
  const sent = (await stuck).map((one) => one.sent ?? 0)
  const out = await ben.act({ do: 'rotate' })
  const after = await say('after')
  report('recovery from an epoch that no one can open', seconds(out.ms))
  const acknowledged = `${sent.join(', ')} acknowledged before it`
  report(`  four of ${lines} messages each after it`, `${after.map((one) => one.sent).join(', ')}; ${acknowledged}`)
  for (const sender of senders) await sender.end()
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

function memory(who: string, rssMiB: number): void {
  const within = rssMiB <= programMemoryMiBMax ? 'within' : 'BEYOND'
  report(`${who}: memory at most`, `${Math.round(rssMiB)} MiB, ${within} ${programMemoryMiBMax}`)
}
