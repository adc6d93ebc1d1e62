/** Maps etcd's errors to ours by message, since one gRPC code covers many of them. */
import { status } from '@grpc/grpc-js'
import { ConclaveError } from '../../base/errors.ts'
import { inWords } from '../../store/etcd/failure.ts'

interface GrpcError extends Error {
  readonly code: status
  readonly details: string
}

function isGrpcError(error: unknown): error is GrpcError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error
}

/** etcd's message when it refused; '' for any other failure. */
export function refusalOf(error: unknown): string {
  const cause = error instanceof ConclaveError ? error.cause : error
  return isGrpcError(cause) ? cause.details : ''
}

/** Whether every other member would answer the same. */
export function isRefusal(error: unknown): boolean {
  if (!isGrpcError(error)) return false
  // A learner, or a member without a leader, speaks only for itself.
  if (
    /not supported for learner|no leader|not capable|server stopped|leader changed|timed out|auth store is old/i.test(
      error.details,
    )
  )
    return false
  return error.details.startsWith('etcdserver:')
}

/** The same call may succeed in a moment. https://etcd.io/docs/v3.5/learning/design-learner/ */
export function isTransient(error: unknown): error is ConclaveError {
  return error instanceof ConclaveError && error.retryable
}

export function clusterError(error: unknown): ConclaveError {
  if (error instanceof ConclaveError) return error
  if (!isGrpcError(error)) return new ConclaveError('unexpected', String(error), { cause: error })
  const { details, code } = error
  const known = knownErrors.find(({ pattern }) => pattern.test(details))
  if (known !== undefined) {
    const { hint, retryable = false } = known
    return new ConclaveError(known.code, known.message, { hint, retryable, cause: error })
  }
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) {
    return new ConclaveError('unavailable', code === status.UNAVAILABLE ? noConnection(details) : 'No answer in time', {
      hint: 'Check that the node is running and reachable: `conclave node status`.',
      retryable: true,
      cause: error,
    })
  }
  return new ConclaveError('unexpected', `The cluster refused: ${details}`, { cause: error })
}

const knownErrors: readonly {
  readonly pattern: RegExp
  readonly code: ConclaveError['code']
  readonly message: string
  readonly hint: string
  readonly retryable?: boolean
}[] = [
  {
    pattern: /unhealthy cluster/,
    code: 'unavailable',
    message: 'The cluster is not ready for another change yet',
    hint: 'After each change, all nodes must stay connected for five seconds. If `conclave node status` shows one as unreachable, bring it back or remove it.',
    retryable: true,
  },
  {
    pattern: /in sync with leader/,
    code: 'unavailable',
    message: 'The new node is still catching up',
    hint: 'It becomes a voter once it has caught up.',
    retryable: true,
  },
  {
    pattern: /too many learner members/,
    code: 'unavailable',
    message: 'Another node is joining',
    hint: 'Nodes join one at a time. If that join was abandoned: `conclave node remove NAME`.',
    retryable: true,
  },
  {
    pattern: /not enough started members/,
    code: 'not-allowed',
    message: 'After that change the remaining nodes could not form a majority',
    hint: 'Start the nodes that are down (`conclave node status` shows them), or add one first.',
  },
  {
    pattern: /no leader|leader changed|previous leader failure|request timed out/,
    code: 'unavailable',
    message: 'The cluster has no leader',
    hint: 'With a majority of nodes running, it elects one within seconds.',
    retryable: true,
  },
  {
    // Its HTTP server is up before the service.
    pattern: /Received HTTP status code/,
    code: 'unavailable',
    message: 'The node is starting',
    hint: 'Check that the node is running and reachable: `conclave node status`.',
    retryable: true,
  },
  {
    // Permissions were changed concurrently.
    pattern: /auth store is old/,
    code: 'unavailable',
    message: "The cluster's access control is being changed",
    hint: 'Try again.',
    retryable: true,
  },
  {
    // Also the answer to a revoked certificate.
    pattern: /permission denied|user name not found|user name is empty/,
    code: 'not-allowed',
    message: 'Permission denied by the cluster',
    hint: 'Do it on a machine that runs a node. If you lost access, ask someone who runs one for a new ticket.',
  },
  {
    pattern: /mvcc: database space exceeded/,
    code: 'store-full',
    message: "The cluster's database is full",
    hint: 'To allow writes again: etcdctl compact, defrag, alarm disarm.',
  },
  {
    pattern: /member not found/,
    code: 'not-a-store',
    message: 'The cluster has no such member',
    hint: '`conclave node status` lists them.',
  },
]

/** Short enough for a table cell. */
function noConnection(details: string): string {
  return inWords(details).slice(0, 60)
}
