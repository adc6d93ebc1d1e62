/**
 * Prints what was said in a room as `conclave read ROOM --json` does, from an embedded store and one's wrap seeds, without
 * any of Conclave's code: node examples/second-reader/main.ts store.db <<< '{"room": "its id", "seeds": ["hexadecimal"]}'
 */
import { text } from 'node:stream/consumers'
import { DatabaseSync } from 'node:sqlite'
import { bytes, hex, type Bytes } from './format.ts'
import { gather, judge } from './room.ts'

const { room, seeds } = JSON.parse(await text(process.stdin)) as { room: string; seeds: string[] }
const database = new DatabaseSync(process.argv[2] ?? 'store.db', { readOnly: true })
const query = database.prepare('SELECT value FROM entries WHERE key > ? AND key < ? AND length(key) = ? ORDER BY key')

/** §5: the values behind a prefix and a number of 8 bytes. */
function numbered(prefix: string): Bytes[] {
  const start = Buffer.from(`rooms/${room}/${prefix}/`)
  const rows = query.all(start, Buffer.concat([start, bytes('ff')]), start.length + 8)
  return rows.map((row) => row['value'] as Bytes)
}
const [roomId, log, own] = [bytes(room), numbered('log'), seeds.map(bytes)]
const secrets = await gather(roomId, log, (wraps) => numbered(`wraps/${hex(wraps)}`), own)
for (const line of judge(roomId, log, secrets).lines) console.log(JSON.stringify(line))
