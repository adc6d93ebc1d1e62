/** Who answers at an address, and whether we are let in. */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { Metadata, Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ConclaveError } from '../../src/base/errors.ts'
import { createAuthority, issueNode, nodeServerName } from '../../src/node/certificates/authority.ts'
import { issuePerson } from '../node/people.ts'
import type { Identity } from '../../src/node/certificates/authority.ts'
import { StatusRequestSchema, StatusResponseSchema } from '../../src/store/etcd/generated/cluster_pb.ts'
import { failureOf } from '../../src/store/etcd/failure.ts'
import type { EtcdOptions } from '../../src/store/etcd/options.ts'
import { EtcdStore } from '../../src/store/etcd/store.ts'
import { Place } from '../conformance/place.ts'
import { EtcdCluster, freePorts, patience } from '../etcd/cluster.ts'
import { Proxy } from '../etcd/proxy.ts'

/** Where no answer is the right one. */
const impatient = { timeouts: { deadlineMs: 2500 } }

async function opened(endpoint: string, options: Partial<EtcdOptions> = {}): Promise<EtcdStore> {
  const store = await EtcdStore.open({ endpoints: [endpoint], timeouts: patience, ...options })
  onTestFinished(() => store.close())
  return store
}

/** What a first read and a first write are told. */
async function failures(store: EtcdStore): Promise<ConclaveError[]> {
  const place = new Place(store)
  const calls = [place.names(), place.commit(place.put('a'))]
  return Promise.all(
    calls.map(async (call) => {
      const error: unknown = await call.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(ConclaveError)
      expect(typeof (error as ConclaveError).hint).toBe('string')
      return error as ConclaveError
    }),
  )
}

async function codes(store: EtcdStore): Promise<string[]> {
  return (await failures(store)).map(({ code }) => code)
}

