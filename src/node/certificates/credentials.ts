/** A node's certificates on disk: issued, renewed, read. */
import { readFile } from 'node:fs/promises'
import type { ClientFiles, NodePaths, PemFiles } from '../home/paths.ts'
import { readIfPresent, writePrivateFile } from '../home/private-file.ts'
import { isUnspecified } from '../home/address.ts'
import type { NodeSettings } from '../home/state.ts'
import { issueLocal, issueNode, type Identity } from './authority.ts'
import { checkCertificate, isValidFor, readCertificate } from './check-certificate.ts'

/** What a client of the cluster connects with: PEM texts. */
export interface ClientTls extends Identity {
  /** The authority's certificate. */
  readonly authority: string
}

export async function writeAuthority(paths: NodePaths, authority: Identity): Promise<void> {
  await writeIdentity(paths.authority, authority)
}

/** @throws not-allowed when it is damaged or has expired */
export async function readAuthority(paths: NodePaths): Promise<Identity> {
  const authority = await readIdentity(paths.authority)
  checkCertificate("the cluster's authority", { ...authority, authority: authority.certificate })
  return authority
}

/** Issues certificates that are missing, about to expire, or for other addresses. @returns whether any was */
export async function renewCertificates(paths: NodePaths, settings: NodeSettings): Promise<boolean> {
  const authority = await readAuthority(paths)
  const hosts = [settings.advertise, settings.listen].filter((host) => !isUnspecified(host))
  let renewed = false
  if (!(await isUsable(paths.certificate, authority, hosts))) {
    await writeIdentity(paths.certificate, await issueNode(authority, hosts))
    renewed = true
  }
  if (!(await isUsable(paths.client, authority, []))) {
    await writeClient(paths.client, { authority: authority.certificate, ...(await issueLocal(authority)) })
    renewed = true
  }
  return renewed
}

export async function writeClient(files: ClientFiles, tls: ClientTls): Promise<void> {
  await writePrivateFile(files.authority, tls.authority)
  await writeIdentity(files, tls)
}

/** @throws not-allowed when they have expired or do not belong together */
export async function readClient(files: ClientFiles): Promise<ClientTls> {
  const [authority, identity] = await Promise.all([readFile(files.authority, 'utf8'), readIdentity(files)])
  const tls = { authority, ...identity }
  checkCertificate('the certificate of this home', tls)
  return tls
}

async function isUsable(files: PemFiles, authority: Identity, hosts: readonly string[]): Promise<boolean> {
  const [certificate, key] = await Promise.all([readIfPresent(files.certificate), readIfPresent(files.key)])
  if (certificate === undefined || key === undefined) return false
  try {
    checkCertificate('it', { certificate, key, authority: authority.certificate })
  } catch {
    return false
  }
  return !readCertificate(certificate).renewalDue && hosts.every((host) => isValidFor(certificate, host))
}

/** The key first: a certificate on disk always has its key beside it. */
async function writeIdentity(files: PemFiles, identity: Identity): Promise<void> {
  await writePrivateFile(files.key, identity.key)
  await writePrivateFile(files.certificate, identity.certificate)
}

async function readIdentity(files: PemFiles): Promise<Identity> {
  const [certificate, key] = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')])
  return { certificate, key }
}
