/**
 * Shows several rooms at a glance, and again whenever something changes: one JSON object per line and room.
 *
 *   CONCLAVE_AS=ada CONCLAVE_PASSWORD=… node examples/dashboard.ts demo lab
 */
import { once } from 'node:events'
import { connect, type Room } from 'conclave'

const roomNames = process.argv.slice(2)
const { CONCLAVE_AS: as, CONCLAVE_PASSWORD: password } = process.env
if (roomNames.length === 0 || !as || !password) {
  throw new Error('usage: CONCLAVE_AS=… CONCLAVE_PASSWORD=… node examples/dashboard.ts ROOM…')
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

await using chat = await connect({ as, password })
const shown = new Map<Room, string>()
const newest = new Map<Room, string>()

for (const room of await Promise.all(roomNames.map((name) => chat.open(name, stop.signal)))) {
  room.on('message', (message) => {
    if ('text' in message) newest.set(room, `${message.from.name}: ${message.text}`)
    show(room)
  })
  room.on('change', () => show(room))
  show(room)
}
chat.on('connection', ({ state, detail }) => console.log(JSON.stringify({ connection: state, detail })))
if (!stop.signal.aborted) await once(stop.signal, 'abort')

function show(room: Room): void {
  const { name, topic, members, unread, knocks, pending } = room
  const line = JSON.stringify({
    room: name,
    topic,
    members: members.length,
    unread,
    requests: knocks.map((knock) => knock.name),
    waiting: pending.length,
    newest: newest.get(room) ?? '',
  })
  if (shown.get(room) === line) return
  shown.set(room, line)
  console.log(line)
}
