/** The sealed body of a control record: who did what, signed together with the header. */
import { encode, Fields, FormatError } from '../base/codec.ts'
import type { Bytes } from '../base/bytes.ts'
import { open, seal } from '../crypto/seal.ts'
import { publicKeyFormat, signatureBytes, verify, type Signer } from '../crypto/sign.ts'
import type { Random } from '../crypto/random.ts'
import type { EpochKeys } from './epoch.ts'
import { decodeOperation, payloadOf, type Operation } from './operation.ts'
import { pad, unpad } from './padding.ts'
import { encodeControlOuter, headerValues, type ControlOuter, type ControlHeader } from './record.ts'
import { labels } from './version.ts'

export interface ControlBody {
  readonly operation: Operation
  readonly author: Bytes
  /** The author's clock, milliseconds, and their count of messages so far: claims, for display. */
  readonly at: number
  readonly seq: number
}

const operationNameBytesMax = 16

function signedValues(roomId: Bytes, header: ControlHeader, body: ControlBody) {
  const { operation, author, at, seq } = body
  return [roomId, ...headerValues(header), operation.type, author, payloadOf(operation), at, seq]
}

/** Signs and seals a control record under the body key of epoch `outside.under`. */
export function sealControl(
  roomId: Bytes,
  under: EpochKeys,
  signer: Signer,
  header: ControlHeader,
  body: Omit<ControlBody, 'author'>,
  random: Random,
): Bytes {
  const whole = { ...body, author: signer.publicKey }
  const signature = signer.sign(labels.control, signedValues(roomId, header, whole))
  const inside = encode([body.operation.type, whole.author, payloadOf(body.operation), body.at, body.seq, signature])
  const aad = encode([roomId, ...headerValues(header)])
  return encodeControlOuter({ header, ...seal(under.body, aad, pad(inside), random) })
}

/** @throws FormatError when it does not open under these keys, or what it holds is no signed operation. */
export function openControl(
  roomId: Bytes,
  under: EpochKeys,
  { header, nonce, ciphertext }: ControlOuter,
  signatureKnownGood = false,
): ControlBody {
  const padded = open(under.body, nonce, encode([roomId, ...headerValues(header)]), ciphertext)
  if (padded === undefined) throw new FormatError('does not open')
  const fields = Fields.decode(unpad(padded), 6)
  const type = fields.text(operationNameBytesMax)
  const author = publicKeyFormat.read(fields)
  const operation = decodeOperation(type, fields.next())
  const body = { operation, author, at: fields.unsigned(), seq: fields.unsigned() }
  const signature = fields.fixed(signatureBytes)
  if (!signatureKnownGood && !verify(author, labels.control, signedValues(roomId, header, body), signature)) {
    throw new FormatError('wrong signature')
  }
  return body
}
