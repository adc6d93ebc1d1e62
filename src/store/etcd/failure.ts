/**
 * What a failed call means. A *refusal* is the cluster's answer: every endpoint would say the same. Any other failure
 * is the endpoint's own, and another may do better; then `unsent` tells whether the request certainly changed nothing.
 * etcd's messages are its contract (api/v3rpc/rpctypes of its source): one gRPC code covers many of them.
 */
import { status } from '@grpc/grpc-js'
import { ConclaveError } from '../../base/errors.ts'
import { command, type Hint } from '../../base/hint.ts'
import { leaseEnded } from '../apply.ts'

/** The cluster's answer is no. */
export class Refusal extends Error {
  readonly kind: 'compacted' | 'future' | 'lease-exists' | 'lease-ended' | 'other'
  readonly error: ConclaveError

  constructor(kind: Refusal['kind'], error: ConclaveError) {
    super(error.message, { cause: error })
    this.kind = kind
    this.error = error
  }
}

/** This endpoint gave no usable answer. */
export class Unreachable extends Error {
  /** The request certainly had no effect. */
  readonly unsent: boolean
  /** Waiting doesn't fix it: reported when all endpoints are like this. */
  readonly permanent: ConclaveError | undefined

  constructor(message: string, details: { unsent: boolean; permanent?: ConclaveError | undefined; cause?: unknown }) {
    super(message, { cause: details.cause })
    this.unsent = details.unsent
    this.permanent = details.permanent
  }
}

/** The answer exceeds this client's limit: it must request less at a time. */
export class AnswerTooLarge extends Error {}

interface GrpcError extends Error {
  readonly code: status
  readonly details: string
}

function isGrpcError(error: unknown): error is GrpcError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error
}

interface Known {
  readonly pattern: RegExp
  readonly make: (cause: GrpcError) => Error
}

const refusal =
  (kind: Refusal['kind'], code: ConclaveError['code'], message: string, hint?: Hint) =>
  (cause: GrpcError): Error =>
    new Refusal(kind, new ConclaveError(code, message, { cause, ...(hint === undefined ? {} : { hint }) }))

const notAllowed = refusal('other', 'not-allowed', 'The cluster does not allow this identity to do that', [
  'Ask someone who runs a node for a ticket, then connect with it (',
  command('connect'),
  ').',
])

const known: readonly Known[] = [
  {
    pattern: /database space exceeded/,
    make: refusal(
      'other',
      'store-full',
      "The cluster's database is full",
      'Someone who runs a node has to make room: compact, defragment, then disarm the alarm.',
    ),
  },
  { pattern: /request is too large|too many operations/, make: refusal('other', 'usage', 'The request is too large') },
  { pattern: /duplicate key/, make: refusal('other', 'usage', 'A transaction writes a key at most once') },
  { pattern: /requested lease not found/, make: (cause) => new Refusal('lease-ended', leaseEnded(cause)) },
  { pattern: /lease already exists/, make: refusal('lease-exists', 'unexpected', 'This lease already exists') },
  { pattern: /has been compacted/, make: refusal('compacted', 'unavailable', 'This revision has been compacted') },
  { pattern: /is a future revision/, make: refusal('future', 'unavailable', 'This revision does not exist yet') },
  {
    pattern: /corrupt cluster/,
    make: refusal('other', 'tampering', 'The cluster reports that its nodes hold different data'),
  },
  {
    pattern: /permission denied|user name is empty|user name not found|invalid auth token|authentication/,
    make: notAllowed,
  },
  // Refused before the request was handled: another endpoint may help, or waiting. A member that ends refuses streams
  // (RFC 9113 §8.7: none of such a request has been processed).
  {
    pattern: /too many requests|not supported for learner|auth store is old|^Stream refused by server/,
    make: (cause) => new Unreachable(cause.details, { unsent: true, cause }),
  },
]

