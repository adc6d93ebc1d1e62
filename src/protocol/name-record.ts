/**
 * A name's record in the registry: this name belongs to this root key and is reached by this wrap key.
 *
 * The record is signed by its own root key, which so shows that it is held. Each former root key signed the next one, and
 * these links stay in the record: whoever pinned any earlier key can follow them to the present one. Operators could
 * still put a record of their own making where a first-time viewer looks, so the registry is a hint and never a rule.
 */
import type { Bytes } from '../base/bytes.ts'
import { equalBytes } from '../base/bytes.ts'
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import { nameGenerationsMax, nameRecordBytesMax, userNameCharsMax } from '../base/limits.ts'
import { publicKeyBytes, signatureBytes, verify, type Signer } from '../crypto/sign.ts'
import { checkUserName, skeleton, userNameFault } from '../crypto/skeleton.ts'
import { wrapKeyBytes } from '../crypto/wrap.ts'

const nameRecordVersion = 1
const recordLabel = 'conclave/v1/name-record'
const linkLabel = 'conclave/v1/name-link'

export interface NameRecord {
  readonly name: string
  /** How often the keys were replaced: the number of links. */
  readonly generation: number
  readonly rootKey: Bytes
  readonly wrapKey: Bytes
  /** Former root keys, oldest first. */
  readonly links: readonly NameLink[]
}

export interface NameLink {
  readonly rootKey: Bytes
  /** By `rootKey`, over name, generation and the root key that followed. */
  readonly signature: Bytes
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
  const values = recordValues(record)
  return encode([...values, root.sign(recordLabel, values)])
}

function decodeRecord(bytes: Uint8Array): NameRecord {
  if (bytes.length > nameRecordBytesMax) throw new FormatError('larger than a name record can be')
  const fields = Fields.decode(bytes, 6)
  if (fields.unsigned() !== nameRecordVersion) throw new FormatError('a name record of another version')
  const name = fields.text(userNameCharsMax)
  if (userNameFault(name) !== undefined) throw new FormatError('not a name')
  const rootKey = fields.fixed(publicKeyBytes)
  const wrapKey = fields.fixed(wrapKeyBytes)
  const links = fields.array(nameGenerationsMax).map(readLink)
  const record = { name, generation: links.length, rootKey, wrapKey, links }
  const keys = rootKeys(record)
  const linked = links.every((link, k) =>
    verify(link.rootKey, linkLabel, linkValues(name, k, keys[k + 1] as Bytes), link.signature),
  )
  if (!linked) throw new FormatError('a link is not signed by the key before')
  if (!verify(rootKey, recordLabel, recordValues(record), fields.fixed(signatureBytes))) {
    throw new FormatError('not signed by its own key')
  }
  return record
}

function readLink(value: Value): NameLink {
  const fields = new Fields(value, 2)
  return { rootKey: fields.fixed(publicKeyBytes), signature: fields.fixed(signatureBytes) }
}

/** Generation and links are one thing: the signature of link k says that it was the k-th. */
function recordValues({ name, rootKey, wrapKey, links }: NameRecord): readonly Value[] {
  return [nameRecordVersion, name, rootKey, wrapKey, links.map((link) => [link.rootKey, link.signature])]
}

function linkValues(name: string, generation: number, next: Bytes): readonly Value[] {
  return [nameRecordVersion, name, generation, next]
}
