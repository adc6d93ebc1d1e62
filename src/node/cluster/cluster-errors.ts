/** What a cluster's refusals mean. Its messages are the contract: one gRPC code covers many of them. */
import { status } from '@grpc/grpc-js'
import { ConclaveError } from '../../base/errors.ts'

interface GrpcError extends Error {
  readonly code: status
  readonly details: string
}

function isGrpcError(error: unknown): error is GrpcError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error
}

/** What a cluster said when it refused; '' for any other failure. */
export function refusalOf(error: unknown): string {
  const cause = error instanceof ConclaveError ? error.cause : error
  return isGrpcError(cause) ? cause.details : ''
}

/** A member answered, and the cluster as a whole would answer alike. */
export function isRefusal(error: unknown): boolean {
  if (!isGrpcError(error)) return false
  // A learner, and a member that has lost the leader, answer for themselves alone.
  if (
    /not supported for learner|no leader|not capable|server stopped|leader changed|timed out|auth store is old/i.test(
      error.details,
    )
  )
    return false
  return error.details.startsWith('etcdserver:')
}

/** Refused now; the same change can be accepted in a moment. https://etcd.io/docs/v3.5/learning/design-learner/ */
export function isPassing(error: unknown): boolean {
  return error instanceof ConclaveError && error.retryable
}

export function clusterFailure(error: unknown): ConclaveError {
  if (error instanceof ConclaveError) return error
  if (!isGrpcError(error)) return new ConclaveError('unexpected', String(error), { cause: error })
  const { details, code } = error
  const make = failures.find(({ pattern }) => pattern.test(details))
  if (make !== undefined)
    return new ConclaveError(make.code, make.message, {
      hint: make.hint,
      retryable: make.retryable ?? false,
      cause: error,
    })
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) {
    return new ConclaveError('unavailable', code === status.UNAVAILABLE ? noConnection(details) : 'no answer in time', {
      hint: 'Is the node running, and does the network let you reach it? `conclave node status` tells.',
      retryable: true,
      cause: error,
    })
  }
  return new ConclaveError('unexpected', `the cluster refused: ${details}`, { cause: error })
}

const failures: readonly {
  readonly pattern: RegExp
  readonly code: ConclaveError['code']
  readonly message: string
  readonly hint: string
  readonly retryable?: boolean
}[] = [
  {
    pattern: /unhealthy cluster/,
    code: 'unavailable',
    message: 'the cluster is not ready for another change yet',
    hint: 'After each change all nodes must have been connected for five seconds. `conclave node status` shows one that is away: bring it back or remove it.',
    retryable: true,
  },
  {
    pattern: /in sync with leader/,
    code: 'unavailable',
    message: 'the new node is still catching up',
    hint: 'It votes once it has what the others have.',
    retryable: true,
  },
  {
    pattern: /too many learner members/,
    code: 'unavailable',
    message: 'another node is joining just now',
    hint: 'One at a time. If it was given up: `conclave node remove NAME`.',
    retryable: true,
  },
  {
    pattern: /not enough started members/,
    code: 'not-allowed',
    message: 'with that change the nodes left could not form a majority',
    hint: 'Start the nodes that are down, or add one first; `conclave node status` shows them.',
  },
  {
    pattern: /no leader|leader changed|previous leader failure|request timed out/,
    code: 'unavailable',
    message: 'the cluster has no leader just now',
    hint: 'With a majority of its nodes running it elects one within seconds.',
    retryable: true,
  },
  {
    // The rights of somebody else were changed in the same moment.
    pattern: /auth store is old/,
    code: 'unavailable',
    message: "the cluster's access control is changing just now",
    hint: 'The same command again works.',
    retryable: true,
  },
  {
    // What a certificate that was revoked is told, too.
    pattern: /permission denied|user name not found|user name is empty/,
    code: 'not-allowed',
    message: 'the cluster does not let you do that',
    hint: 'Do it on a machine that runs a node; without access, ask somebody who runs one for a ticket.',
  },
  {
    pattern: /mvcc: database space exceeded/,
    code: 'store-full',
    message: "the cluster's database is full",
    hint: 'Nothing can be written until it is compacted and defragmented: etcdctl compact, defrag, alarm disarm.',
  },
  {
    pattern: /member not found/,
    code: 'not-a-store',
    message: 'the cluster has no such member',
    hint: '`conclave node status` lists them.',
  },
]

/** As short as a cell of a table. */
function noConnection(details: string): string {
  if (/ECONNREFUSED/.test(details)) return 'connection refused'
  if (/EHOSTUNREACH|ENETUNREACH/.test(details)) return 'no way there'
  if (/ENOTFOUND|EAI_AGAIN/.test(details)) return 'no such host'
  return `no connection: ${details.replace(/^No connection established\. Last error: (Error: )?/, '').slice(0, 60)}`
}
