/** The store: whether it is one, answers, and what those say who run it. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { examineStore } from '../../chat/identity/examination.ts'
import { renewBeforeDays, readCertificate } from '../../node/certificates/check-certificate.ts'
import type { ClientTls } from '../../node/certificates/credentials.ts'
import { judgeVersion, parseEtcdVersion } from '../../node/process/etcd-binary.ts'
import { diagnose } from '../../node/health/diagnose.ts'
import { readServerClock } from '../../node/health/server-clock.ts'
import { openStore, storeLabel } from '../../client/open-store.ts'
import type { OpenedStore } from '../../client/open-cluster.ts'
import { endpointsOf, type ClusterAddress, type StoreAddress, type TlsFiles } from '../../client/store-url.ts'
import { until } from '../until.ts'
import { failure, fine, problem, warning, type Finding } from './finding.ts'

/** What a leader's death takes, and more. */
const patienceMs = 5000
/** An answer's date has whole seconds, and a way behind it. */
const clockOffMs = 10_000

export interface StoreFindings {
  readonly findings: readonly Finding[]
  /** While it answers; whoever gets it closes it. */
  readonly opened: OpenedStore | undefined
}

export async function lookAtStore(address: StoreAddress, home: string, signal: AbortSignal): Promise<StoreFindings> {
  const label = storeLabel(address, home)
  if (address.kind === 'sqlite' && !existsSync(address.path)) {
    const what = `${label}: nothing is there yet, the first sign-up makes it`
    return { findings: [fine('store', what, { path: address.path })], opened: undefined }
  }
  const around = address.kind === 'etcd' ? await lookAround(address) : []
  let opened: OpenedStore | undefined
  try {
    opened = await openStore(address, { home, remember: false })
    const state = await patiently(examineStore(opened.store, signal), signal)
    const what = state === 'new' ? `${label}, which nobody has used yet` : label
    return { findings: [fine('store', what, { store: label }), ...around], opened }
  } catch (error) {
    await opened?.close()
    signal.throwIfAborted()
    const reason = await explained(error, address)
    return { findings: [failure('store', reason), ...around], opened: undefined }
  }
}

export function patiently<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return until(work, signal, patienceMs, () => {
    return new ConclaveError('unavailable', 'the store does not answer', {
      hint: 'Does it run, and does the network let this machine reach it? With a node here: conclave node status.',
      retryable: true,
    })
  })
}

/** TLS can say more of why nobody answers. */
async function explained(error: unknown, address: StoreAddress): Promise<unknown> {
  if (!isConclaveError(error, 'unavailable') || address.kind !== 'etcd' || address.tls === undefined) return error
  const tls = await readTls(address.tls).catch(() => undefined)
  return (tls && (await diagnose(endpointsOf(address), tls))) ?? error
}

/** What an etcd tells beside its records. */
async function lookAround(address: ClusterAddress): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  let tls: ClientTls | undefined
  if (address.tls !== undefined) {
    // What is missing there is told by whoever opens the store.
    tls = await readTls(address.tls).catch(() => undefined)
    if (tls === undefined) return []
    findings.push(certificate(tls.certificate, address.tls.cert))
  }
  const endpoints = endpointsOf(address)
  const dates = await Promise.all(endpoints.map((endpoint) => readServerClock(endpoint, tls)))
  for (const [at, endpoint] of endpoints.entries()) {
    const date = dates[at]
    if (date === undefined) {
      if (dates.some((one) => one !== undefined)) findings.push(away(endpoint))
      continue
    }
    findings.push(clock(endpoint, date.aheadMs), ...version(endpoint, date.version))
  }
  return findings
}

function away(endpoint: string): Finding {
  const todo = 'conclave node status tells why. If that machine is gone for good: conclave node remove NAME.'
  return warning('store', `${endpoint} does not answer; others do`, todo, { endpoint })
}

function clock(endpoint: string, aheadMs: number): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const facts = { endpoint, aheadMs: Math.round(aheadMs) }
  if (Math.abs(aheadMs) <= clockOffMs) return fine('clock', `as at ${endpoint}`, facts)
  const what = `this machine and ${endpoint} are ${seconds} s apart: this one is ${aheadMs > 0 ? 'behind' : 'ahead'}`
  const todo = 'Set the clock that is wrong (timedatectl set-ntp true): certificates stop working over it.'
  return warning('clock', what, todo, facts)
}

function version(endpoint: string, told: string | undefined): readonly Finding[] {
  const parsed = parseEtcdVersion(`etcd Version: ${told}`)
  if (told === undefined || parsed === undefined) return []
  const verdict = judgeVersion(parsed)
  const facts = { endpoint, version: told }
  if (verdict.kind === 'fine') return [fine('etcd', `${told} at ${endpoint}`, facts)]
  return [warning('etcd', `at ${endpoint}: ${verdict.message}`, verdict.hint, facts)]
}

/** Read again by whoever checks it. @throws usage when there is none */
async function readTls({ ca, cert, key }: TlsFiles): Promise<ClientTls> {
  const [authority, certificate, secret] = await Promise.all([ca, cert, key].map((file) => readFile(file, 'utf8')))
  return { authority: authority ?? '', certificate: certificate ?? '', key: secret ?? '' }
}

/** @param path for the message */
export function certificate(pem: string, path: string): Finding {
  const { notAfter, daysLeft, commonName } = readCertificate(pem)
  const facts = { path, name: commonName, until: new Date(notAfter).toISOString() }
  const anew = 'Ask for a new ticket (conclave node invite --client NAME), then: conclave connect TICKET'
  if (daysLeft < 0) return problem('certificate', 'not-allowed', `${path} has expired`, anew, facts)
  if (daysLeft < renewBeforeDays) return warning('certificate', `${path} expires in ${daysLeft} days`, anew, facts)
  return fine('certificate', `${path} is valid for ${daysLeft} days`, facts)
}
