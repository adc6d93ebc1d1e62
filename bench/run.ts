/** `npm run bench [-- NAME …]`: what the chat costs on top of its store, and how soon it goes on after a fault. */
import { benchEmbedded } from './embedded.ts'
import { benchRecovery } from './recovery.ts'

const benches = {
  embedded: { title: 'Embedded store', run: benchEmbedded },
  recovery: { title: 'A cluster of three that loses a machine', run: benchRecovery },
}

process.env['CONCLAVE_KDF'] = 'floor'
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`There is ${Object.keys(benches).join(', ')}; not ${unknown.join(', ')}.`)
  process.exit(2)
}
for (const [name, { title, run }] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(title)
  await run()
}
