/**
 * Commits a transaction to a cluster: resends it when that is safe, and settles it when a reply was lost (settle.ts).
 */
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import type { CommitResult, Revision, Transaction } from '../store.ts'
import type { Calls } from './calls.ts'
import { AnswerTooLarge, Unreachable, Refusal } from './failure.ts'
import { KV } from './generated/kv_pb.ts'
import { decodeResult, encodeTransaction } from './messages.ts'
import { find, isRepeatable, settle, unknown } from './settle.ts'

export async function commitTransaction(
  calls: Calls,
  transaction: Transaction,
  signal?: AbortSignal,
  revision: Revision = 0,
): Promise<CommitResult> {
  const request = encodeTransaction(transaction, revision)
  const repeatable = isRepeatable(transaction)
  let lost = false
  const send = calls.run(async (endpoint, timeoutMs, leftMs) => {
    try {
      return await endpoint.unary(KV.method.txn, request, repeatable ? timeoutMs : leftMs, signal)
    } catch (error) {
      if (error instanceof AnswerTooLarge) throw new ReadsTooMuch(error)
      if (error instanceof Unreachable && !error.unsent) {
        if (!repeatable) throw unknown(error)
        lost = true
      }
      throw error
    }
  }, signal)
  try {
    const result = decodeResult(await send)
    return lost && !result.ok ? await settle(calls, transaction, result, signal) : result
  } catch (error) {
    if (error instanceof ReadsTooMuch && isDivisible(transaction))
      return readHalves(calls, transaction, revision, signal)
    if (isConclaveError(error, 'store-full')) return whenFull(calls, transaction, error, signal)
    throw error instanceof Refusal ? error.error : error
  }
}

/** The write that fills the quota may be refused although it succeeded. */
async function whenFull(
  calls: Calls,
  transaction: Transaction,
  full: ConclaveError,
  signal?: AbortSignal,
): Promise<CommitResult> {
  const found = isRepeatable(transaction) ? await find(calls, transaction, signal) : 'unknown'
  if (typeof found === 'string') throw full
  return found
}

class ReadsTooMuch extends ConclaveError {
  constructor(cause: unknown) {
    super('usage', 'the transaction reads more than one answer can hold', { cause })
  }
}

function isDivisible({ if: compares = [], then }: Transaction): boolean {
  return compares.length === 0 && then.length > 1 && then.every(({ kind }) => kind === 'read')
}

/** Both of one revision. Others may have written values of any size where small ones are expected. */
async function readHalves(
  calls: Calls,
  { then }: Transaction,
  revision: Revision,
  signal?: AbortSignal,
): Promise<CommitResult> {
  const middle = then.length >>> 1
  const first = await commitTransaction(calls, { then: then.slice(0, middle) }, signal, revision)
  const second = await commitTransaction(calls, { then: then.slice(middle) }, signal, revision || first.revision)
  return { ...first, reads: [...first.reads, ...second.reads] }
}
