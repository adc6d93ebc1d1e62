/** A store that hands a new machine an older copy of the vault: what that lacks is not lost, nor replaced unseen. */
import { expect, onTestFinished, test } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.ts'
import { copySeenKey, localVaultKey } from '../../../src/chat/home/local-paths.ts'
import { followCopy, readSeen } from '../../../src/chat/identity/vault-copy.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { openVault, resealVault, vaultHeader } from '../../../src/crypto/vault.ts'
import { userKey, vaultKey } from '../../../src/protocol/paths.ts'
import { readOne } from '../../../src/store/read-one.ts'
import type { Entry, Store } from '../../../src/store/store.ts'
import { FaultyStore } from '../faulty-store.ts'
import { again, person, untilChat, world, type Being, type World } from '../world.ts'

const at = vaultKey('ada')
const read = async (raw: Store, key = at) => (await readOne(raw, key))?.value as Uint8Array
const put = (raw: Store, value: Uint8Array, key = at) => raw.commit({ then: [{ kind: 'put', key, value }] })

/** As anyone who writes to the store can be: someone else under a name that is taken. */
async function impostorOf(place: World, raw: Store, name: string): Promise<Being> {
  await raw.commit({ then: [userKey(name), vaultKey(name)].map((key) => ({ kind: 'delete', key }) as const) })
  return person(place, name)
}

/** Ada has verified bob; the store has put back the copy of her vault from before, and someone else in bob's place. */
async function scene() {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  await ada.chat.rooms()
  const old = await read(raw)
  const { fingerprint } = bob.chat.self
  await ada.chat.confirmKey('bob', fingerprint)
  await ada.chat.close()
  const newest = await read(raw)
  expect(newest).not.toEqual(old)
  const impostor = await impostorOf(place, raw, 'bob')
  await put(raw, old)
  const elsewhere = await again(place, ada, place.machine())
  return { place, raw, ada, bob, fingerprint, impostor, newest, elsewhere }
}

const closed = async (being: Being): Promise<void> => {
  await being.chat.rooms()
  await being.chat.close()
}

test('what a new machine learned and what the old one knew both stay, whichever the store shows', async () => {
  const { place, ada, fingerprint, impostor, elsewhere } = await scene()
  // The new machine knows nobody of that name.
  await elsewhere.chat.confirmKey('bob', impostor.chat.self.fingerprint)
  const cyd = await person(place, 'cyd')
  await elsewhere.chat.confirmKey('cyd', cyd.chat.self.fingerprint)
  await elsewhere.chat.close()

  const back = await again(place, ada)
  await closed(back)
  const once = await again(place, ada)
  expect(await once.chat.safetyNumber('cyd')).toMatchObject({ confirmed: true })
  await once.chat.close()
  const there = await again(place, elsewhere)
  await there.chat.rooms()
  expect([there.chat.advice?.text, (await there.chat.safetyNumber('cyd')).confirmed]).toEqual([
    expect.stringContaining('bob'),
    true,
  ])
  await there.chat.close()
  const knows = await again(place, elsewhere)
  // Two decisions of one person about one name: the later one counts, and the other is not forgotten.
  expect((await knows.chat.safetyNumber('bob')).fingerprint).toBe(impostor.chat.self.fingerprint)
  expect(fingerprint).not.toBe(impostor.chat.self.fingerprint)
})

test.each([1, 2, 3, 4])('a key seen first on the new machine does not take a verified one’s place (%i)', async () => {
  const { place, ada, fingerprint, elsewhere } = await scene()
  await elsewhere.chat.dm('bob', { trustNew: true })
  await elsewhere.chat.close()
  for (const being of [ada, elsewhere]) {
    await closed(await again(place, being))
    const now = await again(place, being)
    await now.chat.rooms()
    expect(await now.chat.safetyNumber('bob')).toMatchObject({ confirmed: false, known: fingerprint })
    await expect(now.chat.dm('bob')).rejects.toMatchObject({ code: 'unconfirmed-key' })
    await now.chat.close()
  }
})

test('the old machine says what the other one was not given', async () => {
  const { place, raw, ada, newest, elsewhere } = await scene()
  // So much is done there that the number of the copy overtakes the one that was hidden.
  for (let n = 0; n < 4; n += 1) {
    await elsewhere.chat.create(`room-${n}`, { unlisted: true })
    await closed(elsewhere)
    Object.assign(elsewhere, { chat: (await again(place, elsewhere)).chat })
  }
  await elsewhere.chat.close()
  const back = await again(place, ada)
  await back.chat.rooms()
  expect(back.chat.advice?.text).toContain('bob')
  expect(back.chat.knownRooms()).toHaveLength(4)
  // What comes after it does not hide it.
  await put(raw, newest)
  await untilChat(back.chat, () => back.chat.advice?.text.includes('older copy') === true)
  expect(back.chat.advice?.text).toContain('bob')
})

