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
import type { Room } from '../protocol/room.ts'
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
  await pinKey(identity, record, wanted !== undefined, now)
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

/** Remembers a key under its name; one that was confirmed by its fingerprint takes the place of another. */
async function pinKey(identity: Identity, { name, rootKey }: NameRecord, confirmed: boolean, now: number) {
  const same = (pin: Pin) => skeleton(pin.name) === skeleton(name) && equalBytes(pin.rootKey, rootKey)
  const standing = identity.body.pins.find(same)
  if (standing !== undefined && (standing.confirmed || !confirmed)) return
  const decidedAt = confirmed ? now : 0
  const pin = { rootKey, name, firstSeenAt: standing?.firstSeenAt ?? now, confirmed, retired: false, decidedAt }
  await identity.update((body) => ({
    ...body,
    pins: [
      ...body.pins
        .filter((other) => !same(other))
        .map((other) =>
          confirmed && skeleton(other.name) === skeleton(name) ? { ...other, retired: true, decidedAt: now } : other,
        ),
      pin,
    ],
  }))
}

/** Members whose keys are seen for the first time are pinned; a name that has another key already is left to be asked about. */
export async function pinMembers(identity: Identity, room: Room, now: number): Promise<void> {
  const taken = new Set(identity.body.pins.map(({ name }) => skeleton(name)))
  const fresh = [...room.members.values()].filter(({ name }) => !taken.has(skeleton(name)))
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

/** What to say where a member's key is not the one that this person knows under his name. */
export function keyWarning(identity: Identity, name: string, rootKey: Bytes): string | undefined {
  const pin = pinnedAs(identity, name)
  if (pin === undefined || equalBytes(pin.rootKey, rootKey)) return undefined
  return (
    `the key of ${name} is NOT the one that you know (${fingerprint(pin.rootKey)}): it is ${fingerprint(rootKey)}. ` +
    'Somebody may pass for him: compare fingerprints over another way'
  )
}
