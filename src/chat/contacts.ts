/**
 * Whose key a name stands for. The registry is only a hint, because whoever runs the store could forge it: a key counts
 * as known when it was pinned, or is bound to the name in a shared room, or has been confirmed.
 */
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { ConclaveError } from '../base/errors.ts'
import { fingerprint, matchesFingerprint } from '../crypto/fingerprint.ts'
import { skeleton } from '../crypto/skeleton.ts'
import type { Pin } from '../crypto/vault-body.ts'
import { descendsFrom, type NameRecord } from '../protocol/name-record.ts'
import type { Member, Room } from '../protocol/room.ts'
import type { Store } from '../store/store.ts'
import type { Confirm } from './chat.ts'
import type { Identity } from './identity.ts'
import { lookUpName } from './registry.ts'

export interface Contact {
  readonly name: string
  readonly rootKey: Bytes
  readonly wrapKey: Bytes
}

/** @throws no-such-user; unconfirmed-key for one that was never seen, or is another than it was. */
export async function findContact(
  store: Store,
  identity: Identity,
  shared: readonly Room[],
  name: string,
  confirm: Confirm,
  now: number,
): Promise<Contact> {
  const record = await lookUpName(store, name)
  if (record === undefined) {
    throw new ConclaveError('no-such-user', `nobody is named ${name} here`, { hint: 'check the spelling' })
  }
  const { fingerprint: wanted, trustNew = false } = confirm
  if (wanted !== undefined && !matchesFingerprint(wanted, record.rootKey)) {
    throw unconfirmed(record, 'is not the key of that fingerprint')
  }
  const pin = pinnedAs(identity, name)
  const known = pin !== undefined ? descendsFrom(record, pin.rootKey) : bound(shared, record)
  if (wanted === undefined && pin !== undefined && !known) throw unconfirmed(record, 'is another than it was before')
  if (wanted === undefined && !known && !trustNew) throw unconfirmed(record, 'was never seen here before')
  await pinKey(identity, record, wanted !== undefined, pin !== undefined && known, now)
  return record
}

export function pinnedAs(identity: Identity, name: string): Pin | undefined {
  return identity.body.pins.find((pin) => !pin.retired && skeleton(pin.name) === skeleton(name))
}

function bound(shared: readonly Room[], { name, rootKey }: NameRecord): boolean {
  return shared.some((room) => room.members.get(hex(rootKey))?.name === name)
}

function unconfirmed({ name, rootKey }: NameRecord, why: string): ConclaveError {
  return new ConclaveError('unconfirmed-key', `the key of ${name} ${why}: ${fingerprint(rootKey)}`, {
    hint: `compare it with ${name} over another way, then --fingerprint "${fingerprint(rootKey)}", or --trust-new`,
  })
}

/** Remembers a key under its name. One that was confirmed, or that the pinned key itself handed over to, takes its place. */
async function pinKey(
  identity: Identity,
  { name, rootKey }: Contact,
  confirmed: boolean,
  handedOver: boolean,
  now: number,
): Promise<void> {
  const same = (pin: Pin) => skeleton(pin.name) === skeleton(name) && equalBytes(pin.rootKey, rootKey)
  const standing = identity.body.pins.find(same)
  if (standing !== undefined && !standing.retired && (standing.confirmed || !confirmed)) return
  const replaces = confirmed || handedOver
  const decidedAt = replaces ? now : 0
  const pin = { rootKey, name, firstSeenAt: standing?.firstSeenAt ?? now, confirmed, retired: false, decidedAt }
  const retire = (other: Pin): Pin =>
    replaces && skeleton(other.name) === skeleton(name) ? { ...other, retired: true, decidedAt: now } : other
  await identity.update((body) => ({
    ...body,
    pins: [...body.pins.filter((other) => !same(other)).map(retire), pin],
  }))
}

/**
 * Members whose keys are seen for the first time are pinned; a pin follows its owner's change of keys, which his old key
 * signed; a name that has another key already is left to be asked about.
 */
export async function pinMembers(
  identity: Identity,
  room: Room,
  members: readonly Member[],
  now: number,
): Promise<void> {
  if (members.length === 0) return
  const taken = new Set(identity.body.pins.map(({ name }) => skeleton(name)))
  const fresh = members.filter(({ name }) => !taken.has(skeleton(name)))
  for (const member of members) {
    const pin = pinnedAs(identity, member.name)
    if (pin === undefined || equalBytes(pin.rootKey, member.rootKey)) continue
    if (keysOfPerson(room, member.firstRootKey).some((key) => equalBytes(key, pin.rootKey))) {
      await pinKey(identity, member, false, true, now)
    }
  }
  if (fresh.length === 0) return
  await identity.update((body) => {
    const names = new Set(body.pins.map(({ name }) => skeleton(name)))
    const pins = fresh.flatMap(({ name, rootKey }): Pin[] => {
      if (names.has(skeleton(name))) return []
      names.add(skeleton(name))
      return [{ rootKey, name, firstSeenAt: now, confirmed: false, retired: false, decidedAt: 0 }]
    })
    return { ...body, pins: [...body.pins, ...pins] }
  })
}

/** Every root key that somebody has had in a room, by the first of them. */
function keysOfPerson(room: Room, firstRootKey: Bytes): readonly Bytes[] {
  const tenures = [...room.tenures.values()].flat()
  return tenures
    .filter(({ member }) => equalBytes(member.firstRootKey, firstRootKey))
    .map(({ member }) => member.rootKey)
}

/** What to say where somebody came into a room with another key than the one that this person knows under his name. */
export function keyWarning(identity: Identity, room: Room, name: string, rootKey: Bytes): string | undefined {
  const pin = pinnedAs(identity, name)
  const own = [rootKey, ...keysOfPerson(room, rootKey)]
  if (pin === undefined || own.some((key) => equalBytes(key, pin.rootKey))) return undefined
  return (
    `the key of ${name} is NOT the one that you know (${fingerprint(pin.rootKey)}): it is ${fingerprint(rootKey)}. ` +
    'Somebody may pass for him: compare fingerprints over another way'
  )
}
