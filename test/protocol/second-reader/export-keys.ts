/**
 * What the second reader is given, out of an identity's vault: the room's id and the wrap seeds, as JSON. Anyone who holds
 * them reads all that their owner can.
 *
 *   CONCLAVE_PASSWORD=… node test/protocol/second-reader/export-keys.ts HOME NAME ROOM
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hex } from '../../../src/base/bytes.ts'
import { localVaultKey } from '../../../src/chat/home/local-paths.ts'
import { readOne } from '../../../src/store/read-one.ts'
import { skeleton } from '../../../src/crypto/skeleton.ts'
import { openVault } from '../../../src/crypto/vault.ts'
import { SqliteStore } from '../../../src/store/sqlite/store.ts'

export async function exportKeys(home: string, name: string, roomName: string, password: string): Promise<string> {
  const store = await SqliteStore.open(join(home, 'identities', `${skeleton(name)}.db`))
  try {
    const entry = await readOne(store, localVaultKey)
    if (entry === undefined) throw new Error(`${name} has no vault in ${home}`)
    const vault = await openVault(entry.value, password)
    if (vault.kind !== 'open') throw new Error(`the vault of ${name}: ${vault.kind}`)
    const room = vault.body.rooms.find((known) => known.name === roomName)
    if (room === undefined) throw new Error(`${name} knows no room ${roomName}`)
    return JSON.stringify({ room: hex(room.roomId), seeds: vault.body.wrapSeeds.map(hex) })
  } finally {
    await store.close()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [home = '', name = '', room = ''] = process.argv.slice(2)
  console.log(await exportKeys(home, name, room, process.env['CONCLAVE_PASSWORD'] ?? ''))
}
