/** Somebody who may write anything anywhere in the store: what he can do to a room, one thing at a time. */
import { emptyBytes, concat, fromHex, utf8, type Bytes } from '../../../src/base/bytes.ts'
import { encode } from '../../../src/base/codec.ts'
import { cardKey, controlKey, knockKey, logKey, roomRange } from '../../../src/protocol/paths.ts'
import type { Store } from '../../../src/store/store.ts'

export interface Victim {
  readonly store: Store
  readonly roomId: Bytes
  /** Everything under another room, whose bytes are genuine elsewhere. */
  readonly otherId: Bytes
}

export interface Act {
  readonly name: string
  /**
   * A log that is not what it was is reported; at its end, where no successor tells, everybody passes over what stands
   * there, and what stood there comes again; newcomers to whom keys are lost see less, and are told so. Anything else
   * hurts nobody at all, and so does what members put back.
   */
  readonly hurts: 'nobody' | 'log' | 'end' | 'newcomers'
  readonly run: (victim: Victim) => Promise<void>
}

const put = (store: Store, key: Uint8Array, value: Uint8Array) =>
  store.commit({ then: [{ kind: 'put', key, value }] }).then(() => undefined)
const remove = (store: Store, key: Uint8Array) =>
  store.commit({ then: [{ kind: 'delete', key }] }).then(() => undefined)

async function read(store: Store, key: Uint8Array): Promise<Bytes> {
  const { entries } = await store.range(key, concat(key, Uint8Array.of(0)))
  return entries[0]?.value ?? emptyBytes
}

const flipped = (bytes: Bytes): Bytes => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte))

/** Deleted, flipped by a bit, junk, empty, and what stands there in another room. */
function spoil(name: string, hurts: Act['hurts'], keyOf: (roomId: Bytes) => Bytes): Act[] {
  return [
    { name: `${name} deleted`, hurts: 'nobody', run: ({ store, roomId }) => remove(store, keyOf(roomId)) },
    {
      name: `${name} flipped`,
      hurts,
      run: async ({ store, roomId }) => put(store, keyOf(roomId), flipped(await read(store, keyOf(roomId)))),
    },
    { name: `${name} junk`, hurts, run: ({ store, roomId }) => put(store, keyOf(roomId), fromHex('ff'.repeat(300))) },
    {
      name: `${name} of another room`,
      hurts,
      run: async ({ store, roomId, otherId }) => put(store, keyOf(roomId), await read(store, keyOf(otherId))),
    },
  ]
}

const under = (roomId: Bytes, rest: string): Bytes => concat(roomRange(roomId).start, utf8(rest))

/** A key of the room that no client writes, and the other way round. */
function junkAt(name: string, hurts: Act['hurts'], keyOf: (roomId: Bytes) => Bytes, value: Uint8Array): Act {
  return { name, hurts, run: ({ store, roomId }) => put(store, keyOf(roomId), value) }
}

export function actsOn(records: number, controls: number): readonly Act[] {
  const acts: Act[] = []
  for (let i = 0; i < records; i += 1) {
    acts.push(...spoil(`log/${i}`, i === records - 1 ? 'end' : 'log', (id) => logKey(id, i)))
  }
  for (let n = 0; n < controls; n += 1) acts.push(...spoil(`control/${n}`, 'nobody', (id) => controlKey(id, n)))
  acts.push(...spoil('card', 'nobody', cardKey))
  const junk = fromHex('c0ffee')
  acts.push(
    junkAt('a short key in the log', 'nobody', (id) => under(id, 'log/x'), junk),
    junkAt('a long key in the log', 'nobody', (id) => under(id, 'log/0123456789'), junk),
    junkAt('a key far behind the tail', 'log', (id) => logKey(id, 2 ** 40), junk),
    junkAt('a key beyond all numbers', 'nobody', (id) => under(id, 'log/\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f'), junk),
    junkAt('junk right at the tail', 'nobody', (id) => logKey(id, records), junk),
    junkAt('an empty record at the tail', 'nobody', (id) => logKey(id, records), emptyBytes),
    junkAt('a huge record at the tail', 'nobody', (id) => logKey(id, records), new Uint8Array(1_500_000)),
    junkAt('a hole at the tail', 'log', (id) => logKey(id, records + 1), junk),
    junkAt('a false hint', 'nobody', (id) => controlKey(id, controls), encode(2 ** 40)),
    junkAt('a hint that is no index', 'nobody', (id) => controlKey(id, controls), encode(-1)),
    junkAt('a hint with a short key', 'nobody', (id) => under(id, 'control/x'), encode(1)),
    junkAt('junk among the knocks', 'nobody', (id) => knockKey(id, new Uint8Array(16)), junk),
    junkAt('a huge knock', 'nobody', (id) => knockKey(id, new Uint8Array(16)), new Uint8Array(1_000_000)),
    junkAt('junk among the wraps', 'nobody', (id) => under(id, 'wraps/x'), junk),
    junkAt('junk where presence stands', 'nobody', (id) => under(id, 'here/x'), junk),
  )
  acts.push(
    {
      name: 'a record of the room once more at the tail',
      hurts: 'nobody',
      run: async ({ store, roomId }) => put(store, logKey(roomId, records), await read(store, logKey(roomId, 3))),
    },
    {
      name: 'two records swapped',
      hurts: 'log',
      run: async ({ store, roomId }) => {
        const [third, fourth] = [await read(store, logKey(roomId, 3)), await read(store, logKey(roomId, 4))]
        await put(store, logKey(roomId, 3), fourth)
        await put(store, logKey(roomId, 4), third)
      },
    },
    {
      name: 'the whole log deleted',
      hurts: 'nobody',
      run: async ({ store, roomId }) => {
        await store.commit({ then: [{ kind: 'delete', key: logKey(roomId, 0), end: logKey(roomId, records) }] })
      },
    },
    {
      name: 'every wrap deleted',
      hurts: 'newcomers',
      run: async ({ store, roomId }) => {
        const end = under(roomId, 'wraps0')
        await store.commit({ then: [{ kind: 'delete', key: under(roomId, 'wraps/'), end }] })
      },
    },
    {
      name: 'every wrap spoiled',
      hurts: 'newcomers',
      run: async ({ store, roomId }) => {
        const { entries } = await store.range(under(roomId, 'wraps/'), under(roomId, 'wraps0'))
        for (const { key, value } of entries)
          await put(
            store,
            key,
            value.map((byte) => byte ^ 1),
          )
      },
    },
  )
  return acts
}
