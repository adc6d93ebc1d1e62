/**
 * Plaintexts are padded so that lengths tell little: a 4-byte length, the content, zeros up to the next rung of
 * 256, 384, 512, 768, 1,024, then each a quarter more than the one before (rounded up).
 */
import { FormatError } from '../base/codec.ts'
import type { Bytes } from '../base/bytes.ts'

const firstRungs = [256, 384, 512, 768, 1024]

/** The number of bytes that `length` bytes of content take once padded. */
export function paddedLength(length: number): number {
  const needed = length + 4
  for (const rung of firstRungs) if (needed <= rung) return rung
  let rung = 1024
  while (rung < needed) rung = Math.ceil(rung * 1.25)
  return rung
}

export function pad(content: Uint8Array): Bytes {
  const padded = new Uint8Array(paddedLength(content.length))
  new DataView(padded.buffer).setUint32(0, content.length)
  padded.set(content, 4)
  return padded
}

/** @throws FormatError unless this is exactly what `pad` makes of some content. */
export function unpad(padded: Bytes): Bytes {
  if (padded.length < 4) throw new FormatError('padding')
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0)
  if (length > padded.length - 4 || paddedLength(length) !== padded.length) throw new FormatError('padding')
  for (let at = 4 + length; at < padded.length; at += 1) if (padded[at] !== 0) throw new FormatError('padding')
  return padded.slice(4, 4 + length)
}
