import type { Home } from '../../src/chat/home/home.ts'
import { FaultyStore } from './faulty-store.ts'

/** A home whose disk a test can stop. */
export function onDisk(home: Home): { home: Home; disks: FaultyStore[] } {
  const disks: FaultyStore[] = []
  return {
    disks,
    home: {
      names: () => home.names(),
      open: async (name) => {
        const disk = new FaultyStore(await home.open(name))
        disks.push(disk)
        return disk
      },
    },
  }
}
