/**
 * Talks to a cluster about itself: its members and their state (etcd's Cluster and Maintenance services,
 * https://etcd.io/docs/v3.5/learning/api/). Records are the store's affair.
 *
 * Each call tries one endpoint after the other until one answers. A change may have happened although its call failed:
 * callers look at the list before they try again.
 */
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { utf8 } from '../../base/bytes.ts'
import { Cluster, Maintenance, type Member } from '../../store/etcd/generated/cluster_pb.ts'
import { KV } from '../../store/etcd/generated/kv_pb.ts'
import { endpointOf } from '../home/address.ts'
import { nodeServerName } from '../certificates/authority.ts'
import { clusterFailure, isRefusal } from './cluster-errors.ts'
import type { MemberAnswer, MemberStatus } from '../health/health.ts'

/** PEM texts. */
export interface ClientTls {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

export interface ClusterMember {
  /** 16 hexadecimal digits. */
  readonly id: string
  /** '' before its first start. */
  readonly name: string
  readonly learner: boolean
  readonly peerUrls: readonly string[]
  /** Client addresses host:port. */
  readonly endpoints: readonly string[]
}

export interface MemberList {
  /** 16 hexadecimal digits. */
  readonly clusterId: string
  readonly members: readonly ClusterMember[]
}

interface Answer extends MemberAnswer {
  readonly clusterId: string
}

const readTimeoutMs = 2000
/** A change waits for a majority. */
export const changeTimeoutMs = 8000
/** All are asked at once, so this is how long one that is off holds up the whole. */
const statusTimeoutMs = 2500

export class ClusterClient {
  readonly #endpoints: readonly string[]
  readonly #tls: ClientTls
  readonly #clients = new Map<string, Client>()

  /** @param endpoints host:port, at least one */
  constructor(endpoints: readonly string[], tls: ClientTls) {
    this.#endpoints = endpoints
    this.#tls = tls
  }

  /** The members, as a majority knows them where the version of etcd can tell (3.5 on). */
  async members(signal?: AbortSignal): Promise<MemberList> {
    const { header, members } = await this.call(
      Cluster.method.memberList,
      { linearizable: true },
      readTimeoutMs,
      signal,
    )
    return { clusterId: formatId(header?.clusterId), members: members.map(readMember) }
  }

  /** As any one member remembers them: also without a majority. */
  async knownMembers(signal?: AbortSignal): Promise<MemberList> {
    const { header, members } = await this.call(
      Cluster.method.memberList,
      { linearizable: false },
      readTimeoutMs,
      signal,
    )
    return { clusterId: formatId(header?.clusterId), members: members.map(readMember) }
  }

  /** @returns the new member's id */
  async addLearner(peerUrl: string, signal?: AbortSignal): Promise<string> {
    const request = { peerURLs: [peerUrl], isLearner: true }
    const { member } = await this.call(Cluster.method.memberAdd, request, changeTimeoutMs, signal)
    return formatId(member?.ID)
  }

  async promote(id: string, signal?: AbortSignal): Promise<void> {
    await this.call(Cluster.method.memberPromote, { ID: parseId(id) }, changeTimeoutMs, signal)
  }

  async remove(id: string, signal?: AbortSignal): Promise<void> {
    await this.call(Cluster.method.memberRemove, { ID: parseId(id) }, changeTimeoutMs, signal)
  }

  /** What the member at this endpoint says of itself. */
  async status(endpoint: string, signal?: AbortSignal): Promise<Answer> {
    const begun = performance.now()
    const status = await this.#one(endpoint, Maintenance.method.status, {}, statusTimeoutMs, signal)
    return {
      clusterId: formatId(status.header?.clusterId),
      version: status.version,
      leader: status.leader === 0n ? undefined : formatId(status.leader),
      term: Number(status.raftTerm),
      raftIndex: Number(status.raftIndex),
      raftAppliedIndex: Number(status.raftAppliedIndex),
      databaseBytes: Number(status.dbSize),
      databaseBytesInUse: Number(status.dbSizeInUse),
      alarms: status.errors.map((text) => /alarm:([A-Z]+)/.exec(text)?.[1] ?? text),
      latencyMs: performance.now() - begun,
    }
  }

