/**
 * A cluster's permissions, enforced by etcd's access control. etcd takes a certificate's common name as the user name
 * (https://etcd.io/docs/v3.5/op-guide/authentication/rbac/): `conclave:node`, every node's, has the role root; NAME.SERIAL,
 * one certificate of a person, has the role `person`: it reads and writes the ranges below, and nothing else, not even the
 * store's incarnation; `root` is required by etcd, without a password. `enrol:ID` is the holder of an open ticket, who
 * asks for a certificate and reads the answer. A certificate without a user has no access.
 */
import { equalBytes, prefixEnd, utf8, type Bytes } from '../../base/bytes.ts'
import { Auth } from '../../store/etcd/generated/auth_pb.ts'
import { nodeCommonName } from '../certificates/authority.ts'
import { personOf } from '../certificates/serials.ts'
import { changeTimeoutMs, type ClusterClient } from '../cluster/cluster-client.ts'
import { refusalOf } from '../cluster/cluster-errors.ts'

export interface AccessRange {
  readonly key: Bytes
  /** Exclusive; undefined: the one key. */
  readonly end: Bytes | undefined
  /** 'write' reads, too. */
  readonly access: 'read' | 'write' | 'write-only'
}

const under = (prefix: string, access: AccessRange['access']): AccessRange => ({
  key: utf8(prefix),
  end: prefixEnd(utf8(prefix)),
  access,
})

/** What people's clients read and write (protocol/paths.ts), and how they renew their certificates. */
export const peopleRanges: readonly AccessRange[] = [
  { key: utf8('incarnation'), end: undefined, access: 'read' },
  under('enrol/ask/person/', 'write-only'),
  under('enrol/answer/person/', 'read'),
  ...['directory/', 'inbox/', 'reads/', 'rooms/', 'users/', 'vaults/'].map((prefix) => under(prefix, 'write')),
]

const personRole = 'person'
const rootRole = 'root'
const permissionTypes = { read: 0, 'write-only': 1, write: 2 } as const
const ticketPrefix = 'enrol:'

/** Creates roles and users, then enables access control. Idempotent, like everything here. */
export async function protectCluster(client: ClusterClient, signal?: AbortSignal): Promise<void> {
  const { method } = Auth
  await ifNew(client.call(method.roleAdd, { name: personRole }, changeTimeoutMs, signal))
  const { perm } = await client.call(method.roleGet, { role: personRole }, changeTimeoutMs, signal)
  for (const { key, end = new Uint8Array(), access } of peopleRanges) {
    const permType = permissionTypes[access]
    const granted = perm.some(
      (one) => equalBytes(one.key, key) && equalBytes(one.rangeEnd, end) && one.permType === permType,
    )
    if (granted) continue
    await grantRange(client, personRole, { key, end, access }, signal)
  }
  for (const { key, rangeEnd } of perm) {
    const wanted = peopleRanges.some(
      (range) => equalBytes(range.key, key) && equalBytes(range.end ?? new Uint8Array(), rangeEnd),
    )
    if (wanted) continue
    await client.call(method.roleRevokePermission, { role: personRole, key, rangeEnd }, changeTimeoutMs, signal)
  }
  for (const user of [nodeCommonName, rootRole]) await addUser(client, user, rootRole, signal)
  await client.call(method.authEnable, {}, changeTimeoutMs, signal)
}

/** Grants access to the holder of a person's certificate. */
export async function grantAccess(client: ClusterClient, user: string, signal?: AbortSignal): Promise<void> {
  await addUser(client, user, personRole, signal)
}

/** Revokes access at once, also on open connections. */
export async function revokeAccess(client: ClusterClient, user: string, signal?: AbortSignal): Promise<void> {
  await client.call(Auth.method.userDelete, { name: user }, changeTimeoutMs, signal).catch((error: unknown) => {
    if (!/user name not found/.test(refusalOf(error))) throw error
  })
}

export function ticketUser(id: string): string {
  return `${ticketPrefix}${id}`
}

/** Lets the holder of a ticket write one key and read another. */
export async function grantTicket(
  client: ClusterClient,
  id: string,
  keys: { readonly ask: Bytes; readonly answer: Bytes },
  signal?: AbortSignal,
): Promise<void> {
  const name = ticketUser(id)
  await ifNew(client.call(Auth.method.roleAdd, { name }, changeTimeoutMs, signal))
  await grantRange(client, name, { key: keys.ask, end: undefined, access: 'write-only' }, signal)
  await grantRange(client, name, { key: keys.answer, end: undefined, access: 'read' }, signal)
  await addUser(client, name, name, signal)
}

export async function closeTicketUser(client: ClusterClient, id: string, signal?: AbortSignal): Promise<void> {
  await revokeAccess(client, ticketUser(id), signal)
  await client
    .call(Auth.method.roleDelete, { role: ticketUser(id) }, changeTimeoutMs, signal)
    .catch((error: unknown) => {
      if (!/role name not found/.test(refusalOf(error))) throw error
    })
}

export async function listUsers(client: ClusterClient, signal?: AbortSignal): Promise<readonly string[]> {
  return (await client.call(Auth.method.userList, {}, changeTimeoutMs, signal)).users
}

/** The ids of the tickets among these users. */
export function listTicketUsers(users: readonly string[]): readonly string[] {
  return users.filter((user) => user.startsWith(ticketPrefix)).map((user) => user.slice(ticketPrefix.length))
}

export interface PersonUser {
  readonly user: string
  readonly name: string
  /** Of the certificate, hexadecimal. */
  readonly serial: string
}

/** One entry for each certificate that is not revoked. */
export async function listPeople(client: ClusterClient, signal?: AbortSignal): Promise<readonly PersonUser[]> {
  return (await listUsers(client, signal)).flatMap((user) => {
    const person = personOf(user)
    return person === undefined ? [] : [{ user, ...person }]
  })
}

async function addUser(client: ClusterClient, name: string, role: string, signal?: AbortSignal): Promise<void> {
  const { userAdd, userGrantRole } = Auth.method
  await ifNew(client.call(userAdd, { name, options: { noPassword: true } }, changeTimeoutMs, signal))
  await client.call(userGrantRole, { user: name, role }, changeTimeoutMs, signal)
}

async function grantRange(
  client: ClusterClient,
  role: string,
  { key, end = new Uint8Array(), access }: AccessRange,
  signal?: AbortSignal,
): Promise<void> {
  const perm = { key, rangeEnd: end, permType: permissionTypes[access] }
  await client.call(Auth.method.roleGrantPermission, { name: role, perm }, changeTimeoutMs, signal)
}

async function ifNew(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!/already exists/.test(refusalOf(error))) throw error
  })
}
