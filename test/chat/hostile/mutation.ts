/** One to three things that somebody does who may write anything anywhere in the store, drawn from a seed. */
import { concat, type Bytes } from '../../../src/base/bytes.ts'
import { inboxId } from '../../../src/protocol/notice.ts'
import {
  cardKey,
  directoryKey,
  inboxKey,
  knockKey,
  logIndexOf,
  logKey,
  logRange,
  numberOf,
  roomRange,
  userKey,
} from '../../../src/protocol/paths.ts'
import type { Entry } from '../../../src/store/store.ts'
import type { Chance } from '../../fuzz/chance.ts'
import { mutateBytes } from '../../fuzz/mutate.ts'
import type { RichStore } from './rich-store.ts'

export interface Mutated {
  readonly entries: readonly Pick<Entry, 'key' | 'value'>[]
  readonly told: string
}

type Values = Map<string, Bytes>
type Act = (values: Values, chance: Chance, rich: RichStore) => string

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1')
const keyOf = (name: string): Bytes => new Uint8Array(Buffer.from(name, 'latin1'))
const shown = (name: string): string =>
  name.replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** Any key; of those of the room more often than of others. */
function anyKey(values: Values, chance: Chance, { roomId }: RichStore): string {
  const names = [...values.keys()]
  const { start, end } = roomRange(roomId)
  const own = names.filter((name) => name >= nameOf(start) && name < nameOf(end))
  return chance.pick(own.length === 0 || chance.oneIn(4) ? names : own)
}

function records(values: Values, { roomId }: RichStore): string[] {
  const { start, end } = logRange(roomId)
  return [...values.keys()].filter((name) => name >= nameOf(start) && name < nameOf(end)).sort()
}

/** What the keys of such a place begin with. */
function under(keyFor: (id: Bytes) => Bytes): string {
  const key = nameOf(keyFor(new Uint8Array(16)))
  return key.slice(0, key.indexOf('/') + 1)
}

