/** A word that occurs nowhere in a room of 100,000 messages: the first search, and the next; by messages a record. */
import { hex, utf8 } from '../src/base/bytes.ts'
import { messagesPerRecordMax } from '../src/base/limits.ts'
import { replicaRange } from '../src/chat/home/local-paths.ts'
import { openAccounts } from '../src/chat/open-accounts.ts'
import { SqliteStore } from '../src/store/sqlite/store.ts'
import { WrittenRoom } from '../test/chat/written-room.ts'
import { median, ratio, report } from './figures.ts'
import type { Place } from './place.ts'

const messages = 100_000
const word = 'nowhere'

export async function benchSearch(place: Place): Promise<void> {
  for (const together of [1, messagesPerRecordMax]) await searchRoomOf(place, together)
}

async function searchRoomOf(place: Place, together: number): Promise<void> {
  const store = await place.open()
  const written = await WrittenRoom.create(store, `search-${together}`)
  const { builder, creator } = written
  for (let k = 0; k < messages; k += together) {
    const texts = Array.from({ length: Math.min(together, messages - k) }, (_, n) => textOf(k + n))
    builder.say(creator, ...texts)
    if (builder.log.length % 5000 === 0) await written.write()
  }
  await written.write()

  const file = `${place.home('search')}-${together}.db`
  const open = () => SqliteStore.open(file)
  const accounts = openAccounts({ home: { names: async () => [], open }, store, kdf: 'floor' })
  const { chat } = await accounts.signUp({
    name: `eve${together}`,
    password: accounts.suggestPassphrase(),
    chosen: false,
  })
  const admission = await chat.join(written.id)
  await written.letIn(`eve${together}`)
  const room = await admission.wait()
  await room.refresh()

  const local = await open()
  const { start, end } = replicaRange(builder.roomId)
  const floor = await median(() => local.range(start, end), 3)
  const first = await median(() => room.search([word]), 1)
  const next = await median(() => room.search([word]))
  const records = builder.log.length.toLocaleString('en')
  report(`${messages.toLocaleString('en')} messages, ${records} records: all read raw`, `${floor.toFixed(0)} ms`)
  report('  a word that occurs nowhere, first search, against that', ratio(first, floor))
  report('  the next search, against that', ratio(next, floor))
  await local.close()
  await chat.close()
  await store.close()
}

/** Ten words, some of them rare. */
function textOf(k: number): string {
  return `${k}: was it you who said at ${hex(utf8(String(k % 977)))} that it would rain?`
}
