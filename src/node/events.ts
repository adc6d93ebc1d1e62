/** What a node reports while it starts, joins and runs; the command line puts it into words. */
import type { ConclaveError } from '../base/errors.ts'
import type { MemberStatus } from './cluster/cluster-client.ts'
import type { ClusterHealth } from './health/health.ts'
import type { EtcdBinary } from './process/etcd-binary.ts'

/** The steps of bootstrapping and joining, in order. */
export type NodeStep =
  | 'claim' // claim the ticket
  | 'add' // become a learner
  | 'start' // start our etcd
  | 'catch-up' // replicate, then vote
  | 'finish' // delete the ticket

export type NodeEvent =
  | { readonly kind: 'etcd'; readonly etcd: EtcdBinary }
  | { readonly kind: 'step'; readonly step: NodeStep }
  /** A step failed for a transient reason and is retried. */
  | { readonly kind: 'waiting'; readonly reason: ConclaveError }
  /** The node votes and serves clients. */
  | { readonly kind: 'ready'; readonly endpoint: string; readonly name: string }
  /** Client addresses of all voters. */
  | { readonly kind: 'endpoints'; readonly endpoints: readonly string[] }
  | { readonly kind: 'health'; readonly health: ClusterHealth; readonly members: readonly MemberStatus[] }
  | { readonly kind: 'restart'; readonly how: string; readonly inMs: number }
  | { readonly kind: 'renewed' }

export type NodeListener = (event: NodeEvent) => void
