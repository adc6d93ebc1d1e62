/** A node's own certificates, while it runs. */
import { X509Certificate } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { issueLocal } from '../../src/node/certificates/authority.ts'
import { readAuthority, writeClient } from '../../src/node/certificates/credentials.ts'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { Proxy } from '../etcd/proxy.ts'
import { TestCluster } from './cluster.ts'
import { requireState } from '../../src/node/home/state.ts'

test('a running node reads the certificate of its own programs again, and connects with the present one', async () => {
  const cluster = await TestCluster.create()
  onTestFinished(() => cluster.dispose())
  const node = await cluster.node('one')
  await node.start({ delays: { healthMs: 100, certificatesMs: 300 } }).ready()
  const authority = await readAuthority(node.paths)
  const renewed = await issueLocal(authority)
  await writeClient(node.paths.client, { authority: authority.certificate, ...renewed })
  const { serialNumber } = new X509Certificate(renewed.certificate)
  const opened = (): number => {
    return node.events.filter((event) => event.kind === 'opened' && event.serial === serialNumber).length
  }
  // One follows what is revoked, one certifies.
  await node.until(() => opened() >= 2)
  const served = node.events.length
  await node.until((event) => event.kind === 'health' && node.events.indexOf(event) > served && event.health.hasQuorum)

  const [address = ''] = (await requireState(node.paths)).endpoints
  const proxy = await Proxy.before(address)
  onTestFinished(() => proxy.end())
  const year = 365 * 86_400_000
  const expires = Date.now() + 3000
  const old = await issueLocal(authority, expires - year)
  const client = new ClusterClient([proxy.address], { authority: authority.certificate, ...old })
  onTestFinished(() => client.close())
  expect((await client.members()).members).toHaveLength(1)
  await new Promise((resolve) => setTimeout(resolve, expires + 1000 - Date.now()))
  proxy.cut()
  await expect(client.members()).rejects.toThrow()
  client.useTls({ authority: authority.certificate, ...renewed })
  expect((await client.members()).members).toHaveLength(1)
})
