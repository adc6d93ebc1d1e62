/** How to reach a cluster, and how patient to be with it. */
import { storeDeadlineMs } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'

/** PEM texts. Without `cert` and `key` the client is anonymous. */
export interface EtcdTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** The name that the members' certificates must carry, instead of the address at which each is reached. */
  readonly serverName?: string
}

export interface EtcdOptions {
  /** Client addresses host:port, at least one. */
  readonly endpoints: readonly string[]
  readonly tls?: EtcdTls
  /** The endpoint to use whenever it works: this machine's own node. */
  readonly prefer?: string
  /** Called with the members' client addresses when they become known or change, so that they can be remembered. */
  readonly onMembers?: (endpoints: readonly string[]) => void
  readonly logger?: Logger
  readonly timeouts?: Partial<EtcdTimeouts>
}

export interface EtcdTimeouts {
  /** One try of a call at one endpoint. Doubles each time all endpoints have failed: for slow links. */
  readonly attemptMs: number
  /** Before the next endpoint is tried; longer once all of them have failed. */
  readonly pauseMs: number
  /** A whole call. */
  readonly deadlineMs: number
  /** The endpoint that carries the watches is pinged this often … */
  readonly heartbeatMs: number
  /** … and considered dead after this long without an answer, or after four times as long as it took before. */
  readonly silenceMs: number
  /** An endpoint that failed is probed again after this long, then after twice as long, up to 30 seconds. */
  readonly probeMs: number
  /** The list of members is refreshed this often; 0: never, only the given endpoints are used. */
  readonly membersMs: number
}

/** Measured on clusters whose members were killed and stopped: a lost leader costs 0.5 to 1.6 s. */
export const defaultTimeouts: EtcdTimeouts = {
  attemptMs: 700,
  pauseMs: 50,
  deadlineMs: storeDeadlineMs,
  heartbeatMs: 1000,
  silenceMs: 600,
  probeMs: 1000,
  membersMs: 30_000,
}
