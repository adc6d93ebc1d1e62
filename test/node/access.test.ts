import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { Client, credentials } from '@grpc/grpc-js'
import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority, issueNode, issuePerson, type Identity } from '../../src/node/certificates.ts'
import { ClusterClient, type ClientTls } from '../../src/node/cluster-client.ts'
import { readAuthority, readClient } from '../../src/node/credentials.ts'
import { diagnose } from '../../src/node/probe.ts'
import { requireState } from '../../src/node/state.ts'
import { Maintenance } from '../../src/store/etcd/generated/cluster_pb.ts'
import { TestCluster, type TestNode } from './cluster.ts'

let cluster: TestCluster
let node: TestNode
let authority: Identity
beforeAll(async () => {
  cluster = await TestCluster.create()
  node = await cluster.node('one')
  await node.start().ready()
  authority = await readAuthority(node.paths)
})
afterAll(() => cluster.dispose())

/** What the peer port answers to `GET /members`: its HTTP status, or 'refused'. */
async function askPeerPort(identity: Identity | undefined): Promise<number | 'refused'> {
  return new Promise((resolve) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: node.options.peerPort,
        path: '/members',
        ca: authority.certificate,
        agent: false,
        ...(identity && { cert: identity.certificate, key: identity.key }),
      },
      (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    asked.on('error', () => resolve('refused'))
    asked.end()
  })
}

async function endpoints(): Promise<readonly string[]> {
  return (await requireState(node.paths)).endpoints
}

describe('who gets into a cluster', () => {
  test('nodes alone reach the port between nodes: a person with a certificate of the same authority does not', async () => {
    expect(await askPeerPort(await issueNode(authority, ['127.0.0.1']))).toBe(200)
    expect(await askPeerPort(await issuePerson(authority, 'ada'))).toBe('refused')
    expect(await askPeerPort(await issueNode(await createAuthority(), ['127.0.0.1']))).toBe('refused')
    expect(await askPeerPort(undefined)).toBe('refused')
  })

  test('a person with a certificate reaches the records; one of another cluster does not, and is told why', async () => {
    const ada: ClientTls = { authority: authority.certificate, ...(await issuePerson(authority, 'ada')) }
    const inside = new ClusterClient(await endpoints(), ada)
    expect((await inside.members()).members).toHaveLength(1)
    inside.close()

    const eve: ClientTls = { authority: authority.certificate, ...(await issuePerson(await createAuthority(), 'eve')) }
    const outside = new ClusterClient(await endpoints(), eve)
    await expect(outside.members()).rejects.toMatchObject({ code: 'unavailable' })
    outside.close()
    expect(await diagnose(await endpoints(), eve)).toMatchObject({ code: 'not-allowed' })
  })

  test('a database that is full shows in the status, and stops invitations with what to do', async () => {
    const tls = await readClient(node.paths.client)
    const client = new ClusterClient(await endpoints(), tls)
    const { members } = await client.members()
    const alarm = async (action: number): Promise<void> => {
      const { method } = Maintenance
      const [ca, key, cert] = [tls.authority, tls.key, tls.certificate].map((pem) => Buffer.from(pem))
      const raw = new Client((await endpoints())[0] ?? '', credentials.createSsl(ca, key, cert))
      const message = create(method.alarm.input, { action, alarm: 1, memberID: BigInt(`0x${members[0]?.id}`) })
      await new Promise<void>((resolve, reject) =>
        raw.makeUnaryRequest(
          '/etcdserverpb.Maintenance/Alarm',
          (one: typeof message) => Buffer.from(toBinary(method.alarm.input, one)),
          (bytes) => fromBinary(method.alarm.output, bytes),
          message,
          (error) => (error === null ? resolve() : reject(error)),
        ),
      )
      raw.close()
    }
    await alarm(1)
    try {
      expect((await client.statuses())[0]?.answer?.alarms).toEqual(['NOSPACE'])
      await expect(node.invite()).rejects.toMatchObject({ code: 'store-full', hint: expect.any(String) })
    } finally {
      await alarm(2)
    }
    expect((await node.invite()).ticket).toContain('conclave-node-1.')
    client.close()
  })
})
