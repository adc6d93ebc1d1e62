/**
 * The receiving end, in a separate process as on another machine: a room member, and a raw watch through the same client
 * library. Prints each text with its arrival time, milliseconds since 1970 with fractions.
 *
 *   listener-process.ts STORE-URL HOME NAME ROOM-ID RAW-URL RAW-PREFIX    (prefix: hexadecimal)
 */
import { fromHex, prefixEnd, textOf } from '../src/base/bytes.ts'
import { connect } from '../src/index.ts'
import { password } from './person.ts'
import { openRaw } from './place.ts'

const [store = '', home = '', name = '', roomId = '', rawUrl = '', rawPrefix = ''] = process.argv.slice(2)

const chat = await connect({ home, store, as: name, password })
const room = await chat.open(roomId)
await room.refresh()
room.on('message', (message) => {
  if ('text' in message) arrived(message.text)
})
const raw = await openRaw(rawUrl)
const prefix = fromHex(rawPrefix)
const { revision } = await raw.range(prefix, prefixEnd(prefix), { limit: 1 })
console.log('ready')
for await (const { events } of raw.watch(prefix, prefixEnd(prefix), { from: revision + 1 })) {
  for (const event of events) if (event.kind === 'put') arrived(textOf(event.entry.value))
}

function arrived(text: string): void {
  process.stdout.write(`${performance.timeOrigin + performance.now()} ${text}\n`)
}
