/**
 * Reads a range in pages of one revision. A page is halved when its answer is too large for one message or did not come
 * in time, so that slow links work too.
 */
import { concat } from '../../base/bytes.ts'
import type { Entry, RangeOptions, RangeResult, Revision } from '../store.ts'
import type { Calls } from './calls.ts'
import { Refusal } from './failure.ts'
import { AnswerTooLarge } from './failure.ts'
import { KV } from './generated/kv_pb.ts'
import type { RangeResponse } from './generated/kv_pb.ts'
import { entryOf, revisionOf, sortDescending } from './messages.ts'

const pageEntries = 256
/** Restarts allowed for a range that is compacted away during the read. */
const restartsMax = 3

interface Span {
  readonly start: Uint8Array
  readonly end: Uint8Array
}

export async function readRange(
  calls: Calls,
  span: Span,
  options: RangeOptions,
  signal?: AbortSignal,
): Promise<RangeResult> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await readPages(calls, span, options, signal)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.kind !== 'compacted' || restarts === restartsMax) throw error.error
    }
  }
}

async function readPages(
  calls: Calls,
  span: Span,
  options: RangeOptions,
  signal: AbortSignal | undefined,
): Promise<RangeResult> {
  const { limit = Infinity, reverse = false, bytesMax = Infinity } = options
  let bytes = 0
  const size = { entries: pageEntries }
  const entries: Entry[] = []
  let { start, end } = span
  let revision: Revision = 0
  for (;;) {
    const page = await readPage(calls, { start, end }, size, limit - entries.length, revision, options, signal)
    if (revision === 0) revision = revisionOf(page.header)
    for (const kv of page.kvs) {
      entries.push(entryOf(kv))
      bytes += kv.value.length
    }
    const last = entries.at(-1)
    const isEnough = entries.length >= limit || bytes >= bytesMax
    if (!page.more || last === undefined || isEnough) return { revision, entries, more: page.more }
    if (reverse) end = last.key
    else start = concat(last.key, Uint8Array.of(0))
  }
}

function readPage(
  calls: Calls,
  { start, end }: Span,
  /** Of a page; as large as the answers allow. */
  size: { entries: number },
  wanted: number,
  revision: Revision,
  { reverse = false, keysOnly = false }: RangeOptions,
  signal: AbortSignal | undefined,
): Promise<RangeResponse> {
  let limit = Math.min(size.entries, wanted)
  return calls.run(async (endpoint, timeoutMs) => {
    const request = {
      key: start,
      rangeEnd: end,
      limit: BigInt(limit),
      revision: BigInt(revision),
      sortOrder: reverse ? sortDescending : 0,
      keysOnly,
    }
    try {
      const answer = await endpoint.unary(KV.method.range, request, timeoutMs, signal)
      if (limit < wanted) size.entries = Math.min(pageEntries, limit * 2)
      return answer
    } catch (error) {
      if (limit === 1 && error instanceof AnswerTooLarge) throw new Error('one entry is too large', { cause: error })
      limit = Math.max(1, Math.floor(limit / 2))
      throw error
    }
  }, signal)
}
