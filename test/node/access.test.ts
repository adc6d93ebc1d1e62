import { create, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { Client, credentials } from '@grpc/grpc-js'
import { readFileSync, statSync } from 'node:fs'
import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { grantAccess, listPeople, peopleRanges } from '../../src/node/access/access-control.ts'
import { createAuthority, issueNode, revokedSerials, type Identity } from '../../src/node/certificates/authority.ts'
import { issuePerson } from './people.ts'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { retry } from '../../src/node/cluster/retry.ts'
import { readAuthority, readClient, type ClientTls } from '../../src/node/certificates/credentials.ts'
import { diagnose } from '../../src/node/health/diagnose.ts'
import { revokePerson } from '../../src/node/tickets/revoke.ts'
import { invitePerson } from '../../src/node/tickets/invite.ts'
import { requireState } from '../../src/node/home/state.ts'
import * as paths from '../../src/protocol/paths.ts'
import { AlarmRequestSchema } from '../../src/store/etcd/generated/cluster_pb.ts'
import { isPersonSerial } from '../../src/node/certificates/serials.ts'
import { Place } from '../conformance/place.ts'
import { openTestStore } from './open-store.ts'
import { TestCluster, type TestNode } from './cluster.ts'
import { eagerEtcd, mendedEtcd, testEtcd } from './etcd.ts'

const both = new Map([
  ['the usual etcd', testEtcd()],
  ['a mended etcd', mendedEtcd()],
])
if (new Set(both.values()).size === 1) both.delete('the usual etcd')
let cluster: TestCluster
let node: TestNode
let authority: Identity

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

/** For a call while the only node may just be restarting its etcd, for a revocation before. */
function restarted<T>(attempt: () => Promise<T>): Promise<T> {
  return retry(attempt, { timeoutMs: 100_000, pauseMs: 100 })
}

/** A person with a certificate of this cluster. */
async function personOf(name: string): Promise<ClientTls> {
  const { user, ...identity } = await issuePerson(authority, name)
  const client = new ClusterClient(await endpoints(), await readClient(node.paths.client))
  await restarted(() => grantAccess(client, user))
  client.close()
  return { authority: authority.certificate, ...identity }
}

/** Whether the cluster carries out a call. @param request encoded */
async function call(
  { authority: ca, certificate, key }: ClientTls,
  path: string,
  request: Uint8Array,
): Promise<boolean> {
  const [root, secret, own] = [ca, key, certificate].map((text) => Buffer.from(text))
  const raw = new Client((await endpoints())[0] ?? '', credentials.createSsl(root, secret, own))
  const answered = new Promise<boolean>((resolve) => {
    raw.makeUnaryRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => bytes,
      request,
      (error) => resolve(error === null),
    )
  })
  return answered.finally(() => raw.close())
}

async function endpoints(): Promise<readonly string[]> {
  return (await requireState(node.paths)).endpoints
}

