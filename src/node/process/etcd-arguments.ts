/** The command line of a node's etcd. https://etcd.io/docs/v3.5/op-guide/configuration/ */
import { isLoopback, isUnspecified, urlOf } from '../home/address.ts'
import { nodeCommonName } from '../certificates/authority.ts'
import type { NodePaths } from '../home/paths.ts'
import { peerUrlOf, type NodeSettings } from '../home/state.ts'

/** Beyond this etcd raises a NOSPACE alarm and refuses writes. 8 GiB is the maximum it recommends. */
export const quotaBytes = 8 * 2 ** 30

/** For a member's first start; later starts read it from the data folder. */
export interface InitialCluster {
  readonly state: 'new' | 'existing'
  readonly token: string
  /** NAME=PEER-URL of every member, including this one. */
  readonly members: readonly string[]
}

export function etcdArguments(
  paths: NodePaths,
  settings: NodeSettings,
  initial: InitialCluster,
  flags: ReadonlySet<string>,
): string[] {
  const { listen, clientPort, peerPort } = settings
  // Programs on this machine connect over the loopback, unless the node has a loopback address of its own.
  const clientHosts = isLoopback(listen) || isUnspecified(listen) ? [listen] : [listen, '127.0.0.1']
  const options: Record<string, string> = {
    name: settings.name,
    'data-dir': paths.data,
    'listen-peer-urls': urlOf(listen, peerPort),
    'listen-client-urls': clientHosts.map((host) => urlOf(host, clientPort)).join(),
    'initial-advertise-peer-urls': peerUrlOf(settings),
    'advertise-client-urls': urlOf(settings.advertise, clientPort),
    'initial-cluster': initial.members.join(),
    'initial-cluster-state': initial.state,
    'initial-cluster-token': initial.token,
    'cert-file': paths.certificate.certificate,
    'key-file': paths.certificate.key,
    'trusted-ca-file': paths.authority.certificate,
    'client-cert-auth': 'true',
    'client-crl-file': paths.revoked,
    'peer-cert-file': paths.certificate.certificate,
    'peer-key-file': paths.certificate.key,
    'peer-trusted-ca-file': paths.authority.certificate,
    'peer-client-cert-auth': 'true',
    'peer-cert-allowed-cn': nodeCommonName,
    'auto-compaction-mode': 'periodic',
    'auto-compaction-retention': '1h',
    'quota-backend-bytes': String(quotaBytes),
    // A node that was partitioned must not depose the leader when it returns.
    'pre-vote': 'true',
    logger: 'zap',
    'log-outputs': 'stderr',
    // An unused JSON interface to the same data.
    'enable-grpc-gateway': 'false',
    // Behind address translation a node's source address is not in its certificate; its common name is checked.
    'peer-skip-client-san-verification': 'true',
    'experimental-peer-skip-client-san-verification': 'true',
    ...(settings.wan ? {} : { 'election-timeout': '500', 'heartbeat-interval': '50' }),
  }
  if (flags.has('peer-skip-client-san-verification')) delete options['experimental-peer-skip-client-san-verification']
  return Object.entries(options)
    .filter(([flag]) => !optionalFlags.has(flag) || flags.has(flag))
    .map(([flag, value]) => `--${flag}=${value}`)
}

/** Omitted when this version of etcd lacks them. None of them restricts access. */
const optionalFlags: ReadonlySet<string> = new Set([
  'pre-vote',
  'logger',
  'enable-grpc-gateway',
  'peer-skip-client-san-verification',
  'experimental-peer-skip-client-san-verification',
])
