/**
 * Commits a transaction to a cluster: resends it when that is safe, and settles it when a reply was lost (settle.ts).
 */
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import type { CommitResult, Transaction } from '../store.ts'
import type { Calls } from './calls.ts'
import { AnswerTooLarge, Unreachable, Refusal } from './failure.ts'
import { KV } from './generated/kv_pb.ts'
import { decodeResult, encodeTransaction } from './messages.ts'
import { find, isRepeatable, settle, unknown } from './settle.ts'

export async function commitTransaction(
  calls: Calls,
  transaction: Transaction,
  signal?: AbortSignal,
): Promise<CommitResult> {
  const request = encodeTransaction(transaction)
  const repeatable = isRepeatable(transaction)
  let lost = false
  const send = calls.run(async (endpoint, timeoutMs, leftMs) => {
    try {
      return await endpoint.unary(KV.method.txn, request, repeatable ? timeoutMs : leftMs, signal)
    } catch (error) {
      if (error instanceof AnswerTooLarge) throw tooMuchRead(error)
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

function tooMuchRead(cause: unknown): ConclaveError {
  return new ConclaveError('usage', 'the transaction reads more than one answer can hold', { cause })
}
