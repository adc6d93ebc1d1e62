/** What a node tells while it starts, joins and runs: facts, for a command line to put into words. */
import type { ConclaveError } from '../base/errors.ts'
import type { EtcdProgram } from './process/etcd-binary.ts'
import type { ClusterHealth, MemberStatus } from './health/health.ts'

/** The steps of founding and joining, in order. */
export type NodeStep =
  | 'claim' // the ticket becomes ours
  | 'add' // the cluster counts us, as a learner
  | 'start' // our etcd starts
  | 'catch-up' // it receives what the others have, then votes
  | 'finish' // the ticket is deleted

export type NodeEvent =
  | { readonly kind: 'etcd'; readonly program: EtcdProgram }
  | { readonly kind: 'step'; readonly step: NodeStep }
  /** A step can't be made just now and is tried again. */
  | { readonly kind: 'waiting'; readonly reason: ConclaveError }
  /** The node serves; it votes. */
  | { readonly kind: 'ready'; readonly endpoint: string; readonly name: string }
  /** Client addresses of all members, whenever they changed. */
  | { readonly kind: 'endpoints'; readonly endpoints: readonly string[] }
  | { readonly kind: 'health'; readonly health: ClusterHealth; readonly members: readonly MemberStatus[] }
  | { readonly kind: 'restart'; readonly how: string; readonly inMs: number }
  | { readonly kind: 'renewed' }

export type NodeListener = (event: NodeEvent) => void
