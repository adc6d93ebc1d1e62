/**
 * A name's record in the registry: this name belongs to this root key and is reached by this wrap key. Signed by that root
 * key. Each former root key signed its successor, and these links stay in the record, so that anyone who pinned an earlier
 * key can follow them to the present one. Operators could show a first-time viewer a forged record: the registry is a hint.
 */
import type { Bytes } from '../base/bytes.ts'
import { equalBytes } from '../base/bytes.ts'
import { FormatError, type Value } from '../base/codec.ts'
import { fixed, list, tuple, type Held } from '../base/format.ts'
import { nameGenerationsMax, nameRecordBytesMax } from '../base/limits.ts'
import { publicKeyFormat, signatureBytes, verify, type Signer } from '../crypto/sign.ts'
import { checkUserName, skeleton } from '../crypto/skeleton.ts'
import { wrapKeyBytes, wrapKeyFormat } from '../crypto/wrap.ts'
import { userNameText } from './operation.ts'
import { signed } from './signed.ts'
import { protocolVersion } from './version.ts'

const linkLabel = 'conclave/v1/name-link'

/** A former root key, and its signature over name, generation and the root key that followed. */
const nameLink = tuple({ rootKey: publicKeyFormat, signature: fixed(signatureBytes) })
export type NameLink = Held<typeof nameLink>

const recordFormat = tuple({
  name: userNameText,
  rootKey: publicKeyFormat,
  wrapKey: wrapKeyFormat,
  /** Of former root keys, oldest first. */
  links: list(nameLink, nameGenerationsMax),
})
const signedRecord = signed('name record', 'conclave/v1/name-record', recordFormat, ({ rootKey }) => rootKey)

export interface NameRecord extends Held<typeof recordFormat> {
  /** How often the keys were replaced: the number of links. */
  readonly generation: number
}

/** @throws ConclaveError usage when the name is not allowed. */
export function createNameRecord(name: string, root: Signer, wrapKey: Bytes): Bytes {
  checkUserName(name)
  return signRecord({ name, generation: 0, rootKey: root.publicKey, wrapKey, links: [] }, root)
}

/**
 * The record that replaces `previous`, written with a comparison against its bytes. `root` may be the former root key,
 * when only the wrap key is new.
 * @throws RangeError when `previousRoot` is not the key of `previous`, or the name has changed its keys 256 times.
 */
export function renewNameRecord(previous: NameRecord, previousRoot: Signer, root: Signer, wrapKey: Bytes): Bytes {
  const { name, generation } = previous
  if (!equalBytes(previousRoot.publicKey, previous.rootKey)) throw new RangeError('not the key of the previous record')
  if (generation >= nameGenerationsMax) throw new RangeError('this name has changed its keys too often')
  const signature = previousRoot.sign(linkLabel, linkValues(name, generation, root.publicKey))
  const links = [...previous.links, { rootKey: previous.rootKey, signature }]
  return signRecord({ name, generation: generation + 1, rootKey: root.publicKey, wrapKey, links }, root)
}

/**
 * The record found under a name: every signature is checked, and that it is for this name or one that looks like it.
 * @throws FormatError
 */
export function decodeNameRecord(bytes: Uint8Array, name: string): NameRecord {
  const record = decodeRecord(bytes)
  if (skeleton(record.name) !== skeleton(name)) throw new FormatError('a record for another name')
  return record
}

/** Whether the key is the record's own, or one that its links lead on from. */
export function descendsFrom(record: NameRecord, rootKey: Uint8Array): boolean {
  return equalBytes(record.rootKey, rootKey) || record.links.some((link) => equalBytes(link.rootKey, rootKey))
}

/** Whether `next` may take the place of `previous`: the same name, one or more links longer, all of its links kept. */
export function succeeds(next: NameRecord, previous: NameRecord): boolean {
  const keys = rootKeys(next)
  return (
    next.name === previous.name &&
    next.generation > previous.generation &&
    rootKeys(previous).every((key, k) => equalBytes(key, keys[k] as Bytes))
  )
}

/** The key that the name began with. */
export function firstRootKey(record: NameRecord): Bytes {
  return rootKeys(record)[0] as Bytes
}

function rootKeys({ links, rootKey }: NameRecord): Bytes[] {
  return [...links.map((link) => link.rootKey), rootKey]
}

function signRecord(record: NameRecord, root: Signer): Bytes {
  if (record.wrapKey.length !== wrapKeyBytes) throw new RangeError(`a wrap key has ${wrapKeyBytes} bytes`)
  return signedRecord.sign(root, record)
}

function decodeRecord(bytes: Uint8Array): NameRecord {
  if (bytes.length > nameRecordBytesMax) throw new FormatError('larger than a name record can be')
  const opened = signedRecord.open(bytes)
  const record = { ...opened, generation: opened.links.length }
  const keys = rootKeys(record)
  const linked = opened.links.every((link, k) =>
    verify(link.rootKey, linkLabel, linkValues(record.name, k, keys[k + 1] as Bytes), link.signature),
  )
  if (!linked) throw new FormatError('a link is not signed by the key before')
  return record
}

function linkValues(name: string, generation: number, next: Bytes): readonly Value[] {
  return [protocolVersion, name, generation, next]
}
