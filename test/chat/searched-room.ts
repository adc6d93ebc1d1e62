/** A room's log with the search index of a home, searched by the index and by reading all of it. */
import { expect } from 'vitest'
import { LocalSeal } from '../../src/chat/home/local-seal.ts'
import type { HistoryQuery, SearchResult } from '../../src/chat/chat.ts'
import type { RoomLog } from '../../src/chat/log/room-log.ts'
import { SearchIndex } from '../../src/chat/timeline/search-index.ts'
import { searchRoom, type Searched } from '../../src/chat/timeline/search.ts'
import { historyPage } from '../../src/chat/timeline/timeline.ts'
import type { Store } from '../../src/store/store.ts'
import type { Bytes } from '../../src/base/bytes.ts'
import { systemRandom } from '../../src/crypto/random.ts'
import type { Content } from '../../src/protocol/content.ts'
import { messageId } from '../../src/protocol/message.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { roomLogOf, storeOf } from '../protocol/properties/store-client.ts'
import { RoomBuilder, type User } from '../protocol/room-builder.ts'
import { searchPages } from './plain-search.ts'

export class SearchedRoom {
  readonly log: RoomLog
  readonly seal: LocalSeal
  readonly #searched: Searched
  /** Records that the last search has read. */
  recordsRead = 0

  constructor(log: RoomLog, home: Store, self: Bytes, seal = new LocalSeal([systemRandom(32)], systemRandom)) {
    this.log = log
    const records = log.records.bind(log)
    log.records = (from, to) => ((this.recordsRead += to - from), records(from, to))
    this.seal = seal
    const index = new SearchIndex(home, log.state.roomId, seal, log.replica)
    this.#searched = { log, index, viewer: { self, warningOf: () => undefined } }
  }

  find(words: readonly string[], last?: number, signal?: AbortSignal): Promise<SearchResult> {
    this.recordsRead = 0
    return searchRoom(this.#searched, words, last === undefined ? {} : { last }, signal)
  }

  /** By the index, which must find what the whole history has. @returns the places of what was found */
  async search(words: readonly string[], last?: number): Promise<readonly number[]> {
    const { log, viewer } = this.#searched
    const history = (query: HistoryQuery) => historyPage(log, viewer, query)
    const expected = await searchPages({ history }, words, last === undefined ? {} : { last })
    const result = await this.find(words, last)
    expect(result).toEqual(expected)
    return result.found.map(({ item }) => item.i)
  }
}

/** A room that is written into a store, record by record, and read by its creator. */
export class ToldRoom {
  readonly world: RoomBuilder
  readonly users: readonly User[]

  private constructor(world: RoomBuilder, users: readonly User[]) {
    this.world = world
    this.users = users
  }

  /** `names`: the first one is the room's creator, and an admin. */
  static async by(...names: readonly string[]): Promise<ToldRoom> {
    const world = new RoomBuilder('search')
    const [creator, ...others] = await Promise.all(names.map((name) => world.user(name)))
    await world.create(creator as User)
    for (const one of others) await world.join(creator as User, one)
    return new ToldRoom(world, [creator as User, ...others])
  }

  /** The id of this person's message after those before it. */
  id(by: number, before: readonly { readonly by: number }[] = []): Bytes {
    const user = this.users[by] as User
    const counter = before.filter((one) => one.by === by).length
    return messageId(this.world.roomId, user.signer.publicKey, user.device, counter)
  }

  post(by: number, ...contents: readonly Content[]): void {
    this.world.post(this.users[by] as User, ...contents)
  }

  async room(home = new MemoryStore(), seal?: LocalSeal): Promise<SearchedRoom> {
    const ada = this.users[0] as User
    const log = roomLogOf(await storeOf(this.world), this.world, ada, true, home)
    await log.catchUp()
    return new SearchedRoom(log, home, ada.signer.publicKey, seal)
  }
}