describe.each([...both])('access to a cluster on %s', (_, etcd) => {
  beforeAll(async () => {
    cluster = await TestCluster.create(eagerEtcd(etcd))
    node = await cluster.node('one')
    await node.start().ready()
    authority = await readAuthority(node.paths)
  })
  afterAll(() => cluster.dispose())
  /** Whether its access control holds for every call. */
  const isMended = etcd === mendedEtcd()

  test('only nodes can use the peer port; people with a certificate of the same authority cannot', async () => {
    expect(await askPeerPort(await issueNode(authority, ['127.0.0.1']))).toBe(200)
    expect(await askPeerPort(await issuePerson(authority, 'ada'))).toBe('refused')
    expect(await askPeerPort(await issueNode(await createAuthority(), ['127.0.0.1']))).toBe('refused')
    expect(await askPeerPort(undefined)).toBe('refused')
  })

  test('a person with a certificate can connect; one with a certificate of another cluster cannot, and learns why', async () => {
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

  test('people can read and write only the ranges meant for them', async () => {
    const ada = await personOf('ada')
    const store = await openTestStore(await endpoints(), ada)
    const put = (key: string) => store.commit({ then: [{ kind: 'put', key: utf8(key), value: utf8('x') }] })
    for (const key of ['rooms/x/log/1', 'users/x', 'vaults/x', 'inbox/x/y', 'reads/x', 'directory/x']) {
      await put(key)
    }
    const forbidden = ['a', 'incarnation', 'incarnation2', 'move/x', 'revoked/x', 'rooms', 'tickets/x', 'zz']
    for (const key of [...forbidden, 'enrol/ask/ticket/x', 'enrol/answer/person/x', 'enrol/answer/ticket/x']) {
      await expect(put(key), key).rejects.toMatchObject({ code: 'not-allowed', hint: expect.any(String) })
    }
    await expect(store.range(utf8('r'), utf8('s'))).rejects.toMatchObject({ code: 'not-allowed' })
    await store.close()

    const client = new ClusterClient(await endpoints(), ada)
    const refused = { code: 'not-allowed', hint: expect.any(String) as unknown }
    await expect(client.addLearner('https://127.0.0.1:1')).rejects.toMatchObject(refused)
    await expect(client.remove('0'.repeat(16))).rejects.toMatchObject(refused)
    await expect(listPeople(client)).rejects.toMatchObject(refused)
    await expect(grantAccess(client, 'eve.01')).rejects.toMatchObject(refused)
    expect((await client.statuses()).map(({ name }) => name)).toEqual(['one'])
    client.close()
  })

  test('every key of the room protocol is in a range that people can use', () => {
    const id = new Uint8Array(32)
    const keys = [
      paths.incarnationKey,
      paths.userKey('x'),
      paths.vaultKey('x'),
      paths.directoryKey('x'),
      paths.inboxKey(id, id),
      paths.readsKey(id),
      paths.logKey(id, 2 ** 53 - 1),
      paths.hereKey(id, id),
    ]
    const ranges = [paths.directoryRange, paths.inboxRange(id), paths.roomRange(id)]
    const within = (key: Uint8Array, end?: Uint8Array) =>
      peopleRanges.some(
        (range) =>
          Buffer.compare(range.key, key) <= 0 &&
          (range.end === undefined ? Buffer.compare(range.key, key) === 0 : Buffer.compare(end ?? key, range.end) <= 0),
      )
    for (const key of keys) expect(within(key), Buffer.from(key).toString('latin1')).toBe(true)
    for (const { start, end } of ranges) expect(within(start, end)).toBe(true)
  })

  test('revocation applies at once to all certificates of that name and to open connections, and to no one else', async () => {
    const [one, two, bob] = [await personOf('cyd'), await personOf('cyd'), await personOf('bob')]
    const [place, other, bystander] = (await Promise.all(
      [one, two, bob].map(async (tls) => new Place(await openTestStore(await endpoints(), tls))),
    )) as [Place, Place, Place]
    await place.commit(place.put('a'))
    const watching = place.watch(1)[Symbol.asyncIterator]()
    expect(await watching.next()).toMatchObject({ done: false })
    await other.commit(other.put('b'))

    const nodeTls = await readClient(node.paths.client)
    const client = new ClusterClient(await endpoints(), nodeTls)
    const store = await openTestStore(await endpoints(), nodeTls)
    await expect(revokePerson(client, store, 'nobody')).rejects.toMatchObject({
      code: 'no-such-user',
      hint: expect.stringContaining('cyd'),
    })
    expect(await revokePerson(client, store, 'cyd')).toBe(2)
    for (const revoked of [place, other]) {
      await expect(revoked.names()).rejects.toMatchObject({ code: 'not-allowed' })
      await expect(revoked.commit(revoked.put('c'))).rejects.toMatchObject({ code: 'not-allowed' })
    }
    // The watch began in time. It ends when the node restarts its etcd.
    await expect(watching.next()).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(
      openTestStore(await endpoints(), one).then((fresh) => fresh.range(place.start, place.end)),
    ).rejects.toMatchObject({
      code: 'not-allowed',
    })
    await bystander.commit(bystander.put('d'))

    // A new invitation grants access again; the old certificates stay revoked.
    const again = new Place(await openTestStore(await endpoints(), await personOf('cyd')))
    await again.commit(again.put('e'))
    await expect(other.names()).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await revokePerson(client, store, 'cyd')).toBe(1)
    for (const { store: opened } of [place, other, bystander, again]) await opened.close()
    await store.close()
    client.close()
  })

  test('a node that joins later has the revocation list before it accepts connections', async () => {
    const { ticket, code } = await restarted(() => node.invite())
    const late = await cluster.node('late')
    // The only node may just be restarting its etcd, for the revocations before.
    const joined = async (): Promise<void> => {
      const started = late.start({ ticket, code: code ?? '' }).ready()
      return started.catch((error: unknown) => {
        if (!/connection refused/.test(String(error))) throw error
        return joined()
      })
    }
    await joined()
    // Any node can invite: each has the authority's key, private to its owner.
    expect(readFileSync(late.paths.authority.key)).toEqual(readFileSync(node.paths.authority.key))
    expect(statSync(late.paths.authority.key).mode & 0o777).toBe(0o600)
    expect((await late.invite()).ticket).toContain('conclave-node-1.')
    expect(readFileSync(late.paths.revoked)).not.toHaveLength(0)
    const revoked = ({ paths: { revoked: list } }: TestNode) =>
      revokedSerials(readFileSync(list)).filter(isPersonSerial)
    expect(revoked(late)).toEqual(revoked(node))
    expect(revoked(late)).toHaveLength(3)
  })

  test('what people can do beside their ranges: nothing on a mended etcd; on an older one, what follows', async () => {
    const tls = await readClient(node.paths.client)
    const [client, store] = [new ClusterClient(await endpoints(), tls), await openTestStore(await endpoints(), tls)]
    const key = utf8('nodes/x')
    const put = () => store.commit({ then: [{ kind: 'put', key, value: utf8('x') }] })
    const { revision } = await put()
    const ada = await personOf('ada')
    const memberId = BigInt(`0x${(await client.members()).members[0]?.id}`)
    const alarm = (action: number, kind: number): Uint8Array =>
      toBinary(AlarmRequestSchema, create(AlarmRequestSchema, { action, alarm: kind, memberID: memberId }))
    const outcomes: Record<string, boolean> = {}
    for (const [name, kind] of [
      ['NOSPACE', 1],
      ['CORRUPT', 2],
    ] as const) {
      outcomes[name] = await call(ada, '/etcdserverpb.Maintenance/Alarm', alarm(1, kind))
      expect((await client.statuses())[0]?.answer?.alarms).toEqual(outcomes[name] ? [name] : [])
      await call(tls, '/etcdserverpb.Maintenance/Alarm', alarm(2, kind))
    }
    const compaction = new BinaryWriter().tag(1, 0).int64(revision).finish()
    outcomes['compact'] = await call(ada, '/etcdserverpb.KV/Compact', compaction)
    // TxnRequest: success = 2; RequestOp: delete = 3, transaction = 4; DeleteRangeRequest: key = 1.
    const wrap = (field: number, bytes: Uint8Array) => new BinaryWriter().tag(field, 2).bytes(bytes).finish()
    const nested = wrap(2, wrap(4, wrap(2, wrap(3, wrap(1, key)))))
    await call(ada, '/etcdserverpb.KV/Txn', nested)
    outcomes['delete'] = (await store.range(key, utf8('nodes/y'))).entries.length === 0
    expect(await call(ada, '/etcdserverpb.KV/Txn', wrap(2, wrap(3, wrap(1, key)))), 'not nested').toBe(false)
    const all = (one: boolean) => ({ NOSPACE: one, CORRUPT: one, compact: one, delete: one })
    expect(outcomes).toEqual(all(!isMended))

    // Clients follow the members by it.
    const listed = new ClusterClient(await endpoints(), ada)
    expect((await listed.members()).members).toEqual((await client.members()).members)
    listed.close()

    // So people are only invited there on purpose.
    const invited = invitePerson(node.paths, 'bob', openTestStore)
    if (isMended) expect((await invited).ticket).toContain('conclave-person-1.')
    else
      await expect(invited).rejects.toMatchObject({
        code: 'not-allowed',
        hint: expect.stringMatching(/3\.5\.28.*--old-etcd/),
      })
    expect((await invitePerson(node.paths, 'bob', openTestStore, { oldEtcd: true })).expires).toBeGreaterThan(
      Date.now(),
    )
    await store.close()
    client.close()
  })

  test('a full database appears in the status, and makes invitations fail with a hint', async () => {
    const tls = await readClient(node.paths.client)
    const client = new ClusterClient(await endpoints(), tls)
    const memberID = BigInt(`0x${(await client.members()).members[0]?.id}`)
    const alarm = async (action: number): Promise<void> => {
      const request = create(AlarmRequestSchema, { action, alarm: 1, memberID })
      expect(await call(tls, '/etcdserverpb.Maintenance/Alarm', toBinary(AlarmRequestSchema, request))).toBe(true)
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
