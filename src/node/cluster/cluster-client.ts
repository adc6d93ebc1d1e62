/**
 * Client of etcd's Cluster and Maintenance services (https://etcd.io/docs/v3.5/learning/api/): members and their status.
 * Records go through the store instead.
 *
 * Each call tries the endpoints in order until one answers. A failed call may still have taken effect, so callers check
 * the member list before they retry.
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
import { nodeServerName } from '../certificates/authority.ts'
import type { ClientTls } from '../certificates/credentials.ts'
import { endpointOf } from '../home/address.ts'
import { clusterError, isRefusal } from './cluster-errors.ts'

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

/** What a member reports about itself. */
export interface MemberReport {
  /** 16 hexadecimal digits. */
  readonly clusterId: string
  readonly version: string
  /** The member it takes for the leader; undefined when it knows none. */
  readonly leader: string | undefined
  readonly term: number
  readonly raftIndex: number
  readonly raftAppliedIndex: number
  readonly databaseBytes: number
  /** The part of `databaseBytes` in use; the rest is free for reuse. */
  readonly databaseBytesInUse: number
  /** NOSPACE, CORRUPT, … */
  readonly alarms: readonly string[]
  readonly latencyMs: number
}

export interface MemberStatus extends ClusterMember {
  /** Undefined: no answer in time. */
  readonly answer: MemberReport | undefined
  /** Why there was no answer. */
  readonly failure?: string
  /**
   * The member answered, but reports its status to nodes only (3.4.42 on, and 3.5 and 3.6 for some releases from 3.5.28
   * and 3.6.9 on, when a person asks). The value says whether a linearizable read succeeded there.
   */
  readonly reserved?: boolean
}

const readTimeoutMs = 2000
/** A change needs a majority. */
export const changeTimeoutMs = 8000
/** All members are asked at once, so one that is down delays the result by at most this. */
const statusTimeoutMs = 2500

export class ClusterClient {
  readonly #endpoints: readonly string[]
  #tls: ClientTls
  readonly #clients = new Map<string, Client>()

  /** @param endpoints host:port, at least one */
  constructor(endpoints: readonly string[], tls: ClientTls) {
    this.#endpoints = endpoints
    this.#tls = tls
  }

  /** The members as the majority knows them (linearizable from etcd 3.5 on). */
  async members(signal?: AbortSignal): Promise<MemberList> {
    return this.#memberList(true, signal)
  }

  /** The members as any one of them knows them: works without a majority. */
  async knownMembers(signal?: AbortSignal): Promise<MemberList> {
    return this.#memberList(false, signal)
  }

  async #memberList(linearizable: boolean, signal?: AbortSignal): Promise<MemberList> {
    const { header, members } = await this.call(Cluster.method.memberList, { linearizable }, readTimeoutMs, signal)
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

  async status(endpoint: string, signal?: AbortSignal): Promise<MemberReport> {
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
      alarms: status.errors.flatMap((text) => /alarm:([A-Z]+)/.exec(text)?.[1] ?? []),
      latencyMs: performance.now() - begun,
    }
  }

  /** All members, asked in parallel; those that don't answer in time included. */
  async statuses(signal?: AbortSignal): Promise<readonly MemberStatus[]> {
    const { members } = await this.knownMembers(signal)
    return Promise.all(
      members.map(async (member) => {
        try {
          const answers = member.endpoints.map((endpoint) => this.status(endpoint, signal))
          return { ...member, answer: await Promise.any(answers) }
        } catch (error) {
          if (member.endpoints.length === 0) return { ...member, answer: undefined, failure: 'never started' }
          const cause = clusterError(error instanceof AggregateError ? error.errors[0] : error)
          const down = { ...member, answer: undefined, failure: cause.message }
          return cause.code === 'not-allowed' ? { ...down, reserved: await this.#canRead(member, signal) } : down
        }
      }),
    )
  }

  /** Whether a linearizable read succeeds there, which takes a majority. */
  async #canRead({ endpoints }: ClusterMember, signal?: AbortSignal): Promise<boolean> {
    const request = { key: utf8('incarnation'), keysOnly: true }
    const reads = endpoints.map((endpoint) => this.#one(endpoint, KV.method.range, request, statusTimeoutMs, signal))
    return Promise.any(reads).then(
      () => true,
      () => false,
    )
  }

  /** A client with the same identity for other endpoints. */
  at(endpoints: readonly string[]): ClusterClient {
    return new ClusterClient(endpoints, this.#tls)
  }

  /** For connections made from now on. Calls under way end on the present ones. */
  useTls(tls: ClientTls): void {
    if (tls.certificate === this.#tls.certificate) return
    this.#tls = tls
    this.close()
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  /** A refusal is final: another endpoint would answer the same. */
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
        if (isRefusal(error)) throw clusterError(error)
        last = error
      }
    }
    throw clusterError(last)
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
      const tls = credentials.createSsl(Buffer.from(authority), Buffer.from(key), Buffer.from(certificate))
      client = new Client(endpoint, tls, {
        // Works behind address translation and after an address change: only nodes have such a certificate.
        'grpc.ssl_target_name_override': nodeServerName,
        'grpc.enable_retries': 0,
        // A member that is starting is polled.
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1000,
        // Closing one client must not break another's connections.
        'grpc.use_local_subchannel_pool': 1,
      })
      this.#clients.set(endpoint, client)
    }
    return client
  }
}

export async function withClusterClient<T>(
  endpoints: readonly string[],
  tls: ClientTls,
  use: (client: ClusterClient) => Promise<T>,
): Promise<T> {
  const client = new ClusterClient(endpoints, tls)
  try {
    return await use(client)
  } finally {
    client.close()
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
