/**
 * The cluster's certificate authority (ECDSA P-256) and the certificates it issues.
 *
 * Nodes: one certificate as server, peer and client. All have the same common name, the only one that etcd's peer port
 * accepts (--peer-cert-allowed-cn), so a person's certificate can't join the traffic between nodes.
 * People: the common name is NAME.SERIAL, an etcd user (access-control.ts), so each certificate is revoked by itself. No
 * name contains a colon or a dot. The serial numbers of people and tickets contain the end of their validity
 * (serials.ts). https://etcd.io/docs/v3.5/op-guide/security/
 */
import 'reflect-metadata'
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import type { Bytes } from '../../base/bytes.ts'
import { expiringSerial, newSerial, personOf } from './serials.ts'

type CryptoKey = webcrypto.CryptoKey
type CryptoKeyPair = webcrypto.CryptoKeyPair

x509.cryptoProvider.set(webcrypto)

const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 86_400_000
/** A machine whose clock is slow by less than this accepts a new certificate. */
const backdateMs = day
const authorityDays = 20 * 365
/** Running nodes renew their own, and those of their homes. */
const nodeDays = 365
const revocationDays = authorityDays

export const nodeCommonName = 'conclave:node'
/** In every node's certificate, so that a client can accept any node of the cluster. */
export const nodeServerName = 'node.conclave.internal'

/** Certificate and private key, PEM (the key as PKCS #8). */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

export async function createAuthority(now = Date.now()): Promise<Identity> {
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Conclave cluster ${randomBytes(4).toString('hex')}`,
    serialNumber: newSerial(),
    keys,
    ...validity(now, now + authorityDays * day),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return identityOf(certificate, keys)
}

/** For the given hosts (names or addresses) and the loopback. */
export async function issueNode(authority: Identity, hosts: readonly string[], now = Date.now()): Promise<Identity> {
  const alternatives = [...new Set([...hosts, nodeServerName, '127.0.0.1', '::1', 'localhost'])].map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host,
  }))
  return issue(authority, nodeCommonName, now, [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    new x509.SubjectAlternativeNameExtension(alternatives),
  ])
}

/**
 * For a key that only its owner has.
 *
 * @param user NAME.SERIAL: the certificate's common name, and its etcd user
 * @param publicKey SPKI
 * @throws RangeError when `user` is none
 */
export async function certifyPerson(
  authority: Identity,
  user: string,
  publicKey: Uint8Array,
  now = Date.now(),
): Promise<string> {
  const person = personOf(user)
  if (person === undefined) throw new RangeError(`not a user: ${user}`)
  return certify(authority, user, publicKey, [clientUsage()], validity(now, person.expires), person.serial)
}

/** Of a ticket: its holder may ask for a certificate, once. */
export async function issueTicketIdentity(authority: Identity, user: string, expires: number): Promise<Identity> {
  const key = newKey()
  const serial = expiringSerial('ticket', expires)
  const term = validity(Date.now(), expires)
  return { certificate: await certify(authority, user, publicKeyOf(key), [clientUsage()], term, serial), key }
}

/** A certificate revocation list (RFC 5280 §5), DER. @param serials hexadecimal */
export async function issueRevocationList(
  authority: Identity,
  serials: readonly string[],
  now = Date.now(),
): Promise<Uint8Array> {
  const list = await x509.X509CrlGenerator.create({
    issuer: new x509.X509Certificate(authority.certificate).subject,
    thisUpdate: new Date(now - backdateMs),
    nextUpdate: new Date(now + revocationDays * day),
    signingAlgorithm: signing,
    signingKey: await importKey(authority.key),
    entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date(now) })),
  })
  return new Uint8Array(list.rawData)
}

/** For programs in a node's home. */
export async function issueLocal(authority: Identity, now = Date.now()): Promise<Identity> {
  return issue(authority, nodeCommonName, now, [clientUsage()])
}

/** The serial numbers in a revocation list: hexadecimal, in its order. */
export function revokedSerials(list: Uint8Array): readonly string[] {
  return new x509.X509Crl(Uint8Array.from(list)).entries.map(({ serialNumber }) => serialNumber.toLowerCase())
}

function clientUsage(): x509.Extension {
  return new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])
}

async function issue(
  authority: Identity,
  commonName: string,
  now: number,
  extensions: readonly x509.Extension[],
): Promise<Identity> {
  const key = newKey()
  const term = validity(now, now + nodeDays * day)
  return { certificate: await certify(authority, commonName, publicKeyOf(key), extensions, term), key }
}

async function certify(
  authority: Identity,
  commonName: string,
  publicKey: Uint8Array,
  extensions: readonly x509.Extension[],
  term: ReturnType<typeof validity>,
  serialNumber = newSerial(),
): Promise<string> {
  const issuer = new x509.X509Certificate(authority.certificate)
  const spki = Uint8Array.from(publicKey)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: issuer.subject,
    serialNumber,
    publicKey: await webcrypto.subtle.importKey('spki', spki, signing, true, ['verify']),
    signingKey: await importKey(authority.key),
    ...term,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...extensions,
    ],
  })
  return `${certificate.toString('pem')}\n`
}

function validity(now: number, notAfter: number) {
  return { notBefore: new Date(now - backdateMs), notAfter: new Date(notAfter), signingAlgorithm: signing }
}

/** A new private key, PEM. */
export function newKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString()
}

/** SPKI. */
export function publicKeyOf(key: string): Bytes {
  return new Uint8Array(createPublicKey(createPrivateKey(key)).export({ format: 'der', type: 'spki' }))
}

async function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])
}

async function importKey(key: string): Promise<CryptoKey> {
  const der = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return webcrypto.subtle.importKey('pkcs8', der, signing, false, ['sign'])
}

async function identityOf(certificate: x509.X509Certificate, keys: CryptoKeyPair): Promise<Identity> {
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  }
}
