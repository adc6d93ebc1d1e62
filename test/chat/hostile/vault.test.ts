/** What others do fills nothing in a person's vault for good: there is always room to act. Entries are counted. */
import { expect, onTestFinished, test } from 'vitest'
import { equalBytes, fromHex, type Bytes } from '../../../src/base/bytes.ts'
import { noticesPerKeyMax, vaultPinsMax, vaultRoomsMax, vaultSeedsMax } from '../../../src/base/limits.ts'
import { localVaultKey } from '../../../src/chat/home/local-paths.ts'
import { Identity } from '../../../src/chat/identity/identity.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import type { Pin, VaultRoom, VaultStanding } from '../../../src/crypto/vault-body.ts'
import { mergeVaultBodies } from '../../../src/crypto/vault-merge.ts'
import { openVault } from '../../../src/crypto/vault.ts'
import { inboxId } from '../../../src/protocol/notice.ts'
import { inboxRange } from '../../../src/protocol/paths.ts'
import { readOne } from '../../../src/store/read-one.ts'
import { again, enter, person, world, type Being } from '../world.ts'
import { nth, notices, putAll } from './flood.ts'

/** The vault in a home, as another program of the home has it. */
async function identityOf({ name, password, home }: Being): Promise<Identity> {
  const store = await home.open(name)
  onTestFinished(() => store.close())
  const entry = await readOne(store, localVaultKey)
  const opened = await openVault(entry?.value ?? new Uint8Array(), password)
  if (opened.kind !== 'open') throw new Error('the vault does not open')
  return Identity.unlock(opened, store, systemRandom)
}

function pins(count: number, more: Partial<Pin> = {}, nameOf = (n: number) => `mal${n}`): readonly Pin[] {
  return Array.from({ length: count }, (_, n) => {
    const pin = { confirmed: false, retired: false, decidedAt: 0, firstSeenAt: 1000 + n }
    return { name: nameOf(n), rootKey: nth(n, 32), ...pin, ...more }
  })
}

function rooms(
  count: number,
  standing: VaultStanding,
  name = 'spam',
  from = 0,
  more: Partial<VaultRoom> = {},
): readonly VaultRoom[] {
  return Array.from({ length: count }, (_, n) => {
    return { roomId: nth(from + n, 32), name, memberIndex: null, knockHash: null, standing, head: null, ...more }
  })
}

const fingerprintOf = ({ chat }: Being) => ({ fingerprint: chat.self.fingerprint })

/** People met in rooms, and keys that a member replaced one after the other. */
const full = [...pins(vaultPinsMax / 2), ...pins(vaultPinsMax / 2, { retired: true, decidedAt: 7 }, (n) => `eve${n}`)]

test('a vault full of pins has room to create, join, message, verify and rekey, and keeps what was verified', async () => {
  const place = world('memory')
  const being = await person(place, 'ada')
  const [bob, cyd, dan] = [await person(place, 'bob'), await person(place, 'cyd'), await person(place, 'dan')]
  await enter(bob, await being.chat.create('demo'))
  await being.chat.confirmKey('cyd', cyd.chat.self.fingerprint)
  const side = await cyd.chat.create('side')
  await being.chat.close()
  const vault = await identityOf(being)
  const friends = vault.body.pins
  expect(friends.map(({ name }) => name).sort()).toEqual(['ada', 'bob', 'cyd'])
  await vault.update((body) => ({ ...body, pins: [...body.pins, ...full.slice(friends.length)] }))

  const ada = await again(place, being)
  await ada.chat.rooms()
  await ada.chat.create('mine')
  await ada.chat.confirmKey('dan', dan.chat.self.fingerprint)
  await ada.chat.dm('dan')
  const admission = await ada.chat.join('side')
  await side.refresh()
  await side.accept('ada', fingerprintOf(ada))
  await admission.wait()
  await ada.chat.rekey()
  await ada.chat.close()
  const { pins: after } = (await identityOf(being)).body
  expect(after.length).toBeLessThanOrEqual(vaultPinsMax)
  expect(after.filter(({ retired }) => !retired).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['bob', 'cyd', 'dan']),
  )
})

test('pins and rooms of the longest names outgrow no vault', async () => {
  const vault = await identityOf(await person(world('memory'), 'ada'))
  const long = (n: number) => `${'m'.repeat(24)}${String(n).padStart(8, '0')}`
  const hash = new Uint8Array(32)
  const read = { memberIndex: 2 ** 40, knockHash: hash, head: { n: 2 ** 40, hash } }
  await vault.update((body) => ({
    ...body,
    rooms: rooms(vaultRoomsMax - 1, 'member', 'é'.repeat(32), 0, read),
    pins: pins(vaultPinsMax, { firstSeenAt: 2 ** 41 }, long),
  }))
  await vault.setRoom({ ...(rooms(1, 'member', 'mine', vaultRoomsMax)[0] as VaultRoom) })
  await vault.renewKeys(systemRandom)
  expect(vault.body.rooms).toHaveLength(vaultRoomsMax)
  expect(vault.body.pins.length).toBeGreaterThan(1000)
})

