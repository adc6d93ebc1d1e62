/**
 * Revoked certificates: in the store under revoked/SERIAL, and as a revocation list for this node's etcd.
 *
 * Deleting a certificate's etcd user (access-control.ts) refuses its calls at once, everywhere. The list keeps its holder
 * from connecting at all, even to an etcd whose known vulnerabilities bypass access control. Open watches end only with
 * their connection, so a node whose list has changed restarts its etcd (enforce-access.ts).
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { prefixEnd, textOf, utf8, type Bytes } from '../../base/bytes.ts'
import { encode } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Entry, Store } from '../../store/store.ts'
import { issueRevocationList, revokedSerials } from '../certificates/authority.ts'
import { readAuthority, readClient } from '../certificates/credentials.ts'
import { expiryOf, isPersonSerial } from '../certificates/serials.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { withRenewedStore, withStore, type OpenStore } from '../cluster/open-store.ts'
import { retry } from '../cluster/retry.ts'
import type { NodePaths } from '../home/paths.ts'
import { readIfPresent, writePrivateFile } from '../home/private-file.ts'
import { listPeople, revokeAccess } from './access-control.ts'

const prefix = 'revoked/'
const range = { start: utf8(prefix), end: prefixEnd(utf8(prefix)) }
/** etcd reads the whole list for each connection; this many are 100 KB. */
const revokedMax = 4096
const retryMs = 5000
const revokeTimeoutMs = 20_000

/** Revokes all certificates of that name. @returns how many */
export async function revokeCertificates(
  client: ClusterClient,
  store: Store,
  name: string,
  now = Date.now(),
  signal?: AbortSignal,
): Promise<number> {
  await forgetExpired(store, now, signal)
  const revoked = new Set<string>()
  for (;;) {
    const found = (await listPeople(client, signal)).filter((person) => person.name === name)
    if (found.length === 0) return revoked.size
    for (const { user, serial } of found) {
      // Before the user is deleted, so that an interrupted command can be repeated.
      await recordRevoked(store, serial, name, now, signal)
      // The nodes may already be restarting their etcds because of it.
      await retry(() => revokeAccess(client, user, signal), { timeoutMs: revokeTimeoutMs, pauseMs: 200, signal })
      revoked.add(serial)
    }
    // A node that is renewing one of them sees that it is revoked, or its successor is seen here.
  }
}

/** A person's certificate, even one that is still being issued. */
export async function isRevoked(store: Store, serial: string, signal?: AbortSignal): Promise<boolean> {
  const { reads } = await store.commit({ then: [{ kind: 'read', key: keyOf(serial) }] }, signal)
  return reads[0]?.length === 1
}

/**
 * Idempotent. The certificate can't connect any more, once nodes have it on their list; a node that is granting access to
 * its holder sees it, and revokes that again.
 *
 * @param name the person's; '' for a ticket's certificate
 */
export async function recordRevoked(
  store: Store,
  serial: string,
  name: string,
  now: number,
  signal?: AbortSignal,
): Promise<void> {
  const key = keyOf(serial)
  const value = encode([name, Math.floor(now / 1000)])
  await store.commit({ if: [{ kind: 'revision', key, modRevision: 0 }], then: [{ kind: 'put', key, value }] }, signal)
}

/** etcd does not start without the file. */
export async function ensureRevocationList(paths: NodePaths): Promise<void> {
  if ((await readIfPresent(paths.revoked)) === undefined) await writeRevocationList(paths, [])
}

/** Updates this node's list once. */
export async function updateRevocationList(
  paths: NodePaths,
  endpoints: readonly string[],
  openStore: OpenStore,
  signal: AbortSignal,
): Promise<void> {
  await withStore(openStore, endpoints, await readClient(paths.client), (store) => update(paths, store, signal))
}

export interface RevocationWatch {
  readonly endpoints: readonly string[]
  readonly openStore: OpenStore
  /** A person's certificate was added to the list on disk. */
  readonly onChange: () => void
  readonly signal: AbortSignal
  /** How often the node's certificate is read again. */
  readonly periodMs?: number | undefined
}

/** Keeps this node's list up to date until aborted. Failures are retried. */
export async function followRevocations(
  paths: NodePaths,
  { endpoints, openStore, onChange, ...renewing }: RevocationWatch,
): Promise<void> {
  await withRenewedStore(openStore, endpoints, paths.client, renewing, async (store, signal) => {
    while (!signal.aborted) {
      try {
        const { revision, added } = await update(paths, store, signal)
        // A ticket's holder has nothing to watch.
        if (added.some(isPersonSerial)) onChange()
        for await (const batch of store.watch(range.start, range.end, { from: revision + 1, signal })) {
          if (batch.events.length > 0) break
        }
      } catch {
        // The cluster is unreachable, or the disk is full: the present list stays in force.
        await sleep(retryMs, undefined, { signal }).catch(() => {})
      }
    }
  })
}

async function update(
  paths: NodePaths,
  store: Store,
  signal: AbortSignal,
): Promise<{ readonly revision: number; readonly added: readonly string[] }> {
  const { revision, entries } = await store.range(range.start, range.end, { limit: revokedMax }, signal)
  const serials = entries.map(serialOf).filter((serial) => serial !== undefined)
  const present = revokedSerials(await readFile(paths.revoked))
  if (present.join() !== serials.join()) await writeRevocationList(paths, serials)
  return { revision, added: serials.filter((serial) => !present.includes(serial)) }
}

async function writeRevocationList(paths: NodePaths, serials: readonly string[]): Promise<void> {
  await writePrivateFile(paths.revoked, await issueRevocationList(await readAuthority(paths), serials))
}

/** An expired certificate need not be listed. @throws not-allowed when too many are */
export async function forgetExpired(store: Store, now: number, signal?: AbortSignal): Promise<void> {
  const { entries, more } = await store.range(range.start, range.end, { limit: revokedMax }, signal)
  for (const entry of entries) {
    const { key, modRevision } = entry
    if ((expiryOf(serialOf(entry) ?? '') ?? 0) > now) continue
    await store.commit({ if: [{ kind: 'revision', key, modRevision }], then: [{ kind: 'delete', key }] }, signal)
  }
  if (!more) return
  throw new ConclaveError('not-allowed', `More than ${revokedMax} certificates were revoked in this cluster`, {
    hint: 'Create a new cluster, with a new authority.',
  })
}

function keyOf(serial: string): Bytes {
  return utf8(`${prefix}${serial}`)
}

/** Undefined for an invalid serial number, which would make issuing the list fail. */
function serialOf({ key }: Entry): string | undefined {
  const serial = textOf(key).slice(prefix.length)
  return /^(?:[0-9a-f]{2}){1,20}$/.test(serial) ? serial : undefined
}
