import { X509Certificate } from 'node:crypto'
import { connect, createServer } from 'node:tls'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkCertificate, readCertificate, isValidFor } from '../../src/node/certificates/check-certificate.ts'
import {
  createAuthority,
  issueLocal,
  issueNode,
  nodeCommonName,
  type Identity,
} from '../../src/node/certificates/authority.ts'
import { expiryOf, personOf, renewedSerial } from '../../src/node/certificates/serials.ts'
import { issuePerson } from './people.ts'

const year = 365 * 86_400_000
let authority: Identity
let other: Identity
beforeAll(async () => {
  authority = await createAuthority()
  other = await createAuthority()
})

const check = (identity: Identity, from = authority, now?: number): void =>
  checkCertificate('the certificate', { ...identity, authority: from.certificate }, now)

describe('certificates', () => {
  test("a node's holds at its addresses and on the loopback, for both ends of a connection", async () => {
    const node = await issueNode(authority, ['127.0.0.2', 'node.example', '2001:db8::1'])
    check(node)
    for (const host of ['127.0.0.2', 'node.example', '2001:db8::1', '127.0.0.1', '::1', 'localhost']) {
      expect(isValidFor(node.certificate, host), host).toBe(true)
    }
    expect(isValidFor(node.certificate, '127.0.0.3')).toBe(false)
    expect(new X509Certificate(node.certificate).keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    expect(readCertificate(node.certificate).commonName).toBe(nodeCommonName)
  })

  test("a person's certificate has their name, is for clients only, and can't issue others", async () => {
    const ada = await issuePerson(authority, 'ada')
    check(ada)
    const certificate = new X509Certificate(ada.certificate)
    expect(readCertificate(ada.certificate).commonName).toBe(ada.user)
    expect(personOf(ada.user)).toEqual({
      name: 'ada',
      serial: certificate.serialNumber.toLowerCase(),
      expires: Date.parse(certificate.validTo),
    })
    expect(readCertificate(ada.certificate).daysLeft).toBeLessThanOrEqual(90)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificate.ca).toBe(false)
  })

  test('is due for renewal once less than a third of its life is left, and has one successor', async () => {
    const ada = await issuePerson(authority, 'ada')
    const after = (days: number): boolean => readCertificate(ada.certificate, Date.now() + days * 86_400_000).renewalDue
    expect([after(0), after(58), after(61)]).toEqual([false, false, true])
    const { serial, expires } = personOf(ada.user) ?? { serial: '', expires: 0 }
    expect(renewedSerial(serial)).toBe(renewedSerial(serial))
    expect(expiryOf(renewedSerial(serial))).toBe(expires + 60 * 86_400_000)
  })

  test.each(['root', 'Root', 'conclave:node', 'a', 'a b', 'x,CN=root', 'ä'.repeat(4)])(
    '%s is not a valid name',
    async (name) => {
      await expect(issuePerson(authority, name)).rejects.toThrow(RangeError)
    },
  )

  test('rejects a certificate of another cluster, with another key, expired or not yet valid', async () => {
    const ada = await issuePerson(authority, 'ada')
    const eve = await issuePerson(authority, 'eve')
    const refusal = (message: string): unknown =>
      expect.objectContaining({
        code: 'not-allowed',
        message: expect.stringContaining(message),
        hint: expect.any(String),
      })
    expect(() => check(ada, other)).toThrow(refusal("not issued by the cluster's authority"))
    expect(() => check({ ...ada, key: eve.key })).toThrow(refusal('does not match its private key'))
    expect(() => check(ada, authority, Date.now() + 6 * year)).toThrow(refusal('expired'))
    expect(() => check(ada, authority, Date.now() - year)).toThrow(refusal('not valid before'))
    expect(() => check({ ...ada, certificate: 'nothing' })).toThrow(refusal("can't be read"))
  })

  test('TLS accepts them on both sides, and rejects those of another cluster', async () => {
    const node = await issueNode(authority, ['127.0.0.1'])
    const server = createServer(
      { cert: node.certificate, key: node.key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true },
      (socket) => socket.end('in'),
    )
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const tryAs = async (identity: Identity): Promise<string> => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: authority.certificate,
        cert: identity.certificate,
        key: identity.key,
      })
      let received = ''
      socket.on('data', (data: Buffer) => (received += data.toString()))
      // Refused, it may be told so by an alert or only by the end of the connection.
      socket.on('error', () => {})
      await new Promise((resolve) => socket.on('close', resolve))
      return received
    }
    try {
      expect(await tryAs(await issueLocal(authority))).toBe('in')
      expect(await tryAs(await issuePerson(other, 'ada'))).toBe('')
    } finally {
      server.close()
    }
  })
})
