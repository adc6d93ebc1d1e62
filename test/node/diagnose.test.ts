import { once } from 'node:events'
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority, issueLocal, issueNode, type Identity } from '../../src/node/certificates/authority.ts'
import { issuePerson } from './people.ts'
import type { ClientTls } from '../../src/node/certificates/credentials.ts'
import { diagnose } from '../../src/node/health/diagnose.ts'
import { probe as probeEtcd } from '../../src/store/etcd/probe.ts'
import { freePorts } from './ports.ts'

const longAgo = Date.now() - 10 * 365 * 86_400_000
let authority: Identity
let other: Identity
let tls: ClientTls
const servers: Server[] = []

const probe = (endpoint: string, { authority: ca, certificate: cert, key }: ClientTls) =>
  probeEtcd(endpoint, { ca, cert, key })

async function listen(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function serve(identity: Identity): Promise<string> {
  const server = createServer(
    {
      cert: identity.certificate,
      key: identity.key,
      ca: authority.certificate,
      requestCert: true,
      ALPNProtocols: ['h2'],
    },
    (socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end('settings'))
    },
  )
  server.on('tlsClientError', () => {})
  return listen(server)
}

beforeAll(async () => {
  authority = await createAuthority()
  other = await createAuthority()
  tls = { authority: authority.certificate, ...(await issueLocal(authority)) }
})
afterAll(() => {
  for (const server of servers) server.close()
})

describe('why an endpoint is unusable', () => {
  test('it is usable', async () => {
    const endpoint = await serve(await issueNode(authority, ['127.0.0.1']))
    expect(await probe(endpoint, tls)).toBe('ok')
    expect(await diagnose(['127.0.0.1:1', endpoint], tls)).toBeUndefined()
  })

  test('its certificate is from another authority, expired, or not valid yet', async () => {
    const answers = await Promise.all(
      [
        issueNode(other, ['127.0.0.1']),
        issueNode(authority, ['127.0.0.1'], longAgo),
        issueNode(authority, ['127.0.0.1'], Date.now() + 30 * 86_400_000),
      ].map(async (identity) => probe(await serve(await identity), tls)),
    )
    expect(answers).toEqual(['other-authority', 'server-expired', 'server-not-yet-valid'])
  })

  test('our certificate is of another cluster, or expired', async () => {
    const endpoint = await serve(await issueNode(authority, ['127.0.0.1']))
    const stranger = { authority: authority.certificate, ...(await issuePerson(other, 'ada')) }
    expect(await probe(endpoint, stranger)).toBe('we-are-refused')
    expect(await diagnose([endpoint], stranger)).toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('another cluster'),
    })
    const late = { authority: authority.certificate, ...(await issuePerson(authority, 'ada', longAgo)) }
    expect(await diagnose([endpoint], late)).toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('it has expired'),
    })
  })

  test('nothing listens, nothing answers, or another program does', async () => {
    const [free] = await freePorts(1)
    expect(await probe(`127.0.0.1:${free}`, tls)).toBe('refused')
    const silent = await listen(createPlainServer(() => {}))
    expect(await probe(silent, tls)).toBe('silent')
    const web = await listen(
      createPlainServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    )
    expect(await probe(web, tls)).toBe('not-tls')
    expect(await probe('no-such-host.invalid:2379', tls)).toBe('no-such-host')
  })

  test('of several reasons, the most telling is reported', async () => {
    const foreign = await serve(await issueNode(other, ['127.0.0.1']))
    const reason = await diagnose(['127.0.0.1:1', foreign], tls)
    expect(reason).toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining(foreign),
      hint: expect.any(String),
    })
  })
})
