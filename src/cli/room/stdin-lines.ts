/**
 * Lines of a stream, bounded: a line longer than allowed is refused as soon as that is known, not after it has filled
 * the memory. Bytes that are not UTF-8 are refused too.
 */
import { concat, textOf } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'

export interface Line {
  /** From 1. */
  readonly number: number
  /** Without its end (LF or CR LF). */
  readonly text: string
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** @throws usage naming the line. Ends early, without an error, when the signal is aborted between lines. */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<Line, void, undefined> {
  let number = 1
  let rest: Uint8Array[] = []
  let restLength = 0
  const take = (end: Uint8Array): Line => {
    let bytes: Uint8Array = rest.length === 0 ? end : concat(...rest, end)
    if (bytes.at(-1) === carriageReturn) bytes = bytes.subarray(0, -1)
    if (bytes.length > lineBytesMax) throw tooLong(number, lineBytesMax)
    const line = { number, text: decode(bytes, number) }
    rest = []
    restLength = 0
    number += 1
    return line
  }
  for await (const chunk of source) {
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      yield take(chunk.subarray(from, end))
      from = end + 1
    }
    if (from === chunk.length) continue
    rest.push(chunk.subarray(from))
    restLength += chunk.length - from
    // One byte more may be the CR of a CR LF.
    if (restLength > lineBytesMax + 1) throw tooLong(number, lineBytesMax)
  }
  if (restLength > 0) yield take(new Uint8Array(0))
}

function decode(bytes: Uint8Array, number: number): string {
  try {
    return textOf(bytes)
  } catch (cause) {
    throw new ConclaveError('usage', `Input line ${number} is not UTF-8 text`, {
      hint: 'The lines before it were sent.',
      cause,
    })
  }
}

function tooLong(number: number, lineBytesMax: number): ConclaveError {
  return new ConclaveError('usage', `Input line ${number} is longer than a message may be (${lineBytesMax} bytes)`, {
    hint: 'The lines before it were sent. Split it, for example with fold -s.',
  })
}
