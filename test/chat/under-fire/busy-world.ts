/** Everybody on one store in memory, each behind a line of his own that dawdles. */
import type { Dice } from '../../protocol/seeded.ts'
import { world, type World } from '../world.ts'
import { ShuffledStore, type Weather } from './shuffled-store.ts'

export function busyWorld(dice: Dice, weather?: Weather): World {
  const place = world('memory')
  return { ...place, openStore: async () => new ShuffledStore(await place.openStore(), dice, weather) }
}