  /** Every member and what it says, asked all at once; those that do not answer in time included. */
  async statuses(signal?: AbortSignal): Promise<readonly MemberStatus[]> {
    const { members } = await this.knownMembers(signal)
    return Promise.all(
      members.map(async (member) => {
        try {
          const answers = member.endpoints.map((endpoint) => this.status(endpoint, signal))
          return { ...member, answer: await Promise.any(answers) }
        } catch (error) {
          if (member.endpoints.length === 0) return { ...member, answer: undefined, failure: 'never started' }
          const cause = clusterFailure(error instanceof AggregateError ? error.errors[0] : error)
          const away = { ...member, answer: undefined, failure: cause.message }
          return cause.code === 'not-allowed' ? { ...away, reserved: await this.#serves(member, signal) } : away
        }
      }),
    )
  }

  /** Whether one can read there: not without a majority. */
  async #serves({ endpoints }: ClusterMember, signal?: AbortSignal): Promise<boolean> {
    const request = { key: utf8('incarnation'), keysOnly: true }
    const reads = endpoints.map((endpoint) => this.#one(endpoint, KV.method.range, request, statusTimeoutMs, signal))
    return Promise.any(reads).then(
      () => true,
      () => false,
    )
  }

  /** The same identity, other endpoints. */
  at(endpoints: readonly string[]): ClusterClient {
    return new ClusterClient(endpoints, this.#tls)
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  /** Asks the first endpoint that answers. A refusal is an answer: another endpoint would say the same. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    let last: unknown
    for (const endpoint of this.#endpoints) {
      try {
        return await this.#one(endpoint, method, request, timeoutMs, signal)
      } catch (error) {
        signal?.throwIfAborted()
        if (isRefusal(error)) throw clusterFailure(error)
        last = error
      }
    }
    throw clusterFailure(last)
  }

  async #one<I extends DescMessage, O extends DescMessage>(
    endpoint: string,
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const call = this.#client(endpoint).makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
        (bytes) => fromBinary(method.output, bytes),
        create(method.input, request),
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, answer) => {
          signal?.removeEventListener('abort', cancel)
          if (answer !== undefined && error === null) resolve(answer)
          else reject(error ?? new Error('no answer'))
        },
      )
      const cancel = (): void => call.cancel()
      signal?.addEventListener('abort', cancel)
    })
  }

  #client(endpoint: string): Client {
    let client = this.#clients.get(endpoint)
    if (client === undefined) {
      const { authority, key, certificate } = this.#tls
      const [ca, k, cert] = [authority, key, certificate].map((pem) => Buffer.from(pem)) as [Buffer, Buffer, Buffer]
      client = new Client(endpoint, credentials.createSsl(ca, k, cert), {
        // Also where an address has changed, or is translated on its way: nobody else has such a certificate.
        'grpc.ssl_target_name_override': nodeServerName,
        'grpc.enable_retries': 0,
        // A member that is down is asked again and again while it starts.
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1000,
        // Each client has its own connections: closing one must not break another's.
        'grpc.use_local_subchannel_pool': 1,
      })
      this.#clients.set(endpoint, client)
    }
    return client
  }
}

function readMember(member: Member): ClusterMember {
  return {
    id: formatId(member.ID),
    name: member.name,
    learner: member.isLearner,
    peerUrls: member.peerURLs,
    endpoints: member.clientURLs.map(endpointOf),
  }
}

function formatId(id: bigint | undefined): string {
  return (id ?? 0n).toString(16).padStart(16, '0')
}

function parseId(id: string): bigint {
  return BigInt(`0x${id}`)
}
