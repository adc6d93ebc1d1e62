/**
 * `npm run bench`: the cost of the chat compared with its raw store, in the same run. Scenarios can be named
 * (`npm run bench -- large`); by default all but `large` run.
 */
import { fileURLToPath } from 'node:url'
import '../test/quick-argon2.cjs'
import { benchCluster } from './cluster.ts'
import { benchEmbedded } from './embedded.ts'
import { benchHostile } from './hostile.ts'
import { benchIdle } from './idle.ts'
import { benchLarge } from './large.ts'
import { benchNewcomer } from './newcomer.ts'
import { benchSearch } from './search.ts'
import { benchTerminal } from './terminal.ts'
import { clusterPlace, embeddedPlace, type Place } from './place.ts'

// Passwords are none of what is measured: cheap here, and in the processes that scenarios start.
process.env['NODE_OPTIONS'] = `--require=${fileURLToPath(new URL('../test/quick-argon2.cjs', import.meta.url))}`

const oneNode = () => clusterPlace(1)
const threeNodes = () => clusterPlace(3)

const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  embedded: async () => {
    console.log('\nEmbedded store')
    await benchEmbedded()
  },
  cluster: async () => {
    await at('Cluster', oneNode, benchCluster)
    await at('Cluster', threeNodes, benchCluster)
  },
  newcomer: async () => {
    await at('Newcomer', embeddedPlace, benchNewcomer)
    await at('Newcomer', oneNode, benchNewcomer)
  },
  hostile: async () => {
    await at('Hostile room', embeddedPlace, benchHostile)
  },
  idle: async () => {
    await at('Idle client', oneNode, benchIdle)
  },
  search: async () => {
    await at('Search', embeddedPlace, benchSearch)
  },
  terminal: async () => {
    console.log('\nTerminal')
    await benchTerminal()
  },
  large: async () => {
    await at('Large room', embeddedPlace, benchLarge)
    await at('Large room', oneNode, benchLarge)
  },
}

async function at(title: string, open: () => Promise<Place>, bench: (place: Place) => Promise<void>): Promise<void> {
  const place = await open()
  console.log(`\n${title}: ${place.name}`)
  try {
    await bench(place)
  } finally {
    await place.end()
  }
}

const named = process.argv.slice(2)
const unknown = named.find((name) => !Object.hasOwn(scenarios, name))
if (unknown !== undefined) {
  console.error(`no scenario ${unknown}: there are ${Object.keys(scenarios).join(', ')}`)
  process.exitCode = 2
} else {
  const wanted = named.length > 0 ? named : Object.keys(scenarios).filter((name) => name !== 'large')
  for (const name of wanted) await scenarios[name]?.()
}
