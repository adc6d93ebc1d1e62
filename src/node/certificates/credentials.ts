/** The certificates of a node on disk: made, renewed, read. */
import { readFile } from 'node:fs/promises'
import { checkCertificate, readCertificate, renewBeforeDays, serves } from './check-certificate.ts'
import { issueLocal, issueNode, type Identity } from './authority.ts'
import type { ClientTls } from '../cluster/cluster-client.ts'
import type { ClientFiles, NodePaths, PemFiles } from '../home/paths.ts'
import { readIfThere, writePrivateFile } from '../home/private-file.ts'
import type { NodeSettings } from '../home/state.ts'

export async function writeAuthority(paths: NodePaths, authority: Identity): Promise<void> {
  await writeIdentity(paths.authority, authority)
}

/** @throws not-allowed when it is damaged or has expired */
export async function readAuthority(paths: NodePaths): Promise<Identity> {
  const authority = await readIdentity(paths.authority)
  checkCertificate("the cluster's authority", { ...authority, authority: authority.certificate })
  return authority
}

/** Issues what is missing, about to expire or made for other addresses. @returns whether anything was */
export async function renewCertificates(paths: NodePaths, settings: NodeSettings): Promise<boolean> {
  const authority = await readAuthority(paths)
  const hosts = [settings.advertise, settings.listen].filter((host) => host !== '0.0.0.0' && host !== '::')
  let renewed = false
  if (!(await good(paths.certificate, authority, hosts))) {
    await writeIdentity(paths.certificate, await issueNode(authority, hosts))
    renewed = true
  }
  if (!(await good(paths.client, authority, []))) {
    await writeClient(paths.client, authority.certificate, await issueLocal(authority))
    renewed = true
  }
  return renewed
}

export async function writeClient(files: ClientFiles, authority: string, identity: Identity): Promise<void> {
  await writePrivateFile(files.authority, authority)
  await writeIdentity(files, identity)
}

/** @throws not-allowed when they have expired or do not belong together */
export async function readClient(files: ClientFiles): Promise<ClientTls> {
  const [authority, identity] = await Promise.all([readFile(files.authority, 'utf8'), readIdentity(files)])
  checkCertificate('the certificate of this home', { ...identity, authority })
  return { authority, ...identity }
}

async function good(files: PemFiles, authority: Identity, hosts: readonly string[]): Promise<boolean> {
  const [certificate, key] = await Promise.all([readIfThere(files.certificate), readIfThere(files.key)])
  if (certificate === undefined || key === undefined) return false
  try {
    checkCertificate('it', { certificate, key, authority: authority.certificate })
  } catch {
    return false
  }
  return readCertificate(certificate).daysLeft > renewBeforeDays && hosts.every((host) => serves(certificate, host))
}

/** The key first: a certificate on disk always has its key beside it, or both are made anew. */
async function writeIdentity(files: PemFiles, identity: Identity): Promise<void> {
  await writePrivateFile(files.key, identity.key)
  await writePrivateFile(files.certificate, identity.certificate)
}

async function readIdentity(files: PemFiles): Promise<Identity> {
  const [certificate, key] = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')])
  return { certificate, key }
}
