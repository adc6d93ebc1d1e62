/** The receiving end of raw puts, in a separate process: prints the value of each key put under `bench/`. */
import { SqliteStore } from '../src/store/sqlite/store.ts'
import { prefixEnd, textOf, utf8 } from '../src/base/bytes.ts'

const store = await SqliteStore.open(process.argv[2] as string)
const prefix = utf8('bench/')
const { revision } = await store.range(prefix, prefixEnd(prefix), { limit: 1 })
console.log('ready')
for await (const { events } of store.watch(prefix, prefixEnd(prefix), { from: revision + 1 })) {
  for (const event of events) if (event.kind === 'put') process.stdout.write(`${textOf(event.entry.value)}\n`)
}