test('a copy of the same number with other contents is taken in, and told', async () => {
  const { place, raw, ada, newest, elsewhere } = await scene()
  const cyd = await person(place, 'cyd')
  await elsewhere.chat.confirmKey('cyd', cyd.chat.self.fingerprint)
  await elsewhere.chat.close()
  expect(vaultHeader(await read(raw))?.sequence).toBe(vaultHeader(newest)?.sequence)
  const back = await again(place, ada)
  await back.chat.rooms()
  expect(back.chat.advice?.text).toContain('another machine of yours did not know what you had decided about bob')
  expect(await back.chat.safetyNumber('cyd')).toMatchObject({ confirmed: true })
  expect((await back.chat.safetyNumber('bob')).known).toBeDefined()
})

test('an older copy that no machine wrote on is told as that, and nothing is missing afterwards', async () => {
  const { place, raw, ada, newest, elsewhere } = await scene()
  await elsewhere.chat.close()
  await put(raw, newest)
  await closed(await again(place, ada))
  const old = await read(raw)
  const back = await again(place, ada)
  const cyd = await person(place, 'cyd')
  await back.chat.confirmKey('cyd', cyd.chat.self.fingerprint)
  await back.chat.close()
  await put(raw, old)
  const once = await again(place, ada)
  await once.chat.rooms()
  expect(once.chat.advice?.text).toContain('older copy of your keys')
  expect(await once.chat.safetyNumber('cyd')).toMatchObject({ confirmed: true })
  await once.chat.close()
  const third = await again(place, ada, place.machine())
  expect(await third.chat.safetyNumber('cyd')).toMatchObject({ confirmed: true })
})

test('who was slow to note a copy does not take back that a newer one was seen', async () => {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const ada = await person(place, 'ada')
  await ada.chat.close()
  const home = await ada.home.open('ada')
  onTestFinished(() => home.close())
  const entry = (await readOne(home, localVaultKey)) as Entry
  const opened = await openVault(entry.value, ada.password)
  if (opened.kind !== 'open') throw new Error('the vault does not open')
  const parts = { store: raw, name: 'ada', dataKey: opened.dataKey, random: systemRandom }
  const copy = await read(raw)
  const numbered = (sequence: number) => resealVault(copy, opened.dataKey, opened.body, { sequence }) as Uint8Array
  // It has read what was seen, and stands still before it notes the copy.
  const slow = new FaultyStore(home)
  const [reached, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { commit } = slow
  slow.commit = async (transaction, signal) => {
    if (transaction.then.some((one) => one.kind === 'put' && equalBytes(one.key, copySeenKey))) {
      reached.resolve()
      await release.promise
    }
    return commit.call(slow, transaction, signal)
  }
  await put(raw, numbered(7))
  const slowly = followCopy({ ...parts, home: slow })
  await reached.promise
  await put(raw, numbered(9))
  expect(await followCopy({ ...parts, home })).toMatchObject({ standing: 'in-step' })
  const seen = await readSeen(home)
  release.resolve()
  await slowly
  expect(await readSeen(home)).toBeGreaterThanOrEqual(seen)
  await put(raw, numbered(7))
  expect(await followCopy({ ...parts, home })).toMatchObject({ older: true })
})

test('logging in tells how many keys came, and how new they are', async () => {
  const { place, raw, ada, newest, elsewhere } = await scene()
  expect(elsewhere.chat.advice).toBeUndefined()
  await put(raw, newest)
  const third = await again(place, ada, place.machine())
  const today = new Date().toISOString().slice(0, 7)
  expect(third.chat.advice?.text).toContain(`1 key of people you know, 1 verified; the newest noted on ${today}`)
})

test('keys from before a change of keys are told apart from someone else’s name', async () => {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const ada = await person(place, 'ada')
  await ada.chat.rooms()
  const old = await read(raw)
  await ada.chat.rekey()
  await ada.chat.close()
  await put(raw, old)
  const elsewhere = await again(place, ada, place.machine())
  await elsewhere.chat.rooms()
  await untilChat(elsewhere.chat, () => elsewhere.chat.recoveries.length > 0)
  expect(elsewhere.chat.recoveries[0]?.text).toContain('were replaced on another machine')
}, 20_000)
