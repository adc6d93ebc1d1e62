/**
 * Machines and people around one store, in one process: each person has handles of his own on the store and on his
 * home, as a process of its own would.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock, type Clock } from '../../src/base/clock.ts'
import type { Accounts } from '../../src/chat/accounts.ts'
import type { Chat, Room } from '../../src/chat/chat.ts'
import type { Home } from '../../src/chat/home/home.ts'
import type { MessageItem, TimelineItem } from '../../src/chat/item.ts'
import { openAccounts } from '../../src/chat/open-accounts.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { openPatienceMs } from '../../src/base/limits.ts'
import { prefixEnd, utf8 } from '../../src/base/bytes.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { FaultyStore } from './faulty-store.ts'

export const kinds = ['memory', 'sqlite'] as const
/** Where nothing has to last: the stores behave alike (test/conformance), so only long runs take both. */
export const anyKind = process.env['CONCLAVE_LONG'] === undefined ? (['memory'] as const) : kinds
export type Kind = (typeof kinds)[number]

export interface World {
  readonly kind: Kind
  /** A further handle on the shared store. */
  openStore(): Promise<Store>
  /** A machine of its own, with nobody's identity on it. */
  machine(): Home
}

export interface Being {
  readonly name: string
  readonly password: string
  readonly home: Home
  readonly line: FaultyStore
  readonly accounts: Accounts
  readonly chat: Chat
}

/**
 * Pauses between tries, before duties and before pins pass ten times as fast: their order is tested, not their length. The
 * wait for a store that may answer yet is longer, since a busy machine's does so late; what comes every few seconds stays.
 */
export const quickClock: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, options) => {
    if (ms === openPatienceMs) return systemClock.sleep(20 * ms, options)
    return systemClock.sleep(ms < 1000 ? ms / 10 : ms, options)
  },
}

/** Passes every check, and is nobody's. */
export const ownPassword = 'marmot-violin-pumice-84-ladder'

export function world(kind: Kind): World {
  return kind === 'memory' ? memoryWorld() : sqliteWorld()
}

function memoryWorld(): World {
  const first = new MemoryStore()
  return {
    kind: 'memory',
    openStore: async () => first.another(),
    machine: () => {
      const stores = new Map<string, MemoryStore>()
      return {
        names: async () => [...stores.keys()],
        open: async (name) => {
          const known = stores.get(name) ?? new MemoryStore()
          stores.set(name, known)
          return known.another()
        },
      }
    },
  }
}

function sqliteWorld(): World {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-chat-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  let machines = 0
  return {
    kind: 'sqlite',
    openStore: () => SqliteStore.open(join(folder, 'store.db')),
    machine: () => {
      machines += 1
      const home = join(folder, `home-${machines}`)
      mkdirSync(home)
      return {
        names: async () => readdirSync(home).flatMap((file) => (file.endsWith('.db') ? [file.slice(0, -3)] : [])),
        open: (name) => SqliteStore.open(join(home, `${name}.db`)),
      }
    },
  }
}

/** A line to the store and the accounts of a home, as a program has them that has just been started. */
export async function program(
  place: World,
  home: Home,
  clock = quickClock,
): Promise<{ line: FaultyStore; accounts: Accounts }> {
  const line = new FaultyStore(await place.openStore())
  // After the chats that use it.
  onTestFinished(() => line.close())
  return { line, accounts: openAccounts({ home, store: line, clock, kdf: 'floor' }) }
}

/** Somebody new, on a machine of his own unless told otherwise. */
export async function person(place: World, name: string, home = place.machine()): Promise<Being> {
  const { line, accounts } = await program(place, home)
  const password = accounts.suggestPassphrase()
  const { chat } = await accounts.signUp({ name, password, chosen: false })
  closeAtEnd(chat, line)
  return { name, password, home, line, accounts, chat }
}

/** Another program of somebody who is known in a home, or in the store. */
export async function again(
  place: World,
  { name, password, home }: Being,
  at = home,
  clock = quickClock,
): Promise<Being> {
  const { line, accounts } = await program(place, at, clock)
  const chat = await accounts.logIn({ name, password })
  closeAtEnd(chat, line)
  return { name, password, home: at, line, accounts, chat }
}

export function closeAtEnd(chat: Chat, line?: FaultyStore): void {
  onTestFinished(async () => {
    line?.mend()
    await chat.close()
  })
}

/** As the lease of a process that died does in time: its lanes are free. */
export async function bury({ home, name }: Being): Promise<void> {
  const local = await home.open(name)
  const key = utf8('lanes/')
  await local.commit({ then: [{ kind: 'delete', key, end: prefixEnd(key) }] })
  await local.close()
}

/** Whether a transaction puts something into a room's log. */
export const appends = ({ then }: Transaction): boolean =>
  then.some(({ kind, key }) => kind === 'put' && Buffer.from(key).toString('latin1').includes('/log/'))

/** Knocks, is accepted, and enters. */
export async function enter(who: Being, room: Room): Promise<Room> {
  const admission = await who.chat.join(room.name)
  await room.accept(who.name, { trustNew: true })
  return admission.wait()
}

/** Everything that is shown of a room, from its beginning on, page by page. */
export async function wholeHistory(room: Room): Promise<readonly TimelineItem[]> {
  const items: TimelineItem[] = []
  for (;;) {
    const page = await room.history({ limit: 500, fromIndex: (items.at(-1)?.i ?? -1) + 1 })
    items.push(...page.items)
    if (!page.more) return items
  }
}

export function messages(items: readonly TimelineItem[]): readonly MessageItem[] {
  return items.filter((item) => item.kind === 'message')
}

export function texts(items: readonly TimelineItem[]): readonly string[] {
  return messages(items).map((item) => ('text' in item ? item.text : item.type))
}

/** What happened, as short words: `create by ada`, `accept bob by ada`, or a message's text. */
export function told(items: readonly TimelineItem[]): readonly string[] {
  return items.map((item) => {
    if (item.kind === 'warning') return `warning: ${item.reason}`
    if (item.kind === 'lost') return `lost: ${told([item.item])[0] ?? ''}`
    if (item.kind === 'message') return `${item.from.name}: ${texts([item])[0] ?? ''}`
    const target = item.target === undefined ? '' : ` ${item.target.name}`
    return `${item.event}${target} by ${item.by.name}`
  })
}

/** Sends one after the other, and waits until the store has them all. */
export async function say(room: Room, ...lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const { sent } = await room.send(line)
    await sent
  }
}

/** Resolves when something holds that changes of the room tell about. */
export async function until(room: Room, holds: () => boolean): Promise<void> {
  if (holds()) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const unsubscribe = room.subscribe(() => holds() && resolve())
  // A change may come between the look and the subscription, or be told a turn before it is so.
  const timer = setInterval(() => holds() && resolve(), 20)
  await promise
  clearInterval(timer)
  unsubscribe()
}

/** The same of a chat. */
export async function untilChat(chat: Chat, holds: () => boolean): Promise<void> {
  if (holds()) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const unsubscribe = chat.subscribe(() => {
    if (holds()) resolve()
  })
  await promise
  unsubscribe()
}
