/** An etcd cluster as `conclave node` sets it up for clients: TLS and access control. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { Client, credentials } from '@grpc/grpc-js'
import { grantAccess, protectCluster } from '../../src/node/access/access-control.ts'
import {
  createAuthority,
  issueLocal,
  issueNode,
  nodeServerName,
  type Identity,
} from '../../src/node/certificates/authority.ts'
import { issuePerson } from '../node/people.ts'
import { personDays } from '../../src/node/certificates/serials.ts'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import type { EtcdTls } from '../../src/store/etcd/options.ts'
import { EtcdCluster } from './cluster.ts'

const personMs = personDays * 86_400_000

export class SecureCluster {
  readonly #folder: string
  readonly #authority: Identity
  readonly etcd: EtcdCluster
  readonly #admin: Identity
  /** Has the role root. */
  readonly admin: ClusterClient

  private constructor(folder: string, authority: Identity, admin: Identity, etcd: EtcdCluster) {
    this.#folder = folder
    this.#authority = authority
    this.#admin = admin
    this.etcd = etcd
    this.admin = new ClusterClient(etcd.endpoints, { authority: authority.certificate, ...admin })
  }

  static async start(size: number): Promise<SecureCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'conclave-secure-'))
    let etcd: EtcdCluster | undefined
    try {
      const authority = await createAuthority()
      const node = await issueNode(authority, [])
      const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text)
        return join(folder, name)
      }
      etcd = await EtcdCluster.start(size, [
        '--client-cert-auth',
        `--trusted-ca-file=${file('ca.pem', authority.certificate)}`,
        `--cert-file=${file('node.pem', node.certificate)}`,
        `--key-file=${file('node.key', node.key)}`,
      ])
      const cluster = new SecureCluster(folder, authority, await issueLocal(authority), etcd)
      await protectCluster(cluster.admin)
      return cluster
    } catch (error) {
      await etcd?.end()
      rmSync(folder, { recursive: true })
      throw error
    }
  }

  /** Grants access to a person. @param validMs from now; rounded down to seconds */
  async person(name: string, { validMs = personMs } = {}): Promise<EtcdTls> {
    const issuedAt = Date.now() + validMs - personMs
    const { user, certificate, key } = await issuePerson(this.#authority, name, issuedAt)
    await grantAccess(this.admin, user)
    return { ca: this.#authority.certificate, cert: certificate, key }
  }

  async compact(revision: number): Promise<void> {
    // CompactionRequest: revision = 1, physical = 2.
    const request = new BinaryWriter().tag(1, 0).int64(revision).tag(2, 0).bool(true).finish()
    const { certificate, key } = this.#admin
    const [ca, secret, own] = [this.#authority.certificate, key, certificate].map((pem) => Buffer.from(pem))
    const client = new Client(this.etcd.endpoints[0] as string, credentials.createSsl(ca, secret, own), {
      'grpc.ssl_target_name_override': nodeServerName,
    })
    try {
      await new Promise<void>((resolve, reject) => {
        client.makeUnaryRequest(
          '/etcdserverpb.KV/Compact',
          (bytes: Uint8Array) => Buffer.from(bytes),
          (bytes) => bytes,
          request,
          (error) => (error === null ? resolve() : reject(error)),
        )
      })
    } finally {
      client.close()
    }
  }

  async end(): Promise<void> {
    this.admin.close()
    await this.etcd.end()
    rmSync(this.#folder, { recursive: true })
  }
}
