/** A diagnosis of a home and its store. It changes nothing. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { nodePaths } from '../../node/home/paths.ts'
import { statusOfAgent, troubleOf } from '../agent/ask-agent.ts'
import { agentNames } from '../agent/socket.ts'
import { readConfig } from '../../client/config.ts'
import { isoTime } from '../output/item-json.ts'
import { version, type GlobalOptions } from '../session/options.ts'
import { usualPatience, type Patience } from '../session/patience.ts'
import { embeddedStore, parseStoreUrl, type StoreAddress } from '../../client/store-url.ts'
import { examineFiles } from './examine-files.ts'
import { examineIdentities } from './examine-identities.ts'
import { certificate, lookAtStore, type StoreFindings } from './examine-store.ts'
import { failure, fine, problem, warning, type Finding } from './finding.ts'

export async function* examine(
  { home, store }: Pick<GlobalOptions, 'home' | 'store'>,
  { doctorMs, agentMs }: Patience,
  signal: AbortSignal,
): AsyncGenerator<Finding, void> {
  yield* await examineFiles(home, Date.now()).catch((error: unknown) => [failure('home', error)])
  yield examineRuntime(process.versions.node)
  const { findings, opened } = await storeOf(home, store, doctorMs, signal)
  try {
    yield* findings
    yield* await nodeCertificate(home)
    if (existsSync(home)) yield* await examineIdentities(home, opened?.store, doctorMs, signal)
    yield* await examineAgents(home, agentMs)
  } finally {
    await opened?.close()
  }
}

async function storeOf(
  home: string,
  url: string | undefined,
  patienceMs: number,
  signal: AbortSignal,
): Promise<StoreFindings> {
  let address: StoreAddress
  try {
    const wanted = url ?? (await readConfig(home)).store
    address = wanted === undefined ? embeddedStore(home) : parseStoreUrl(wanted, home)
  } catch (error) {
    return { findings: [failure('store', error)], opened: undefined }
  }
  return lookAtStore(address, home, patienceMs, signal)
}

/** Of this machine's node, if it has one. */
async function nodeCertificate(home: string): Promise<readonly Finding[]> {
  const path = nodePaths(home).certificate.certificate
  if (!existsSync(path)) return []
  return [certificate(await readFile(path, 'utf8'), path)]
}

/** Identities that are kept unlocked, and what is wrong with that. */
export async function examineAgents(home: string, patienceMs = usualPatience.agentMs): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const name of await agentNames(home)) findings.push(...(await examineAgent(home, name, patienceMs)))
  return findings
}

async function examineAgent(home: string, name: string, patienceMs: number): Promise<readonly Finding[]> {
  const agent = await statusOfAgent(home, name, patienceMs)
  const trouble = troubleOf(agent.kind, name)
  if (trouble !== undefined) {
    const { what, todo } = trouble
    if (agent.kind === 'exposed') return [problem('identity', 'not-allowed', what, todo, { name })]
    return [warning(agent.kind === 'dead' ? 'leftovers' : 'identity', what, todo, { name })]
  }
  if (agent.kind !== 'unlocked') return []
  const until = isoTime(agent.until)
  const what = `${name} is unlocked until ${until.slice(0, 16).replace('T', ' ')} UTC; conclave lock ends it`
  if (agent.version === version) return [fine('identity', what, { name, until })]
  return [
    warning('identity', `${what}\nby Conclave ${agent.version}`, 'conclave unlock starts a new one', { name, until }),
  ]
}

/**
 * Releases that closed CVE-2026-105483, CVE-2026-106069 and CVE-2026-106072 (names of hosts in TLS), by major version
 * (https://nodejs.org/en/blog/vulnerability/october-2026-security-releases).
 */
const closed: Readonly<Record<number, readonly [minor: number, patch: number]>> = { 24: [22, 1], 26: [12, 1] }
const newest = Math.max(...Object.keys(closed).map(Number))

/** The Node that runs this program. @param version as process.versions.node */
export function examineRuntime(version: string): Finding {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const facts = { version }
  const known = closed[major]
  if (known === undefined) {
    if (major > newest) return fine('node.js', version, facts)
    const todo = 'Use an even-numbered version from 24 on (https://nodejs.org).'
    return warning('node.js', `Node ${version} no longer gets security fixes`, todo, facts)
  }
  if (minor > known[0] || (minor === known[0] && patch >= known[1])) return fine('node.js', version, facts)
  const what = `Node ${version} has known vulnerabilities (CVE-2026-105483, CVE-2026-106069, CVE-2026-106072)`
  const todo = `Node ${major}.${known.join('.')} or later fixes them. Conclave runs the Node in its node_modules, if there is one.`
  return warning('node.js', what, todo, facts)
}
