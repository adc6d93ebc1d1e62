/**
 * A store in which all has happened that can happen in rooms, as somebody sees it who may read and write every key of
 * it, and who was there earlier: what stands now, and what stood halfway.
 */
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import { Identity } from '../../../src/chat/identity/identity.ts'
import { localVaultKey } from '../../../src/chat/home/local-paths.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { openVault } from '../../../src/crypto/vault.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import type { Entry, Store } from '../../../src/store/store.ts'
import { enter, person, say, until, world, type Being } from '../world.ts'

export interface Reader {
  readonly name: string
  readonly identity: Identity
  /** What his home holds, with a replica of the room. */
  readonly home: readonly Entry[]
}

export interface RichStore {
  readonly roomId: Bytes
  readonly names: readonly string[]
  readonly entries: readonly Entry[]
  /** Halfway through. */
  readonly earlier: readonly Entry[]
  /** In since the beginning, with new keys since. */
  readonly member: Reader
  /** Kicked before the end, for good. */
  readonly kicked: Reader
}

export async function richStore(): Promise<RichStore> {
  const place = world('memory')
  const raw = await place.openStore()
  const people = []
  for (const name of ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay']) people.push(await person(place, name))
  const [ada, bob, cyd, dan, eve, fay] = people as [Being, Being, Being, Being, Being, Being]
  const room = await ada.chat.create('demo')
  await say(room, 'before anybody came')
  const bobs = await enter(bob, room)
  const cyds = await enter(cyd, room)
  await say(bobs, 'hello', 'and more', 'and still more')
  const { id } = await (await room.send({ type: 'text', text: 'a messgae' })).sent
  await (
    await room.send({ type: 'edit', to: id, text: 'a message' })
  ).sent
  await (
    await cyds.send({ type: 'reply', to: id, text: 'an answer' })
  ).sent
  await (
    await bobs.send({ type: 'react', to: id, emoji: '👍', on: true })
  ).sent
  await (
    await bobs.send({ type: 'emote', text: 'waves' })
  ).sent
  const dans = await enter(dan, room)
  await say(dans, 'dan is here')
  await room.kick('dan')
  await say(bobs, 'without dan')
  await bob.chat.rekey()
  await enter(dan, room)
  const eves = await enter(eve, room)
  const earlier = await everything(raw)

  await room.rotate()
  await room.setTopic('what it is about')
  await room.promote('bob')
  await say(bobs, 'as an admin')
  await (
    await room.send({ type: 'delete', to: id })
  ).sent
  await room.setPolicy({ acceptBy: 'admins' })
  await room.invite('fay', { trustNew: true })
  const epochs = () => room.members.some(({ name }) => name === 'eve')
  await eves.leave()
  await until(room, () => !epochs())
  await say(cyds, 'the last that cyd says')
  await room.kick('cyd')
  await say(room, 'after the kick', 'and more after it')
  await say(bobs, 'only for those who are in')
  const pair = await ada.chat.dm('bob')
  await say(pair, 'between the two of us')
  const side = await bob.chat.create('side')
  await say(side, 'in another room')
  await fay.chat.join('side')
  await bobs.refresh()
  await cyds.refresh().catch(() => undefined)
  for (const { chat } of people) await chat.close()
  const member = await reader(bob)
  const kicked = await reader(cyd)
  const names = people.map(({ name }) => name)
  return { roomId: fromHex(room.id), names, entries: await everything(raw), earlier, member, kicked }
}

export async function everything(store: Store): Promise<readonly Entry[]> {
  const { entries } = await store.range(Uint8Array.of(0), new Uint8Array(64).fill(255))
  return entries
}

async function reader({ name, password, home }: Being): Promise<Reader> {
  const store = await home.open(name)
  const entries = await everything(store)
  const vault = entries.find(({ key }) => Buffer.compare(key, localVaultKey) === 0)
  const opened = await openVault(vault?.value ?? new Uint8Array(), password)
  if (opened.kind !== 'open') throw new Error(`the vault of ${name} does not open`)
  return { name, identity: await Identity.unlock(opened, store, systemRandom), home: entries }
}

/** A store of its own that holds just these. */
export async function storeOf(entries: readonly Pick<Entry, 'key' | 'value'>[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  const [large, small] = [entries.filter(isLarge), entries.filter((entry) => !isLarge(entry))]
  const pages = large.map((entry) => [entry])
  for (let at = 0; at < small.length; at += 100) pages.push(small.slice(at, at + 100))
  for (const page of pages) await store.commit({ then: page.map(({ key, value }) => ({ kind: 'put', key, value })) })
  return store
}

const isLarge = ({ value }: Pick<Entry, 'value'>): boolean => value.length > 10_000
