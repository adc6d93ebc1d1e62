/** The command line of a node's etcd. https://etcd.io/docs/v3.5/op-guide/configuration/ */
import { isLoopback, isUnspecified, urlOf } from '../home/address.ts'
import { nodeCommonName } from '../certificates/authority.ts'
import type { NodePaths } from '../home/paths.ts'
import type { NodeSettings } from '../home/state.ts'

/** etcd raises its NOSPACE alarm and refuses writes beyond this; 8 GiB is the most that it suggests. */
export const quotaBytes = 8 * 2 ** 30

/** How a member starts for the first time; later starts take it from the data folder. */
export interface Bootstrap {
  readonly state: 'new' | 'existing'
  readonly token: string
  /** name=peer URL of every member, this one included. */
  readonly cluster: readonly string[]
}

export function etcdArguments(
  paths: NodePaths,
  settings: NodeSettings,
  bootstrap: Bootstrap,
  flags: ReadonlySet<string>,
): string[] {
  const { listen, clientPort, peerPort } = settings
  // The programs of this machine take the shortest way in; a loopback address of its own may be one of several nodes'.
  const clientHosts = isLoopback(listen) || isUnspecified(listen) ? [listen] : [listen, '127.0.0.1']
  const options: Record<string, string> = {
    name: settings.name,
    'data-dir': paths.data,
    'listen-peer-urls': urlOf(listen, peerPort),
    'listen-client-urls': clientHosts.map((host) => urlOf(host, clientPort)).join(),
    'initial-advertise-peer-urls': peerUrlOf(settings),
    'advertise-client-urls': urlOf(settings.advertise, clientPort),
    'initial-cluster': bootstrap.cluster.join(),
    'initial-cluster-state': bootstrap.state,
    'initial-cluster-token': bootstrap.token,
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
    // A node that was cut off for a while must not depose the leader when it comes back.
    'pre-vote': 'true',
    logger: 'zap',
    'log-outputs': 'stderr',
    // A JSON door to the same data that nobody needs.
    'enable-grpc-gateway': 'false',
    // A node behind address translation comes from an address that its certificate can't know; its name is checked.
    'peer-skip-client-san-verification': 'true',
    'experimental-peer-skip-client-san-verification': 'true',
    ...(settings.wan ? {} : { 'election-timeout': '500', 'heartbeat-interval': '50' }),
  }
  if (flags.has('peer-skip-client-san-verification')) delete options['experimental-peer-skip-client-san-verification']
  return Object.entries(options)
    .filter(([flag]) => !optionalFlags.has(flag) || flags.has(flag))
    .map(([flag, value]) => `--${flag}=${value}`)
}

/** Left out where this version of etcd does not know them. Never one that keeps somebody out. */
const optionalFlags: ReadonlySet<string> = new Set([
  'pre-vote',
  'logger',
  'enable-grpc-gateway',
  'peer-skip-client-san-verification',
  'experimental-peer-skip-client-san-verification',
])

export function peerUrlOf({ advertise, peerPort }: Pick<NodeSettings, 'advertise' | 'peerPort'>): string {
  return urlOf(advertise, peerPort)
}
