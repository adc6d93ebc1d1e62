/**
 * Certificates that were revoked, in the store under revoked/<serial number>, and as a list for this node's etcd.
 *
 * That a person's user is gone (access.ts) refuses each of his calls, at once and everywhere. Two things come on top.
 * An etcd with known holes checks not everything: the list keeps him out at its door, where none of them can be reached.
 * And a watch that stands goes on, since etcd asks who it is for only when it begins: what a node does when its list has
 * changed is to start its etcd again (node.ts), which ends every connection.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { prefixEnd, textOf, utf8 } from '../../base/bytes.ts'
import { encode, Fields } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Entry, Store } from '../../store/store.ts'
import { dismissPerson, listPeople } from './access-control.ts'
import { issueRevocations, personDays, revokedSerials } from '../certificates/authority.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import { readAuthority, readClient } from '../certificates/credentials.ts'
import type { NodePaths } from '../home/paths.ts'
import { persist } from '../cluster/retry.ts'
import { readIfThere, writePrivateFile } from '../home/private-file.ts'

const prefix = 'revoked/'
const range = { start: utf8(prefix), end: prefixEnd(utf8(prefix)) }
/** etcd reads the whole list for each connection: so many are 100 KB. */
const revokedMax = 4096
const retryMs = 5000
const patienceMs = 20_000

/**
 * Takes all certificates of a person's name away.
 *
 * @returns how many there were
 * @throws no-such-user when there is none
 */
export async function revokePerson(
  client: ClusterClient,
  store: Store,
  name: string,
  now = Date.now(),
  signal?: AbortSignal,
): Promise<number> {
  const people = await listPeople(client, signal)
  const found = people.filter((person) => person.name === name)
  if (found.length === 0) throw nobody(name, people)
  await forgetExpired(store, now, signal)
  for (const { user, serial } of found) {
    const key = utf8(`${prefix}${serial}`)
    const value = encode([name, Math.floor(now / 1000)])
    // Before the user is gone: a command that was cut off finds him again.
    await store.commit({ if: [{ kind: 'revision', key, modRevision: 0 }], then: [{ kind: 'put', key, value }] }, signal)
    // The nodes may be starting their etcds again for it already.
    await persist(() => dismissPerson(client, user, signal), { patienceMs, pauseMs: 200, onWaiting: () => {}, signal })
  }
  return found.length
}

/** etcd does not start without the file. */
export async function requireRevocations(paths: NodePaths): Promise<void> {
  if ((await readIfThere(paths.revoked)) === undefined) await writeRevocations(paths, [])
}

/** Brings this node's list up to date once. */
export async function readRevocations(
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
  /** The list on disk is another one than before. */
  readonly onChange: () => void
}

/** Keeps this node's list as the store has it. Resolves when the signal ends it; what fails is tried again. */
export async function followRevocations(
  paths: NodePaths,
  { endpoints, openStore, onChange }: RevocationWatch,
  signal: AbortSignal,
): Promise<void> {
  const tls = await readClient(paths.client)
  await withStore(openStore, endpoints, tls, async (store) => {
    while (!signal.aborted) {
      try {
        const { revision, changed } = await update(paths, store, signal)
        if (changed) onChange()
        for await (const batch of store.watch(range.start, range.end, { from: revision + 1, signal })) {
          if (batch.events.length > 0) break
        }
      } catch {
        // The cluster is away, or the disk is full: the list that there is stays in force.
        await sleep(retryMs, undefined, { signal }).catch(() => {})
      }
    }
  })
}

async function update(
  paths: NodePaths,
  store: Store,
  signal: AbortSignal,
): Promise<{ readonly revision: number; readonly changed: boolean }> {
  const { revision, entries } = await store.range(range.start, range.end, { limit: revokedMax }, signal)
  const serials = entries.map(serialOf).filter((serial) => serial !== undefined)
  const changed = revokedSerials(await readFile(paths.revoked)).join() !== serials.join()
  if (changed) await writeRevocations(paths, serials)
  return { revision, changed }
}

async function writeRevocations(paths: NodePaths, serials: readonly string[]): Promise<void> {
  await writePrivateFile(paths.revoked, await issueRevocations(await readAuthority(paths), serials))
}

/** A certificate that has expired by itself needs no mention. */
async function forgetExpired(store: Store, now: number, signal?: AbortSignal): Promise<void> {
  const { entries, more } = await store.range(range.start, range.end, { limit: revokedMax }, signal)
  for (const { key, value, modRevision } of entries) {
    if (revokedAt(value) + personDays * 86_400_000 > now) continue
    await store.commit({ if: [{ kind: 'revision', key, modRevision }], then: [{ kind: 'delete', key }] }, signal)
  }
  if (!more) return
  throw new ConclaveError('not-allowed', `more than ${revokedMax} certificates were revoked in this cluster`, {
    hint: 'Found a new one, with a new authority.',
  })
}

function revokedAt(value: Uint8Array): number {
  const fields = Fields.decode(value, 2)
  fields.text(64)
  return fields.unsigned() * 1000
}

/** Undefined for what is no serial number: it would keep the whole list from being made. */
function serialOf({ key }: Entry): string | undefined {
  const serial = textOf(key).slice(prefix.length)
  return /^(?:[0-9a-f]{2}){1,20}$/.test(serial) ? serial : undefined
}

function nobody(name: string, people: readonly { readonly name: string }[]): ConclaveError {
  const known = [...new Set(people.map((person) => person.name))].sort()
  const shown = known.length > 20 ? [...known.slice(0, 20), '…'] : known
  return new ConclaveError('no-such-user', `nobody called ${name} has a certificate of this cluster`, {
    hint:
      known.length === 0
        ? 'Nobody was invited with --client. Who runs a node is removed with `conclave node remove`.'
        : `These have: ${shown.join(', ')}.`,
  })
}
