/** A node's own certificates, while it runs. */
import { X509Certificate } from 'node:crypto'
import { mkdir, rm, rmdir } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthority, issueLocal } from '../../src/node/certificates/authority.ts'
import { readClient } from '../../src/node/certificates/credentials.ts'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { TestCluster } from './cluster.ts'
import { requireState } from '../../src/node/home/state.ts'

test('a running node reads the certificate of its own programs again, and connects with the present one', async () => {
  const cluster = await TestCluster.create()
  onTestFinished(() => cluster.dispose())
  const node = await cluster.node('one')
  await node.start({ delays: { healthMs: 100, certificatesMs: 300 } }).ready()
  const opened = (serial?: string): number => {
    return node.events.filter((event) => event.kind === 'opened' && (serial ?? event.serial) === event.serial).length
  }
  // One follows what is revoked, one certifies.
  await node.until(() => opened() >= 2)
  // The node alone writes its certificates: it replaces one that is missing, as one that is about to expire.
  const issued = node.events.length
  await rm(node.paths.client.certificate)
  await node.until((event) => event.kind === 'renewed' && node.events.indexOf(event) >= issued)
  const { serialNumber } = new X509Certificate((await readClient(node.paths.client)).certificate)
  await node.until(() => opened(serialNumber) >= 2)
  const served = node.events.length
  await node.until((event) => event.kind === 'health' && node.events.indexOf(event) > served && event.health.hasQuorum)

  // What stands in the way of renewing ends no node: it goes on with what it has, and tries again.
  const hindered = node.events.length
  await rm(node.paths.client.certificate)
  await mkdir(node.paths.client.certificate)
  await node.until((event) => event.kind === 'waiting' && node.events.indexOf(event) >= hindered)
  await rmdir(node.paths.client.certificate)
  await node.until((event) => event.kind === 'renewed' && node.events.indexOf(event) >= hindered)
  await node.until(
    (event) => event.kind === 'health' && node.events.indexOf(event) > hindered && event.health.hasQuorum,
  )

  const [address = ''] = (await requireState(node.paths)).endpoints
  const renewed = await readClient(node.paths.client)
  const strangers = await createAuthority()
  const other = await issueLocal(strangers)
  const client = new ClusterClient([address], { ...other, authority: renewed.authority })
  onTestFinished(() => client.close())
  await expect(client.members()).rejects.toThrow()
  client.useTls(renewed)
  expect((await client.members()).members).toHaveLength(1)
})
