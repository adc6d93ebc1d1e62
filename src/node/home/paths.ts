/** Where a machine's node lies in its home. Everything here is the owner's alone: folders 0700, files 0600. */
import { join } from 'node:path'

export interface NodePaths {
  readonly root: string
  /** What this node is, and how far its joining has come. */
  readonly state: string
  /** etcd's own folder. */
  readonly data: string
  readonly log: string
  /** Present while a node runs: which process. */
  readonly running: string
  readonly authority: PemFiles
  /** The serial numbers of certificates that were revoked: etcd looks into it at each new connection. */
  readonly revoked: string
  /** Server, peer and client certificate of this node in one. */
  readonly certificate: PemFiles
  /** What lets the programs of this home into the cluster. */
  readonly client: ClientFiles
}

export interface PemFiles {
  readonly certificate: string
  readonly key: string
}

export interface ClientFiles extends PemFiles {
  readonly authority: string
}

/** @param home absolute path of the home */
export function nodePaths(home: string): NodePaths {
  const root = join(home, 'node')
  const at = (...parts: string[]): string => join(root, ...parts)
  return {
    root,
    state: at('state.json'),
    data: at('data'),
    log: at('etcd.log'),
    running: at('running.json'),
    authority: { certificate: at('tls', 'ca.pem'), key: at('tls', 'ca.key.pem') },
    revoked: at('tls', 'revoked.crl'),
    certificate: { certificate: at('tls', 'node.pem'), key: at('tls', 'node.key.pem') },
    client: clientFiles(home),
  }
}

/** The files behind a store URL `etcds://…` that names none. */
export function clientFiles(home: string): ClientFiles {
  const folder = join(home, 'tls')
  return {
    authority: join(folder, 'ca.pem'),
    certificate: join(folder, 'client.pem'),
    key: join(folder, 'client.key.pem'),
  }
}
