/** Where a node's files lie in its home. All are private to the owner: folders 0700, files 0600. */
import { join } from 'node:path'

export interface PemFiles {
  readonly certificate: string
  readonly key: string
}

export interface ClientFiles extends PemFiles {
  readonly authority: string
}

export interface NodePaths {
  readonly root: string
  /** NodeState. */
  readonly state: string
  /** etcd's data folder. */
  readonly data: string
  readonly log: string
  /** Exists while a node runs: its process. */
  readonly running: string
  readonly authority: PemFiles
  /** The certificate revocation list, which etcd reads for each new connection. */
  readonly revoked: string
  /** This node's certificate, for use as server, peer and client. */
  readonly certificate: PemFiles
  /** What programs of this home connect with. */
  readonly client: ClientFiles
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
  const at = (name: string): string => join(home, 'tls', name)
  return { authority: at('ca.pem'), certificate: at('client.pem'), key: at('client.key.pem') }
}
