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
import { isKnown, knownOtherwise, pinKey, pinnedAs, type NamedKey } from './pins.ts'
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
  const pin = pinnedAs(identity, name)
  const handedOver = pin !== undefined && descendsFrom(record, pin.rootKey)
  const known = handedOver || (pin === undefined && bound(shared, record))
  checkKey(identity, record, confirm, { known })
  await pinKey(identity, record, confirm.fingerprint !== undefined, handedOver, now)
  return record
}

/**
 * The one decision whether this person may act on a key: a fingerprint that they give must be the key's; without one, the
 * key must be known, or new and trusted.
 * `known`: something else than a pin shows that this is the key of that name. `trust`: the option that trusts a new key.
 * @throws unconfirmed-key
 */
export function checkKey(
  identity: Identity,
  key: NamedKey,
  confirm: Confirm,
  { known = false, trust = '--trust-new' } = {},
): void {
  const { fingerprint: wanted, trustNew = false } = confirm
  const other = known ? undefined : knownOtherwise(identity, key)
  if (wanted !== undefined) {
    if (!matchesFingerprint(wanted, key.rootKey)) throw otherFingerprint(key, other)
  } else if (other !== undefined) throw changedKey(key, other)
  else if (!known && !trustNew && !isKnown(identity, key)) throw neverSeen(key, trust)
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

function neverSeen(key: NamedKey, trust: string): UnconfirmedKey {
  const person = personOf(key)
  const { name, fingerprint: digits } = person
  const hint = `Compare it with ${name} by phone or in person, then --fingerprint "${digits}", or ${trust}.`
  const message = `Someone calling themselves ${name} has a key never seen here before: ${digits}`
  return new UnconfirmedKey(person, undefined, message, hint)
}

/** The fingerprint that a person typed is not that of the key. */
export function otherFingerprint(key: NamedKey, known?: Bytes): UnconfirmedKey {
  const person = personOf(key)
  const message = `The key of ${person.name} does NOT have the fingerprint you gave: it is ${person.fingerprint}`
  const hint = `Someone may be impersonating ${key.name}: ask them for their fingerprint again, by phone or in person.`
  return new UnconfirmedKey(person, known && fingerprint(known), message, hint)
}

/** Nothing but the fingerprint itself helps here. */
export function changedKey(key: NamedKey, known: Bytes): UnconfirmedKey {
  const person = personOf(key)
  const { name, fingerprint: digits } = person
  return new UnconfirmedKey(
    person,
    fingerprint(known),
    `The key of ${name} is NOT the one you know (${fingerprint(known)}): it is ${digits}`,
    [
      `Someone may be impersonating ${name}. To see what to compare by phone or in person: `,
      command('verify', `@${name}`),
      `. If it matches: --fingerprint "${digits}"`,
    ],
  )
}
