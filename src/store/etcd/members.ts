/**
 * The cluster's member list, refreshed now and then, so that a client survives the loss of the machines it was
 * configured with.
 */
import type { Calls } from './calls.ts'
import type { Endpoint } from './endpoint.ts'
import type { Endpoints } from './endpoints.ts'
import { noAnswer, Refusal } from './failure.ts'
import { Cluster } from './generated/cluster_pb.ts'
import type { Member, MemberListResponse } from './generated/cluster_pb.ts'

export interface EtcdMember {
  /** 16 hexadecimal digits. */
  readonly id: string
  /** '' before its first start. */
  readonly name: string
  readonly isLearner: boolean
  /** Client addresses host:port. */
  readonly endpoints: readonly string[]
}

export interface EtcdStatus {
  readonly version: string
  /** Size of the database file in bytes, and the part really in use. */
  readonly dbSize: number
  readonly dbSizeInUse: number
  /** The member that it considers the leader, 16 hexadecimal digits; undefined when it knows none. */
  readonly leader: string | undefined
  readonly raftIndex: number
  readonly isLearner: boolean
  /** NOSPACE, CORRUPT, … */
  readonly alarms: readonly string[]
}

/** The first list is read soon after the start: the first call goes before it. */
const firstMs = 500

export class Members {
  readonly #calls: Calls
  readonly #endpoints: Endpoints
  readonly #everyMs: number
  readonly #onMembers: ((endpoints: readonly string[]) => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #told = ''

  constructor(
    calls: Calls,
    endpoints: Endpoints,
    everyMs: number,
    onMembers: ((endpoints: readonly string[]) => void) | undefined,
  ) {
    this.#calls = calls
    this.#endpoints = endpoints
    this.#everyMs = everyMs
    this.#onMembers = onMembers
    if (everyMs > 0) this.#learnLater(Math.min(firstMs, everyMs))
  }

  list(signal?: AbortSignal): Promise<MemberListResponse> {
    return this.#calls.run(
      (endpoint, timeoutMs) => endpoint.unary(Cluster.method.memberList, {}, timeoutMs, signal),
      signal,
    )
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #learnLater(afterMs: number): void {
    this.#timer = setTimeout(() => void this.#learn(), afterMs).unref()
  }

  async #learn(): Promise<void> {
    try {
      const { members } = await this.list()
      const addresses = members
        .flatMap((member) => memberOf(member).endpoints)
        .filter((address) => this.#isReachable(address))
      // A learner serves no reads or writes yet, but it will.
      if (!this.#closed && addresses.length > 0) {
        this.#endpoints.learn(addresses)
        this.#tell(addresses.toSorted())
      }
    } catch {
      // Unreachable, or not allowed to list: keep using the known addresses.
    }
    if (!this.#closed) this.#learnLater(this.#everyMs)
  }

  /** False for wildcard addresses, and for loopback addresses unless all the known ones are loopback. */
  #isReachable(address: string): boolean {
    if (/^(0\.0\.0\.0|\[::\]):/.test(address)) return false
    return !isLoopback(address) || this.#endpoints.addresses.every(isLoopback)
  }

  #tell(addresses: readonly string[]): void {
    const told = addresses.join()
    if (told === this.#told) return
    this.#told = told
    this.#onMembers?.(addresses)
  }
}

export function memberOf(member: Member): EtcdMember {
  return {
    id: formatId(member.ID),
    name: member.name,
    isLearner: member.isLearner,
    endpoints: member.clientURLs.map((url) => url.replace(/^[a-z]+:\/\//, '').replace(/\/$/, '')),
  }
}

export async function statusOf(endpoint: Endpoint, timeoutMs: number): Promise<EtcdStatus> {
  try {
    const status = await endpoint.status(timeoutMs)
    return {
      version: status.version,
      dbSize: Number(status.dbSize),
      dbSizeInUse: Number(status.dbSizeInUse),
      leader: status.leader === 0n ? undefined : formatId(status.leader),
      raftIndex: Number(status.raftIndex),
      isLearner: status.isLearner,
      alarms: status.errors.flatMap((text) => /alarm:([A-Z]+)/.exec(text)?.[1] ?? []),
    }
  } catch (error) {
    throw error instanceof Refusal ? error.error : noAnswer(error)
  }
}

function isLoopback(address: string): boolean {
  return /^(127\.|localhost:|\[::1\]:)/.test(address)
}

function formatId(id: bigint): string {
  return id.toString(16).padStart(16, '0')
}
