/** `npm run bench`: what the chat costs on top of its store, measured against that store in the same run. */
import { benchEmbedded } from './embedded.ts'

process.env['CONCLAVE_KDF'] = 'floor'
console.log('Embedded store')
await benchEmbedded()