async function serving(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A gRPC server that knows at most one call of etcd's: what version it is. */
async function grpcServer(version?: string): Promise<string> {
  const server = new GrpcServer()
  if (version !== undefined) {
    const definition = {
      status: {
        path: '/etcdserverpb.Maintenance/Status',
        requestStream: false,
        responseStream: false,
        requestSerialize: () => Buffer.alloc(0),
        requestDeserialize: (bytes: Buffer) => fromBinary(StatusRequestSchema, bytes),
        responseSerialize: () => Buffer.from(toBinary(StatusResponseSchema, create(StatusResponseSchema, { version }))),
        responseDeserialize: () => undefined,
      },
    }
    server.addService(definition, {
      status: (_: unknown, reply: (error: null, answer: object) => void) => reply(null, {}),
    })
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  onTestFinished(() => server.forceShutdown())
  return `127.0.0.1:${port}`
}

describe('what is not an etcd is told from one that is away', () => {
  test('a web server', async () => {
    const address = await serving(createHttpServer((_, response) => response.end('hello')))
    expect(await codes(await opened(address))).toEqual(['not-a-store', 'not-a-store'])
  })

  test('a server that speaks something else', async () => {
    const address = await serving(createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n')))
    expect(await codes(await opened(address))).toEqual(['not-a-store', 'not-a-store'])
  })

  test('a gRPC server that is no etcd', async () => {
    expect(await codes(await opened(await grpcServer()))).toEqual(['not-a-store', 'not-a-store'])
  })

  test('an etcd that is too old', async () => {
    const [error] = await failures(await opened(await grpcServer('3.3.27')))
    expect([error?.code, error?.message]).toEqual(['not-a-store', expect.stringContaining('3.3.27')])
  })

  test('an etcd that is stopping or starting, whose HTTP server is up without the service', () => {
    const answer = { code: 2, details: 'Received HTTP status code 200', metadata: new Metadata() }
    const failure = failureOf(Object.assign(new Error(answer.details), answer), true)
    expect(failure).toMatchObject({ permanent: undefined })
    const other = { ...answer, details: 'Received HTTP status code 404' }
    const permanent = failureOf(Object.assign(new Error(other.details), other), true)
    expect(permanent).toMatchObject({ permanent: { code: 'not-a-store' } })
  })

  test('nobody', async () => {
    const [port] = await freePorts(1)
    const errors = await failures(await opened(`127.0.0.1:${port}`, impatient))
    expect(errors.map(({ code, retryable }) => [code, retryable])).toEqual([
      ['unavailable', true],
      ['unavailable', true],
    ])
  })

  test('a wrong address beside a right one does no harm', async () => {
    const cluster = await EtcdCluster.start(1)
    onTestFinished(() => cluster.end())
    const wrong = await serving(createHttpServer((_, response) => response.end('hello')))
    const place = new Place(await opened(wrong, { endpoints: [wrong, ...cluster.endpoints], prefer: wrong }))
    await place.commit(place.put('a'))
    expect(await place.names()).toEqual(['a'])
  })

  test('no address at all', async () => {
    await expect(EtcdStore.open({ endpoints: [] })).rejects.toMatchObject({ code: 'usage' })
  })
})

describe('a cluster with TLS', () => {
  let folder: string
  let cluster: EtcdCluster
  let authority: Identity
  let person: Identity
  let stranger: Identity
  let strangers: Identity
  const tls = (ca: Identity, own?: Identity) => ({
    ca: ca.certificate,
    ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
  })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conclave-tls-'))
    authority = await createAuthority()
    strangers = await createAuthority()
    person = await issuePerson(authority, 'ada')
    stranger = await issuePerson(strangers, 'ada')
    const node = await issueNode(authority, [])
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    cluster = await EtcdCluster.start(1, [
      '--client-cert-auth',
      `--trusted-ca-file=${file('ca.pem', authority.certificate)}`,
      `--cert-file=${file('node.pem', node.certificate)}`,
      `--key-file=${file('node.key', node.key)}`,
    ])
  })
  afterAll(async () => {
    await cluster?.end()
    await rm(folder, { recursive: true })
  })

  const address = (): string => cluster.endpoint('a')

  test('lets in whom its authority knows', async () => {
    const place = new Place(await opened(address(), { tls: tls(authority, person) }))
    await place.commit(place.put('a'))
    expect(await place.names()).toEqual(['a'])
  })

  test('must be certified for the address at which it is reached', async () => {
    const proxy = await Proxy.before(address(), '127.0.0.5')
    onTestFinished(() => proxy.end())
    const path = proxy.address
    expect(await codes(await opened(path, { tls: tls(authority, person) }))).toEqual(['not-allowed', 'not-allowed'])
    const place = new Place(await opened(path, { tls: { ...tls(authority, person), serverName: nodeServerName } }))
    expect(await place.names()).toEqual([])
  })

  test('may be asked for by the name that all its nodes bear', async () => {
    const named = (serverName: string) => opened(address(), { tls: { ...tls(authority, person), serverName } })
    expect(await new Place(await named(nodeServerName)).names()).toEqual([])
    expect(await codes(await named('elsewhere.example'))).toEqual(['not-allowed', 'not-allowed'])
  })

  test('is not believed when another authority vouches for it', async () => {
    expect(await codes(await opened(address(), { tls: tls(strangers, stranger) }))).toEqual([
      'not-allowed',
      'not-allowed',
    ])
  })

  test('lets in nobody whom it does not know, nor who shows nothing', async () => {
    const { ca } = tls(authority)
    expect(await codes(await opened(address(), { tls: { ...tls(strangers, stranger), ca } }))).toEqual([
      'not-allowed',
      'not-allowed',
    ])
    expect(await codes(await opened(address(), { tls: { ca } }))).toEqual(['not-allowed', 'not-allowed'])
  })

  test('does not answer who comes without TLS', async () => {
    for (const code of await codes(await opened(address(), impatient)))
      expect(['unavailable', 'not-a-store']).toContain(code)
  })
})

test('a cluster with access control lets nobody in without a name', async () => {
  const cluster = await EtcdCluster.start(1)
  onTestFinished(() => cluster.end())
  const place = new Place(await opened(cluster.endpoint('a')))
  await place.commit(place.put('a'))
  await cluster.enableAccessControl()
  expect(await codes(await opened(cluster.endpoint('a')))).toEqual(['not-allowed', 'not-allowed'])
  const events = (await opened(cluster.endpoint('a'))).watch(place.start, place.end, { from: 1 })
  await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'not-allowed' })
})

test('a cluster that is full says so, keeps what it acknowledged and nothing else, and still reads', async () => {
  const cluster = await EtcdCluster.start(1, ['--quota-backend-bytes=4000000'])
  onTestFinished(() => cluster.end())
  const place = new Place(await opened(cluster.endpoint('a')))
  const value = new Uint8Array(500_000)
  let kept = 0
  const filling = async (): Promise<void> => {
    for (; kept < 50; kept += 1) {
      const key = place.key(`${kept + 100}`)
      await place.store.commit({ if: [{ kind: 'revision', key, modRevision: 0 }], then: [{ kind: 'put', key, value }] })
    }
  }
  await expect(filling()).rejects.toMatchObject({ code: 'store-full', hint: expect.any(String) as unknown })
  expect(kept).toBeGreaterThan(2)
  expect(await place.names()).toHaveLength(kept)
  expect((await (place.store as EtcdStore).status(cluster.endpoint('a'))).alarms).toEqual(['NOSPACE'])
})

test('members and their state are told', async () => {
  const cluster = await EtcdCluster.start(1)
  onTestFinished(() => cluster.end())
  const store = await opened(cluster.endpoint('a'))
  const [member, ...others] = await store.members()
  expect(others).toEqual([])
  expect(member).toMatchObject({ name: 'a', isLearner: false, endpoints: cluster.endpoints })
  const status = await store.status(cluster.endpoint('a'))
  expect(status).toMatchObject({ leader: member?.id, isLearner: false, alarms: [] })
  expect(status.version).toMatch(/^3\.\d+\.\d+/)
  expect(status.dbSize).toBeGreaterThan(0)
  const [port] = await freePorts(1)
  await expect((await opened(cluster.endpoint('a'), impatient)).status(`127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'unavailable',
  })
})
