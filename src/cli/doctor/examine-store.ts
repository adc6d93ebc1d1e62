/** The store: whether it is a store and answers; a cluster's certificate, clock and version. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { examineStore } from '../../chat/identity/examination.ts'
import { readCertificate } from '../../node/certificates/check-certificate.ts'
import type { ClientTls } from '../../node/certificates/credentials.ts'
import { judgeVersion, parseEtcdVersion } from '../../node/process/etcd-binary.ts'
import { withClusterClient } from '../../node/cluster/cluster-client.ts'
import { diagnose } from '../../node/health/diagnose.ts'
import { clusterHealth, describeHealth, quorumOf, type ClusterHealth } from '../../node/health/health.ts'
import { readServerClock } from '../../node/health/server-clock.ts'
import { openStore, storeLabel } from '../../client/open-store.ts'
import type { OpenedStore } from '../../client/open-cluster.ts'
import { endpointsOf, type ClusterAddress, type StoreAddress, type TlsFiles } from '../../client/store-url.ts'
import { until } from '../room/until.ts'
import { failure, fine, problem, warning, type Finding } from './finding.ts'

/** An answer's date is in whole seconds, and takes time to arrive. */
const clockOffMs = 10_000

export interface StoreFindings {
  readonly findings: readonly Finding[]
  /** Set if it answers; the caller closes it. */
  readonly opened: OpenedStore | undefined
}

export async function lookAtStore(
  address: StoreAddress,
  home: string,
  patienceMs: number,
  signal: AbortSignal,
): Promise<StoreFindings> {
  const label = storeLabel(address, home)
  if (address.kind === 'sqlite' && !existsSync(address.path)) {
    const what = `${label} does not exist yet: the first sign-up creates it`
    return { findings: [fine('store', what, { path: address.path })], opened: undefined }
  }
  const around = address.kind === 'etcd' ? await lookAround(address, signal) : []
  let opened: OpenedStore | undefined
  try {
    opened = await openStore(address, { home, remember: false })
    const state = await patiently(examineStore(opened.store, signal), patienceMs, signal)
    const what = state === 'new' ? `${label}, not used yet` : label
    return { findings: [fine('store', what, { store: label }), ...around], opened }
  } catch (error) {
    await opened?.close()
    signal.throwIfAborted()
    const reason = await explained(error, address)
    return { findings: [failure('store', reason), ...around], opened: undefined }
  }
}

export function patiently<T>(work: Promise<T>, patienceMs: number, signal: AbortSignal): Promise<T> {
  return until(work, signal, patienceMs, () => {
    return new ConclaveError('unavailable', 'The store is unreachable', {
      hint: 'Is it running, and can this machine reach it over the network? With a node here, see conclave node status.',
      retryable: true,
    })
  })
}

/** TLS can say more about why no one answers. */
async function explained(error: unknown, address: StoreAddress): Promise<unknown> {
  if (!isConclaveError(error, 'unavailable') || address.kind !== 'etcd' || address.tls === undefined) return error
  const tls = await readTls(address.tls).catch(() => undefined)
  return (tls && (await diagnose(endpointsOf(address), tls))) ?? error
}

/** What an etcd shows beside its records. */
async function lookAround(address: ClusterAddress, signal: AbortSignal): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  let tls: ClientTls | undefined
  if (address.tls !== undefined) {
    // Opening the store reports missing files.
    tls = await readTls(address.tls).catch(() => undefined)
    if (tls === undefined) return []
    findings.push(certificate(tls.certificate, address.tls.cert))
  }
  const endpoints = endpointsOf(address)
  const [health, dates] = await Promise.all([
    tls === undefined ? undefined : healthOf(endpoints, tls, signal),
    Promise.all(endpoints.map((endpoint) => readServerClock(endpoint, tls))),
  ])
  if (health !== undefined) findings.push(...cluster(health))
  for (const [at, endpoint] of endpoints.entries()) {
    const date = dates[at]
    if (date === undefined) {
      if (dates.some((one) => one !== undefined)) findings.push(unreachable(endpoint, health?.hasQuorum !== false))
      continue
    }
    findings.push(clock(endpoint, date.aheadMs), ...version(endpoint, date.version))
  }
  return findings
}

