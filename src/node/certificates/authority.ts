/**
 * The cluster's certificate authority (ECDSA P-256) and the certificates it issues.
 *
 * Nodes: one certificate as server, peer and client. All have the same common name, the only one that etcd's peer port
 * accepts (--peer-cert-allowed-cn), so a person's certificate can't join the traffic between nodes.
 * People: the common name is NAME.SERIAL, an etcd user (access-control.ts), so each certificate is revoked by itself. No
 * name contains a colon or a dot. https://etcd.io/docs/v3.5/op-guide/security/
 */
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

type CryptoKey = webcrypto.CryptoKey
type CryptoKeyPair = webcrypto.CryptoKeyPair

x509.cryptoProvider.set(webcrypto)

const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 86_400_000
/** A machine whose clock is slow by less than this accepts a new certificate. */
const backdateMs = day
const authorityDays = 20 * 365
const nodeDays = 2 * 365
/** Long, since people renew by a new ticket and access ends by revocation, not expiry. */
export const personDays = 5 * 365
const revocationDays = authorityDays

export const nodeCommonName = 'conclave:node'
/** In every node's certificate, so that a client can accept any node of the cluster. */
export const nodeServerName = 'node.conclave.internal'
/** etcd's superuser. */
const reservedName = 'root'

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
    ...validity(now, authorityDays),
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
  return issue(authority, nodeCommonName, nodeDays, now, [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    new x509.SubjectAlternativeNameExtension(alternatives),
  ])
}

export interface PersonIdentity extends Identity {
  /** The certificate's common name, which is the name of its etcd user. */
  readonly user: string
}

/** @throws RangeError for an invalid name, or one with another meaning for etcd */
export async function issuePerson(authority: Identity, name: string, now = Date.now()): Promise<PersonIdentity> {
  if (!/^[A-Za-z0-9_-]{2,32}$/.test(name) || name.toLowerCase() === reservedName)
    throw new RangeError(`not a name: ${name}`)
  const serial = newSerial()
  const user = `${name}.${serial}`
  return { user, ...(await issueClient(authority, user, now, serial)) }
}

/** The person and serial number behind an etcd user; undefined for any other user. */
export function personOf(user: string): { readonly name: string; readonly serial: string } | undefined {
  const match = /^([A-Za-z0-9_-]{2,32})\.(01[0-9a-f]{24})$/.exec(user)
  return match === null ? undefined : { name: match[1] as string, serial: match[2] as string }
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
  return issueClient(authority, nodeCommonName, now)
}

/** The serial numbers in a revocation list: hexadecimal, in its order. */
export function revokedSerials(list: Uint8Array): readonly string[] {
  return new x509.X509Crl(Uint8Array.from(list)).entries.map(({ serialNumber }) => serialNumber.toLowerCase())
}

async function issueClient(authority: Identity, commonName: string, now: number, serial?: string): Promise<Identity> {
  const usage = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])
  return issue(authority, commonName, personDays, now, [usage], serial)
}

async function issue(
  authority: Identity,
  commonName: string,
  days: number,
  now: number,
  extensions: readonly x509.Extension[],
  serialNumber = newSerial(),
): Promise<Identity> {
  const issuer = new x509.X509Certificate(authority.certificate)
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: issuer.subject,
    serialNumber,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    ...validity(now, days),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...extensions,
    ],
  })
  return identityOf(certificate, keys)
}

function validity(now: number, days: number) {
  return {
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + days * day),
    signingAlgorithm: signing,
  }
}

/** Positive and not zero (RFC 5280 §4.1.2.2); 96 random bits, so that with a name it fits a common name's 64 characters. */
function newSerial(): string {
  return `01${randomBytes(12).toString('hex')}`
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
