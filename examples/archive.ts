/**
 * Appends a room's messages to a file, one JSON object per line, and keeps going. Started again, it continues after the
 * last message in the file.
 *
 *   CONCLAVE_AS=ada CONCLAVE_PASSWORD=… node examples/archive.ts demo demo.jsonl
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { connect } from 'conclave'

const [roomName, file] = process.argv.slice(2)
const { CONCLAVE_AS: as, CONCLAVE_PASSWORD: password } = process.env
if (!roomName || !file || !as || !password) {
  throw new Error('usage: CONCLAVE_AS=… CONCLAVE_PASSWORD=… node examples/archive.ts ROOM FILE')
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

let next = 1
if (existsSync(file)) {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    next = (JSON.parse(line) as { seq: number }).seq + 1
  }
}
const out = createWriteStream(file, { flags: 'a', mode: 0o600 })

await using chat = await connect({ as, password })
const room = await chat.open(roomName, stop.signal)
for await (const item of room.follow({ from: next, signal: stop.signal })) {
  // After a rollback of the store messages may come once more; each number is archived once.
  if (item.kind !== 'message' || item.seq < next) continue
  next = item.seq + 1
  const { kind: _, from, ...message } = item
  if (!out.write(`${JSON.stringify({ ...message, from: from.name, fingerprint: from.fingerprint })}\n`)) {
    await once(out, 'drain')
  }
  console.log(`archived ${item.seq}`)
}
out.end()
await once(out, 'finish')