/** undefined: no member says how the cluster is. */
async function healthOf(
  endpoints: readonly string[],
  tls: ClientTls,
  signal: AbortSignal,
): Promise<ClusterHealth | undefined> {
  const members = await withClusterClient(endpoints, tls, (client) => client.statuses(signal)).catch(() => [])
  return members.length === 0 ? undefined : clusterHealth(members)
}

/** Why nothing can be written, although someone answers. */
function cluster(health: ClusterHealth): readonly Finding[] {
  const facts = { hasQuorum: health.hasQuorum, alarms: [...health.alarms] }
  if (health.alarms.includes('NOSPACE')) {
    const todo = 'On a node: etcdctl compact, then defrag on each node, then alarm disarm (docs/operations.md).'
    return [problem('store', 'store-full', `${describeHealth(health)}. What is sent waits`, todo, facts)]
  }
  if (health.alarms.length > 0) {
    const todo = 'conclave node status names the node: remove it, and add it again.'
    return [problem('store', 'unavailable', `${describeHealth(health)}. What is sent waits`, todo, facts)]
  }
  if (health.hasQuorum) return []
  const todo =
    health.reachable < quorumOf(health.voters)
      ? 'Check the network of this machine first: the other nodes may see each other. Remove none.'
      : 'The nodes that answer have no leader: check the network between them.'
  return [problem('store', 'unavailable', describeHealth(health), todo, facts)]
}

function unreachable(endpoint: string, hasQuorum: boolean): Finding {
  const todo = hasQuorum
    ? 'conclave node status shows why. If that machine is gone for good: conclave node remove NAME.'
    : 'It may be this machine that is cut off: see above.'
  return warning('store', `${endpoint} is unreachable; others answer`, todo, { endpoint })
}

function clock(endpoint: string, aheadMs: number): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const facts = { endpoint, aheadMs: Math.round(aheadMs) }
  if (Math.abs(aheadMs) <= clockOffMs) return fine('clock', `Same as at ${endpoint}`, facts)
  const what = `The clock of this machine is ${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} that of ${endpoint}`
  const todo = 'Set the wrong clock (timedatectl set-ntp true): otherwise certificates stop working.'
  return warning('clock', what, todo, facts)
}

function version(endpoint: string, told: string | undefined): readonly Finding[] {
  const parsed = parseEtcdVersion(`etcd Version: ${told}`)
  if (told === undefined || parsed === undefined) return []
  const verdict = judgeVersion(parsed)
  const facts = { endpoint, version: told }
  if (verdict.kind === 'fine') return [fine('etcd', `${told} at ${endpoint}`, facts)]
  return [warning('etcd', `At ${endpoint}: ${verdict.message}`, verdict.hint, facts)]
}

async function readTls({ ca, cert, key }: TlsFiles): Promise<ClientTls> {
  const [authority, certificate, secret] = await Promise.all([ca, cert, key].map((file) => readFile(file, 'utf8')))
  return { authority: authority ?? '', certificate: certificate ?? '', key: secret ?? '' }
}

/** @param path for the message */
export function certificate(pem: string, path: string): Finding {
  const { notAfter, daysLeft, commonName, renewalDue } = readCertificate(pem)
  const facts = { path, name: commonName, until: new Date(notAfter).toISOString() }
  const automatic = 'Conclave renews it when it reaches the cluster; a node renews its own while it runs'
  const renewal = 'Ask for a new ticket (conclave node invite --client NAME), then: conclave connect TICKET'
  if (daysLeft < 0) return problem('certificate', 'not-allowed', `${path} has expired`, renewal, facts)
  if (renewalDue) return warning('certificate', `${path} expires in ${daysLeft} days`, automatic, facts)
  return fine('certificate', `${path} is valid for ${daysLeft} days`, facts)
}
