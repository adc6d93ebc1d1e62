/** What hostile messages cost on their way to people: printing, searching, pages of history. Counted, never timed. */
import { describe, expect, it } from 'vitest'
import { searchBlockRecords } from '../../../src/base/limits.ts'
import type { HistoryPage } from '../../../src/chat/chat.ts'
import type { MessageItem, TimelineItem } from '../../../src/chat/item.ts'
import { historyPage } from '../../../src/chat/timeline/timeline.ts'
import { reactionText } from '../../../src/chat/wording.ts'
import { changedBy, type Change } from '../../../src/chat/timeline/changes.ts'
import { ItemLines } from '../../../src/cli/output/item-text.ts'
import { newest } from '../../../src/cli/room/reading.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { roomLogOf, storeOf } from '../../protocol/properties/store-client.ts'
import { RoomBuilder } from '../../protocol/room-builder.ts'
import { ToldRoom } from '../searched-room.ts'
import { expectLinear } from './linear.ts'

const from = { name: 'ada', fingerprint: '1', id: 'a', admin: false }

function message(seq: number, content: Partial<MessageItem> & { readonly type: string }): MessageItem {
  return { kind: 'message', i: seq, seq, id: `m${seq}`, at: seq, from, own: false, ...content } as MessageItem
}

const text = (seq: number) => message(seq, { type: 'text', text: `message ${seq}` })
const reaction = (seq: number, emoji: string) => message(seq, { type: 'react', to: 'm1', emoji, on: true })

/** Items that arrays give to spreads, loops and copies while this runs. */
async function elementsCopied(work: () => unknown): Promise<number> {
  const original = Array.prototype[Symbol.iterator]
  let count = 0
  Array.prototype[Symbol.iterator] = function* (this: unknown[]) {
    count += this.length
    yield* { [Symbol.iterator]: () => original.call(this) }
  } as typeof original
  try {
    await work()
  } finally {
    Array.prototype[Symbol.iterator] = original
  }
  return count
}

/** A room with these items, in pages. */
function roomWith(items: readonly TimelineItem[]) {
  return {
    async history({ before = Infinity, limit }: { before?: number; limit: number }): Promise<HistoryPage> {
      const end = items.findIndex(({ i }) => (i ?? 0) >= before)
      const earlier = items.slice(0, end < 0 ? items.length : end)
      return { items: earlier.slice(-limit), more: earlier.length > limit }
    },
  }
}

describe('thousands of reactions to one message', () => {
  const reactions = (count: number) => Array.from({ length: count }, (_, k) => reaction(k + 2, '👍'))

  it('are printed one by one, each for the same', () => {
    const cost = (count: number) => {
      let reads = 0
      const lines = new ItemLines({})
      lines.lines(text(1))
      for (const item of reactions(count)) {
        const counting = { ...item }
        Object.defineProperty(counting, 'type', { get: () => ((reads += 1), 'react') })
        lines.lines(counting)
      }
      return reads
    }
    expectLinear(cost(200), cost(400))
  })

  it('of ten thousand kinds take one short line', () => {
    const kinds = Array.from({ length: 10_000 }, (_, k) => reaction(k + 2, `:${k}:`) as Change)
    const shown = reactionText(changedBy(text(1), kinds))
    expect(shown.length).toBeLessThan(300)
    expect(shown).toMatch(/\+9980 more$/)
  })

  it('are searched without a copy for each', { timeout: 60_000 }, async () => {
    const cost = async (count: number) => {
      const told = await ToldRoom.by('ada')
      const to = told.id(0)
      told.post(0, { type: 'text', text: 'the message' })
      for (let k = 0; k < count; k += 2) {
        told.post(0, { type: 'react', to, emoji: '👍', on: true })
        told.post(0, { type: 'edit', to, text: `the message, ${k}` })
      }
      const room = await told.room()
      return elementsCopied(() => room.find(['message']))
    }
    // The newest records are in memory, whatever the length; what is read from the home is whole blocks.
    const costOf = (blocks: number) => cost(blocks * searchBlockRecords)
    const [some, more, most] = [await costOf(4), await costOf(5), await costOf(7)]
    expectLinear(more - some, most - more)
  })

  it('are read back without a copy of the later ones for each page', async () => {
    const cost = (count: number) => {
      const room = roomWith(reactions(count))
      return elementsCopied(() => newest(room as never, count, new AbortController().signal))
    }
    expectLinear(await cost(4000), await cost(8000))
  })
})

describe('records of 64 messages', () => {
  it('are opened about once when the whole history is paged through', async () => {
    const world = new RoomBuilder('pages')
    const ada = await world.user('ada')
    await world.create(ada)
    for (let k = 0; k < 60; k += 1) world.say(ada, ...Array.from({ length: 64 }, (_, one) => `${k} ${one}`))
    const log = roomLogOf(await storeOf(world), world, ada, true, new MemoryStore())
    await log.catchUp()
    let opened = 0
    const records = log.records.bind(log)
    log.records = (start, end) => ((opened += end - start), records(start, end))
    const viewer = { self: ada.signer.publicKey, warningOf: () => undefined }
    for (let before: number | undefined, more = true; more;) {
      const page = await historyPage(log, viewer, { limit: 500, ...(before !== undefined && { before }) })
      before = page.items[0]?.i
      more = page.more
    }
    for (let next = 0, more = true; more;) {
      const page = await historyPage(log, viewer, { limit: 500, fromIndex: next })
      next = (page.items.at(-1)?.i ?? 0) + 1
      more = page.more
    }
    expect(opened).toBeLessThan(2 * 3 * world.log.length)
  })
})
