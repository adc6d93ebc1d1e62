/**
 * Which key a name stands for. The registry is only a hint, because the people who run the store could forge it: a key
 * counts as known when it was pinned, is bound to the name in a shared room, or was verified.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { fingerprint, matchesFingerprint, safetyNumber } from '../../crypto/fingerprint.ts'
import { descendsFrom, type NameRecord } from '../../protocol/name-record.ts'
import type { Room } from '../../protocol/room.ts'
import type { Store } from '../../store/store.ts'
import type { Confirm, SafetyNumber } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { personOf } from '../timeline/items.ts'
import { pinKey, pinnedAs, type NamedKey } from './pins.ts'
import { lookUpName } from '../identity/registry.ts'
import { UnconfirmedKey } from './unconfirmed-key.ts'

export interface Contact {
  readonly name: string
  readonly rootKey: Bytes
  readonly wrapKey: Bytes
}

/** @throws no-such-user; unconfirmed-key for a key that is new, or differs from the known one */
export async function findContact(
  store: Store,
  identity: Identity,
  shared: readonly Room[],
  name: string,
  confirm: Confirm,
  now: number,
): Promise<Contact> {
  const record = await registered(store, name)
  const { fingerprint: wanted, trustNew = false } = confirm
  const pin = pinnedAs(identity, name)
  const known = pin !== undefined ? descendsFrom(record, pin.rootKey) : bound(shared, record)
  if (wanted !== undefined) {
    if (!matchesFingerprint(wanted, record.rootKey)) throw otherFingerprint(record, known ? undefined : pin?.rootKey)
  } else if (pin !== undefined && !known) throw changedKey(record, pin.rootKey)
  else if (!known && !trustNew) throw neverSeen(record)
  await pinKey(identity, record, wanted !== undefined, pin !== undefined && known, now)
  return record
}

/** The numbers that two people compare. Reading them pins nothing. @throws no-such-user */
export async function compareKeys(store: Store, identity: Identity, name: string): Promise<SafetyNumber> {
  const record = await registered(store, name)
  const pin = pinnedAs(identity, name)
  const number = safetyNumber(identity.signer.publicKey, record.rootKey)
  const confirmed = pin?.confirmed === true && equalBytes(pin.rootKey, record.rootKey)
  const changed = pin !== undefined && !descendsFrom(record, pin.rootKey)
  return { ...personOf(record), number, confirmed, ...(changed && { known: fingerprint(pin.rootKey) }) }
}

async function registered(store: Store, name: string): Promise<NameRecord> {
  const record = await lookUpName(store, name)
  if (record !== undefined) return record
  throw new ConclaveError('no-such-user', `No account named "${name}" in this store.`, { hint: 'Check the spelling.' })
}

function bound(shared: readonly Room[], { name, rootKey }: NameRecord): boolean {
  return shared.some((room) => room.members.get(hex(rootKey))?.name === name)
}

function neverSeen(key: NamedKey): UnconfirmedKey {
  const person = personOf(key)
  const { name, fingerprint: digits } = person
  const hint = `Compare it with ${name} by phone or in person, then --fingerprint "${digits}", or --trust-new.`
  return new UnconfirmedKey(person, undefined, `was never seen here before: ${digits}`, hint)
}

function otherFingerprint(key: NamedKey, known: Bytes | undefined): UnconfirmedKey {
  const person = personOf(key)
  const why = `is not the key of that fingerprint: ${person.fingerprint}`
  return new UnconfirmedKey(
    person,
    known && fingerprint(known),
    why,
    `Compare it with ${key.name} by phone or in person.`,
  )
}

/** Nothing but the fingerprint itself helps here. */
export function changedKey(key: NamedKey, known: Bytes): UnconfirmedKey {
  const person = personOf(key)
  const { name, fingerprint: digits } = person
  return new UnconfirmedKey(
    person,
    fingerprint(known),
    `is NOT the one that you know (${fingerprint(known)}): it is ${digits}`,
    [
      `Someone may be impersonating ${name}. To see what to compare by phone or in person: `,
      command('verify', `@${name}`),
      `. If it matches: --fingerprint "${digits}"`,
    ],
  )
}
