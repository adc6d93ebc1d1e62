/**
 * Answers "!remind 10m stand up" ten minutes later. Reminders live as long as this program.
 *
 *   CONCLAVE_AS=clock CONCLAVE_PASSWORD='six words or so' node examples/reminder.ts demo
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type MessageItem, type Room } from 'conclave'

const unitMs = { s: 1000, m: 60_000, h: 3_600_000 }
const remindersMax = 1000
const [roomName] = process.argv.slice(2)
const { CONCLAVE_AS: as = 'clock', CONCLAVE_PASSWORD: password } = process.env
if (!roomName || !password) throw new Error('usage: CONCLAVE_PASSWORD=… node examples/reminder.ts ROOM')

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

await using chat = await connect({ as, password, signUp: true })
let waiting = 0
try {
  const admission = await chat.join(roomName, {}, stop.signal)
  const room = await admission.wait(stop.signal)
  room.on('message', (message) => remind(room, message))
  console.log(`listening in ${room.name}`)
  await sleep(2 ** 31 - 1, undefined, { signal: stop.signal })
} catch (error) {
  if (!stop.signal.aborted) throw error
}

/** What it throws is logged by the room: an event listener never ends the program. */
async function remind(room: Room, message: MessageItem): Promise<void> {
  const match = message.type === 'text' && !message.own ? /^!remind (\d{1,3})([smh]) (.+)$/s.exec(message.text) : null
  if (match === null || waiting >= remindersMax) return
  const [, count, unit, what = ''] = match
  waiting += 1
  try {
    await room.send({ type: 'react', to: message.id, emoji: '⏰', on: true })
    await sleep(Number(count) * unitMs[unit as keyof typeof unitMs], undefined, { signal: stop.signal })
    await room.send({ type: 'reply', to: message.id, text: `${message.from.name}: ${what}` })
  } finally {
    waiting -= 1
  }
}
