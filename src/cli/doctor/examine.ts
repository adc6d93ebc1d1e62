/** A diagnosis of a home and its store. It changes nothing. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { nodePaths } from '../../node/home/paths.ts'
import { readConfig } from '../../client/config.ts'
import type { GlobalOptions } from '../options.ts'
import { embeddedStore, parseStoreUrl, type StoreAddress } from '../../client/store-url.ts'
import { examineAgents } from './examine-agents.ts'
import { examineFiles } from './examine-files.ts'
import { examineIdentities } from './examine-identities.ts'
import { examineRuntime } from './examine-runtime.ts'
import { certificate, lookAtStore, type StoreFindings } from './examine-store.ts'
import { failure, type Finding } from './finding.ts'

export async function* examine(
  { home, store }: Pick<GlobalOptions, 'home' | 'store'>,
  signal: AbortSignal,
): AsyncGenerator<Finding, void> {
  yield* await examineFiles(home, Date.now()).catch((error: unknown) => [failure('home', error)])
  yield examineRuntime(process.versions.node)
  const { findings, opened } = await storeOf(home, store, signal)
  try {
    yield* findings
    yield* await nodeCertificate(home)
    if (existsSync(home)) yield* await examineIdentities(home, opened?.store, signal)
    yield* await examineAgents(home)
  } finally {
    await opened?.close()
  }
}

async function storeOf(home: string, url: string | undefined, signal: AbortSignal): Promise<StoreFindings> {
  let address: StoreAddress
  try {
    const wanted = url ?? (await readConfig(home)).store
    address = wanted === undefined ? embeddedStore(home) : parseStoreUrl(wanted, home)
  } catch (error) {
    return { findings: [failure('store', error)], opened: undefined }
  }
  return lookAtStore(address, home, signal)
}

/** Of this machine's node, if it has one. */
async function nodeCertificate(home: string): Promise<readonly Finding[]> {
  const path = nodePaths(home).certificate.certificate
  if (!existsSync(path)) return []
  return [certificate(await readFile(path, 'utf8'), path)]
}