test.each(['stranger', 'rejected', 'left', 'kicked'] as const)(
  'rooms that a person has nothing to do with any more (%s) make room for others',
  async (standing) => {
    const vault = await identityOf(await person(world('memory'), 'ada'))
    await vault.update((body) => ({
      ...body,
      rooms: [...rooms(vaultRoomsMax - 1, standing), ...rooms(1, 'member', 'mine', vaultRoomsMax)],
    }))
    await vault.setRoom(rooms(1, 'waiting', 'new', vaultRoomsMax + 1)[0] as VaultRoom)
    await vault.setRoom(rooms(1, 'member', 'newer', vaultRoomsMax + 2)[0] as VaultRoom)
    expect(vault.body.rooms).toHaveLength(vaultRoomsMax)
    expect(vault.body.rooms.map(({ name }) => name)).toEqual(expect.arrayContaining(['mine', 'new', 'newer']))
  },
)

test('who is in as many rooms as a vault holds is told what to do, and can still rekey', async () => {
  const vault = await identityOf(await person(world('memory'), 'ada'))
  await vault.update((body) => ({ ...body, rooms: rooms(vaultRoomsMax, 'member') }))
  await expect(vault.setRoom(rooms(1, 'member', 'new', vaultRoomsMax)[0] as VaultRoom)).rejects.toMatchObject({
    code: 'usage',
    hint: expect.stringContaining('Leave'),
  })
  await vault.setRoom(rooms(1, 'left')[0] as VaultRoom)
  await vault.setRoom(rooms(1, 'member', 'new', vaultRoomsMax)[0] as VaultRoom)
  await vault.renewKeys(systemRandom)
})

test('the copies of two machines that were both full are brought together all the same', async () => {
  const vault = await identityOf(await person(world('memory'), 'ada'))
  const full = (from: number, seed: number) => ({
    ...vault.body,
    rooms: rooms(vaultRoomsMax, 'left', 'gone', from),
    pins: pins(vaultPinsMax, { firstSeenAt: seed }, (n) => `mal${from}-${n}`),
    wrapSeeds: Array.from({ length: vaultSeedsMax }, (_, n) => new Uint8Array(32).fill(seed).fill(n, 3)),
  })
  const [one, other] = [full(0, 1), full(vaultRoomsMax, 2)]
  const merged = mergeVaultBodies(one, other)
  expect(merged).toEqual(mergeVaultBodies(other, one))
  await vault.update(() => merged)
  expect(merged.rooms).toHaveLength(vaultRoomsMax)
  expect(merged.pins).toHaveLength(vaultPinsMax)
})

test('what is let go first is retired, then unverified and oldest; a verified key never goes for an unverified one', async () => {
  const vault = await identityOf(await person(world('memory'), 'ada'))
  const [first, second, ...rest] = pins(vaultPinsMax) as [Pin, Pin, ...Pin[]]
  const standing = [{ ...first, confirmed: true }, { ...second, retired: true }, ...rest]
  await vault.update((body) => ({ ...body, pins: standing }))
  const has = (rootKey: Bytes) => vault.body.pins.some((pin) => equalBytes(pin.rootKey, rootKey))
  for (const gone of [second, rest[0] as Pin]) {
    const fresh = { ...first, name: `new${gone.name}`, rootKey: fromHex('0b'.repeat(32)), firstSeenAt: 10 ** 12 }
    await vault.update((body) => ({ ...body, pins: [...body.pins, { ...fresh, name: `x${gone.name}` }] }))
    expect(has(gone.rootKey)).toBe(false)
  }
  expect(has(first.rootKey)).toBe(true)
  expect(has((rest[1] as Pin).rootKey)).toBe(true)
})

test('a friend who invites without end fills no more than a stranger, and hides no other friend', async () => {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
  await enter(bob, await ada.chat.create('demo'))
  await enter(bob, await cyd.chat.create('other'))
  await (await cyd.chat.create('den', { unlisted: true })).invite('bob')
  const to = await identityOf(bob)
  const { signer } = await identityOf(ada)
  const flood = noticesPerKeyMax + 30
  await putAll(raw, await notices({ rootKey: to.signer.publicKey, wrapKey: to.wrapKey }, flood, signer, 'ada'))
  for (let look = 0; look < 2; look += 1) await bob.chat.rooms()
  const invited = bob.chat.knownRooms().filter(({ standing }) => standing === 'invited')
  expect(invited).toHaveLength(noticesPerKeyMax + 1)
  expect(invited.map(({ name }) => name)).toContain('den')
  const { start, end } = inboxRange(inboxId(to.signer.publicKey))
  expect((await raw.range(start, end, { keysOnly: true })).entries).toHaveLength(noticesPerKeyMax + 1)
})
