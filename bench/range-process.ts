/**
 * The lower bound for a newcomer's first page: a freshly started program with an open connection fetches the same records
 * for the first time. Prints the milliseconds.
 *
 *   range-process.ts STORE-URL START END    (keys, hexadecimal)
 */
import { fromHex, utf8 } from '../src/base/bytes.ts'
import { openRaw } from './place.ts'

const [url = '', start = '', end = ''] = process.argv.slice(2)
const store = await openRaw(url)
await store.range(utf8('incarnation'), utf8('incarnatioo'))
const begun = performance.now()
await store.range(fromHex(start), fromHex(end))
console.log(performance.now() - begun)
await store.close()