const acts: readonly Act[] = [
  function alter(values, chance, rich) {
    const key = anyKey(values, chance, rich)
    const bytes = Uint8Array.from(values.get(key) as Bytes)
    const at = chance.below(Math.max(1, bytes.length))
    bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8))
    values.set(key, bytes)
    return `bit at ${at} of ${shown(key)}`
  },
  function rewrite(values, chance, rich) {
    const key = anyKey(values, chance, rich)
    values.set(key, mutateBytes(chance, [values.get(key) as Bytes]))
    return `rewrote ${shown(key)}`
  },
  function drop(values, chance, rich) {
    const key = anyKey(values, chance, rich)
    values.delete(key)
    return `dropped ${shown(key)}`
  },
  function swap(values, chance, rich) {
    const [one, other] = [anyKey(values, chance, rich), anyKey(values, chance, rich)]
    const [first, second] = [values.get(one) as Bytes, values.get(other) as Bytes]
    values.set(one, second).set(other, first)
    return `swapped ${shown(one)} and ${shown(other)}`
  },
  function replay(values, chance, rich) {
    const [from, to] = [anyKey(values, chance, rich), anyKey(values, chance, rich)]
    values.set(to, values.get(from) as Bytes)
    return `copied ${shown(from)} to ${shown(to)}`
  },
  function truncate(values, chance, rich) {
    const key = anyKey(values, chance, rich)
    const bytes = values.get(key) as Bytes
    values.set(key, bytes.slice(0, chance.below(bytes.length + 1)))
    return `cut ${shown(key)}`
  },
  function junk(values, chance, { roomId }) {
    const under = chance.pick(['log/', 'control/', 'wraps/', 'knocks/', 'here/', 'card', ''])
    const key = concat(roomRange(roomId).start, Buffer.from(under), chance.bytes(chance.below(12)))
    values.set(nameOf(key), chance.bytes(chance.below(600)))
    return `junk at ${shown(nameOf(key))}`
  },
  function inBulk(values, chance, rich) {
    const { roomId, member } = rich
    const keyId = inboxId(member.identity.signer.publicKey)
    const places: Record<string, (id: Bytes) => Bytes> = {
      requests: (id) => knockKey(roomId, id),
      notices: (id) => inboxKey(keyId, id),
      listings: (id) => directoryKey(Buffer.from(id).toString('hex')),
      names: (id) => userKey(Buffer.from(id).toString('hex')),
      cards: (id) => cardKey(concat(id, id)),
    }
    const place = chance.pick(Object.keys(places))
    const keyFor = places[place] as (id: Bytes) => Bytes
    const genuine = [...values].flatMap(([name, value]) => (name.startsWith(under(keyFor)) ? [value] : []))
    const huge = new Uint8Array(chance.below(1_000_000))
    const count = 1 + chance.below(60)
    for (let n = 0; n < count; n += 1) {
      const valid = chance.pick(genuine.length > 0 && chance.oneIn(2) ? genuine : [...values.values()])
      const value = chance.oneIn(20) ? huge : chance.oneIn(3) ? valid : mutateBytes(chance, [valid])
      values.set(nameOf(keyFor(chance.bytes(16))), value)
    }
    return `${count} ${place} in bulk`
  },
  function append(values, chance, rich) {
    const log = records(values, rich)
    const key = logKey(rich.roomId, log.length)
    const from = chance.pick([...values.keys()])
    values.set(nameOf(key), values.get(from) as Bytes)
    return `${shown(from)} at the tail`
  },
  function reorder(values, chance, rich) {
    const log = records(values, rich)
    if (log.length < 2) return 'nothing'
    const at = chance.below(log.length - 1)
    const [one, other] = [log[at] as string, log[at + 1] as string]
    const [first, second] = [values.get(one) as Bytes, values.get(other) as Bytes]
    values.set(one, second).set(other, first)
    return `record ${at} behind its successor`
  },
  function shorten(values, chance, rich) {
    const log = records(values, rich)
    const from = chance.below(log.length + 1)
    for (const key of log.slice(from)) values.delete(key)
    return `cut the log off at ${from}`
  },
  function rollBack(values, chance, { earlier }) {
    const one = chance.pick(earlier)
    values.set(nameOf(one.key), one.value)
    return `${shown(nameOf(one.key))} as it was earlier`
  },
  function fork(values, _chance, { earlier, roomId }) {
    const { start, end } = roomRange(roomId)
    for (const name of [...values.keys()]) if (name >= nameOf(start) && name < nameOf(end)) values.delete(name)
    for (const { key, value } of earlier) {
      if (nameOf(key) >= nameOf(start) && nameOf(key) < nameOf(end)) values.set(nameOf(key), value)
    }
    return 'the room as it was earlier'
  },
]

export function mutate(rich: RichStore, chance: Chance): Mutated {
  const values: Values = new Map(rich.entries.map(({ key, value }) => [nameOf(key), value]))
  const told: string[] = []
  for (let times = chance.oneIn(3) ? 1 + chance.below(3) : 1; times > 0; times -= 1) {
    told.push(chance.pick(acts)(values, chance, rich))
  }
  const entries = [...values].map(([name, value]) => ({ key: keyOf(name), value })).filter(({ key }) => key.length > 0)
  return { entries, told: told.join('; ') }
}

/** The indices at which a log is another than the true one. */
export function changedAt({ entries }: Mutated, rich: RichStore): readonly number[] {
  const { start, end } = logRange(rich.roomId)
  const within = ({ key }: { key: Uint8Array }) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0
  const now = new Map(entries.filter(within).map(({ key, value }) => [nameOf(key), value]))
  return rich.entries
    .filter((entry) => within(entry) && logIndexOf(entry.key) !== undefined)
    .filter(({ key, value }) => Buffer.compare(now.get(nameOf(key)) ?? new Uint8Array(), value) !== 0)
    .map(({ key }) => numberOf(key))
}