const trustFailed = /certificate|self[- ]signed|unable to verify|ssl|tls|handshake|altname/i
/** A member that is just ending, or the proxy before one: another certificate would not help. */
const disconnected = /disconnected before secure TLS connection/
const otherProtocol =
  /protocol error|parse error|bad response|HTTP\/1|unexpected HTTP|unknown service|http status|content-type/i

/** A member that starts or stops answers so: its HTTP server is up longer than the service. */
const noService = /^Received HTTP status code 200$/

/** @param sent whether the request may have reached a server. */
export function failureOf(error: unknown, sent: boolean): Error {
  if (!isGrpcError(error)) return error instanceof Error ? error : new Error(String(error))
  const { code, details } = error
  if (code === status.RESOURCE_EXHAUSTED && /larger than max/.test(details)) return new AnswerTooLarge(details)
  const found = known.find(({ pattern }) => pattern.test(details))
  if (found !== undefined) return found.make(error)
  if (code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED) return notAllowed(error)
  return new Unreachable(inWords(details), { unsent: !sent, permanent: permanentOf(error), cause: error })
}

function permanentOf(error: GrpcError): ConclaveError | undefined {
  if (error.code === status.UNIMPLEMENTED) return notEtcd(error)
  if (otherProtocol.test(error.details)) return noService.test(error.details) ? undefined : notEtcd(error)
  const isTrustMissing = trustFailed.test(error.details) && !disconnected.test(error.details)
  if (error.code !== status.UNAVAILABLE || !isTrustMissing) return undefined
  return new ConclaveError('not-allowed', `No trusted connection: ${inWords(error.details)}`, {
    hint: 'The certificates of this machine and of the cluster don’t match: ask for a new ticket.',
    cause: error,
  })
}

/** gRPC's message for a connection that was closed before the other side had sent anything. */
export function endedInHandshake(error: unknown): boolean {
  return error instanceof Unreachable && /^Failed to connect/.test(error.message)
}

/** If one member refuses our certificate, the others do too: they share one authority and one revocation list. */
export function certificateRefused(cause: unknown): Refusal {
  const error = new ConclaveError('not-allowed', 'The cluster rejects the certificate of this machine', {
    hint: [
      'Was it revoked? Ask someone who runs a node for a ticket, then connect with it (',
      command('connect'),
      ').',
    ],
    cause,
  })
  return new Refusal('other', error)
}

export function notEtcd(cause?: unknown): ConclaveError {
  return new ConclaveError('not-a-store', 'The server at this address is not etcd', {
    hint: 'Give the client address of a node, host:port.',
    cause,
  })
}

export function tooOld(version: string): ConclaveError {
  return new ConclaveError('not-a-store', `The cluster runs etcd ${version}, which is too old`, {
    hint: 'Conclave needs etcd 3.4 or newer.',
  })
}

export function noAnswer(last: unknown): ConclaveError {
  const reason = last instanceof Error ? `: ${last.message}` : ''
  return new ConclaveError('unavailable', `The cluster does not answer${reason}`, {
    hint: [
      'It needs a majority of its nodes. The status of the nodes (',
      command('node-status'),
      ') shows which are unreachable.',
    ],
    retryable: true,
    cause: last,
  })
}

const reasons: readonly (readonly [RegExp, string])[] = [
  [/Deadline exceeded/i, 'no answer in time'],
  [/ECONNREFUSED/, 'connection refused'],
  [/EHOSTUNREACH|ENETUNREACH/, 'no route to host'],
  [/ENOTFOUND|EAI_AGAIN|Name resolution failed/, 'no such host'],
  [/ETIMEDOUT/, 'no answer in time'],
  [/ECONNRESET|EPIPE|Connection dropped|socket hang up|GOAWAY|Call cancelled/i, 'the connection was lost'],
]

/** gRPC's words for what went wrong with a connection, in ours; where we have none, the first of theirs. */
export function inWords(details: string): string {
  const known = reasons.find(([pattern]) => pattern.test(details))
  if (known !== undefined) return known[1]
  const bare = details.replace(/^No connection established\. Last error: (Error: )?/, '')
  return bare.replace(/\. Resolution note: $/, '').slice(0, 200)
}
