/** What a key's owner signs outside the log: `[version, …fields, signature]`, the signature over all fields before it. */
import type { Bytes } from '../base/bytes.ts'
import { encode, Fields, FormatError } from '../base/codec.ts'
import type { Tuple } from '../base/format.ts'
import { signatureBytes, verify, type Signer } from '../crypto/sign.ts'
import { protocolVersion } from './version.ts'

export interface Signed<T> {
  /** Signed by the key that the item itself names. */
  sign(signer: Signer, item: T): Bytes
  /**
   * `signatureKnownGood` skips what this reader has verified before.
   * @throws FormatError when the bytes are something else, of another version, or not signed by the key that they name.
   */
  open(bytes: Uint8Array, signatureKnownGood?: boolean): T
}

/** `what` it is, for errors. */
export function signed<T>(what: string, label: string, format: Tuple<T>, keyOf: (item: T) => Bytes): Signed<T> {
  const values = (item: T) => [protocolVersion, ...format.values(item)]
  return {
    sign: (signer, item) => encode([...values(item), signer.sign(label, values(item))]),
    open(bytes, signatureKnownGood = false) {
      const fields = Fields.decode(bytes, format.count + 2)
      if (fields.unsigned() !== protocolVersion) throw new FormatError(`${what} of another version`)
      const item = format.readAll(fields)
      const signature = fields.fixed(signatureBytes)
      const isSigned = () => verify(keyOf(item), label, values(item), signature)
      if (!signatureKnownGood && !isSigned()) throw new FormatError(`${what} not signed`)
      return item
    },
  }
}
