/** How long a newcomer waits: for the newest page, and for the rest of a long history. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hex } from '../src/base/bytes.ts'
import { verify } from '../src/crypto/sign.ts'
import { logKey, logRange } from '../src/protocol/paths.ts'
import { median, percentile, ratio, report } from './figures.ts'
import { Person, type Entered } from './person.ts'
import type { Place } from './place.ts'
import { WrittenRoom } from '../test/chat/written-room.ts'

const messages = 10_000
const page = 100

export async function benchNewcomer(place: Place): Promise<void> {
  const store = await place.open()
  const room = await WrittenRoom.create(store, 'history')
  const speakers = [room.creator, await room.member('ben'), await room.member('cyd'), await room.member('dan')]
  room.talk(speakers, messages)
  await room.write()
  const other = await WrittenRoom.create(store, 'other')
  other.talk([other.creator], messages / 10)
  await other.write()

  const eve = await Person.start(place, 'eve', 'eve')
  const joined = await comeIn(eve, 'eve', room)
  await eve.end()
  const fay = await Person.start(place, 'fay', 'fay')
  await comeIn(fay, 'fay', other)
  const alsoJoined = await comeIn(fay, 'fay', room)
  await fay.end()
  const again = await Person.start(place, 'eve-again', 'eve', eve.recoveryCode)
  const back = await again.enter(room.id, page)
  await again.end()

  const { roomId, log } = room.builder
  const from = Math.max(0, log.length - page)
  const rawCold = percentile(
    Array.from({ length: 5 }, () => coldRange(place, logKey(roomId, from), logKey(roomId, log.length))),
    50,
  )
  const rawPage = await median(() => store.range(logKey(roomId, from), logKey(roomId, log.length)))
  // The minimum for any reader, in a warm process: fetch these records, and verify each signature.
  const { creator } = room
  const signed = log.slice(from).map((record) => ({ record, signature: creator.signer.sign('bench', [record]) }))
  const rawVerified = await median(async () => {
    await store.range(logKey(roomId, from), logKey(roomId, log.length))
    for (const { record, signature } of signed) verify(creator.signer.publicKey, 'bench', [record], signature)
  })
  const { start, end } = logRange(roomId)
  const rawWhole = await median(() => store.range(start, end))
  const raw = { page: rawPage, cold: rawCold, verified: rawVerified, whole: rawWhole }
  tell('let in', joined, raw)
  tell('let in, the program warm', alsoJoined, raw)
  tell('on another machine of one’s own', back, raw)
  await store.close()
}

async function comeIn(person: Person, name: string, room: WrittenRoom): Promise<Entered> {
  await person.act({ do: 'knock', room: room.id })
  await room.letIn(name)
  return person.enter(room.id, page)
}

function coldRange(place: Place, start: Uint8Array, end: Uint8Array): number {
  const program = fileURLToPath(new URL('./range-process.ts', import.meta.url))
  const args = ['--disable-warning=ExperimentalWarning', program, place.url, hex(start), hex(end)]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

/** Medians in milliseconds. */
interface Raw {
  readonly page: number
  /** In a program just started, like the newcomer’s. */
  readonly cold: number
  readonly verified: number
  readonly whole: number
}

function tell(who: string, entered: Entered, raw: Raw): void {
  const { pageMs, wholeMs, messages: count, items, delayMaxMs, delayP99Ms, rssMiB } = entered
  report(`${who}: newest page of ${items}`, `${pageMs.toFixed(1)} ms`)
  const against = (ms: number) => `${ratio(pageMs, ms)} of ${ms.toFixed(1)} ms`
  report('  against the raw range of these records (goal: ≤ 3×)', against(raw.page))
  report('  against the same by a program that was just started', against(raw.cold))
  report('  against the range, warm, and their signatures verified', against(raw.verified))
  report('  against the raw range of the whole log', against(raw.whole))
  const rate = count / ((wholeMs - pageMs) / 1000)
  report(`  ${count} messages verified behind it (goal: ≥ 5000/s)`, `${Math.round(rate)}/s`)
  report('  event loop blocked meanwhile', `${delayMaxMs.toFixed(0)} ms at most, p99 ${delayP99Ms.toFixed(0)} ms`)
  report('  memory at most', `${Math.round(rssMiB)} MiB`)
}
