/**
 * The keys that this person knows people by: pinned at first sight, verified once compared. Another key under a pinned
 * name causes a warning; rooms have no rule about it.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { membersMax, vaultPinsMax } from '../../base/limits.ts'
import { fingerprint } from '../../crypto/fingerprint.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import type { Pin } from '../../crypto/vault-body.ts'
import { descendsFrom } from '../../protocol/name-record.ts'
import { allTenures, type Member, type Room } from '../../protocol/room.ts'
import type { Store } from '../../store/store.ts'
import type { ChangedKey } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { personOf } from '../timeline/items.ts'
import { lookUpName } from '../identity/registry.ts'

export interface NamedKey {
  readonly name: string
  readonly rootKey: Bytes
}

/** Every message looks some up: found by skeleton, in an index that lives as long as the list. */
const indexes = new WeakMap<readonly Pin[], ReadonlyMap<string, Pin>>()

export function pinnedAs({ body: { pins } }: Identity, name: string): Pin | undefined {
  let index = indexes.get(pins)
  if (index === undefined) {
    const inForce = pins.filter(({ retired }) => !retired).sort(byPrecedence)
    index = new Map(inForce.toReversed().map((pin) => [skeleton(pin.name), pin]))
    indexes.set(pins, index)
  }
  return index.get(skeleton(name))
}

/**
 * Two machines of one person may have pinned two keys under one name. The verified one counts, then the one that was
 * decided on last, then the one seen first.
 */
function byPrecedence(a: Pin, b: Pin): number {
  return Number(b.confirmed) - Number(a.confirmed) || b.decidedAt - a.decidedAt || a.firstSeenAt - b.firstSeenAt
}

/** The key known under this name, if it differs from this one. */
export function knownOtherwise(identity: Identity, { name, rootKey }: NamedKey): Bytes | undefined {
  if (skeleton(name) === skeleton(identity.name)) {
    // This person's own keys are known, whatever a room or the registry says.
    const own = [identity.signer, ...identity.formerSigners]
    return own.some(({ publicKey }) => equalBytes(publicKey, rootKey)) ? undefined : identity.signer.publicKey
  }
  const pin = pinnedAs(identity, name)
  return pin === undefined || equalBytes(pin.rootKey, rootKey) ? undefined : pin.rootKey
}

/** Whether this person knows this key under this name. */
export function isKnown(identity: Identity, { name, rootKey }: NamedKey): boolean {
  const pin = pinnedAs(identity, name)
  return pin !== undefined && equalBytes(pin.rootKey, rootKey)
}

/** Whether this person compared this key, and marked it as verified. Their own is none that they verify. */
export function isVerified(identity: Identity, { name, rootKey }: NamedKey): boolean {
  const pin = pinnedAs(identity, name)
  return pin?.confirmed === true && equalBytes(pin.rootKey, rootKey) && skeleton(name) !== skeleton(identity.name)
}

/**
 * Remembers a key under its name. It replaces the pinned key if it was confirmed, or if the pinned key itself signed
 * it.
 */
export async function pinKey(
  identity: Identity,
  { name, rootKey }: NamedKey,
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
 * Pins members whose keys are seen for the first time. A pin follows its owner's change of keys, which their old key
 * signed; a name that already has another key is left for the person to decide.
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
    if (isKeyOf(room, member.firstRootKey, pin.rootKey)) {
      await pinKey(identity, member, false, true, now)
    }
  }
  if (fresh.length === 0) return
  await identity.update((body) => {
    const names = new Set(body.pins.map(({ name }) => skeleton(name)))
    const pins = fresh.slice(0, placesForMembers(identity, body.pins)).flatMap(({ name, rootKey }): Pin[] => {
      if (names.has(skeleton(name))) return []
      names.add(skeleton(name))
      return [{ rootKey, name, firstSeenAt: now, confirmed: false, retired: false, decidedAt: 0 }]
    })
    return { ...body, pins: [...body.pins, ...pins] }
  })
}

/** Pins of members displace neither verified keys nor those of other rooms: the rooms bind these members' keys. */
function placesForMembers(identity: Identity, pins: readonly Pin[]): number {
  const left = vaultPinsMax - pins.length
  if (left >= membersMax) return left
  const lasting = pins.filter(
    ({ retired, confirmed, rootKey }) => !retired && (confirmed || identity.sharesRoom(rootKey)),
  )
  return Math.max(0, vaultPinsMax - lasting.length)
}

/** Every root key that a member has had in a room, by the first of them. */
function keysOfPerson(room: Room, firstRootKey: Bytes): readonly Bytes[] {
  return allTenures(room)
    .filter(({ member }) => equalBytes(member.firstRootKey, firstRootKey))
    .map(({ member }) => member.rootKey)
}

/**
 * A pin follows its owner's change of keys if the registry shows that their old key signed it; otherwise it stays. A
 * registry that can't be read now changes nothing.
 */
export async function followRegistered(
  { store, identity, clock }: { readonly store: Store; readonly identity: Identity; readonly clock: Clock },
  person: NamedKey,
): Promise<void> {
  const known = knownOtherwise(identity, person)
  if (known === undefined) return
  const record = await lookUpName(store, person.name).catch(() => undefined)
  if (record === undefined || !equalBytes(record.rootKey, person.rootKey) || !descendsFrom(record, known)) return
  await pinKey(identity, record, false, true, clock.now())
}

/** Queried at every change, so computed only once per state of the room and the pins. */
const found = new WeakMap<Room, { readonly pins: readonly Pin[]; readonly keys: readonly ChangedKey[] }>()

/** Members who joined under names that this person knows with other keys. */
export function changedKeys(identity: Identity, room: Room): readonly ChangedKey[] {
  const { pins } = identity.body
  const last = found.get(room)
  if (last?.pins === pins) return last.keys
  const keys = changedMembers(identity, room).map(({ member, known }) => {
    return { ...personOf(member), known: fingerprint(known) }
  })
  found.set(room, { pins, keys })
  return keys
}

/** The same, with the keys themselves. */
export function changedMembers(
  identity: Identity,
  room: Room,
): readonly { readonly member: Member; readonly known: Bytes }[] {
  return [...room.members.values()].flatMap((member) => {
    const known = knownOtherwise(identity, member)
    return known === undefined || isKeyOf(room, member.firstRootKey, known) ? [] : [{ member, known }]
  })
}

function wasPinned({ body }: Identity, { name, rootKey }: NamedKey): boolean {
  return body.pins.some((pin) => equalBytes(pin.rootKey, rootKey) && skeleton(pin.name) === skeleton(name))
}

function isKeyOf(room: Room, firstRootKey: Bytes, rootKey: Bytes): boolean {
  return keysOfPerson(room, firstRootKey).some((key) => equalBytes(key, rootKey))
}

/** The warning about a member whose key differs from the one that this person knows under their name. */
export function keyWarning(identity: Identity, room: Room, name: string, rootKey: Bytes): string | undefined {
  const known = knownOtherwise(identity, { name, rootKey })
  if (known === undefined || isKeyOf(room, rootKey, known)) return undefined
  // A line from before that key was replaced.
  if (!room.members.has(hex(rootKey)) && wasPinned(identity, { name, rootKey })) return undefined
  return (
    `the key of ${name} is NOT the one you know (${fingerprint(known)}): it is ${fingerprint(rootKey)}. ` +
    `Someone may be impersonating ${name}: compare fingerprints by phone or in person`
  )
}
