/**
 * A cluster's permissions, enforced by etcd's access control. etcd takes a certificate's common name as the user name
 * (https://etcd.io/docs/v3.5/op-guide/authentication/rbac/): `conclave:node`, every node's, has the role root; NAME.SERIAL,
 * one certificate of a person, has the role `person`: it reads and writes the ranges below, and nothing else, not even the
 * store's incarnation; `root` is required by etcd, without a password. A certificate without a user has no access.
 */
import { equalBytes, prefixEnd, utf8, type Bytes } from '../../base/bytes.ts'
import { Auth } from '../../store/etcd/generated/auth_pb.ts'
import { nodeCommonName, personOf } from '../certificates/authority.ts'
import { changeTimeoutMs, type ClusterClient } from '../cluster/cluster-client.ts'
import { refusalOf } from '../cluster/cluster-errors.ts'

export interface AccessRange {
  readonly key: Bytes
  /** Exclusive; undefined: the one key. */
  readonly end: Bytes | undefined
  readonly access: 'read' | 'write'
}

const under = (prefix: string): AccessRange => ({
  key: utf8(prefix),
  end: prefixEnd(utf8(prefix)),
  access: 'write',
})

/** What people's clients read and write (protocol/paths.ts), and their tickets. */
export const peopleRanges: readonly AccessRange[] = [
  { key: utf8('incarnation'), end: undefined, access: 'read' },
  ...['directory/', 'inbox/', 'reads/', 'rooms/', 'tickets/', 'users/', 'vaults/'].map(under),
]

const personRole = 'person'
const rootRole = 'root'
const permissionTypes = { read: 0, write: 2 } as const

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
    const permission = { key, rangeEnd: end, permType }
    await client.call(method.roleGrantPermission, { name: personRole, perm: permission }, changeTimeoutMs, signal)
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

export interface PersonUser {
  readonly user: string
  readonly name: string
  /** Of the certificate, hexadecimal. */
  readonly serial: string
}

/** One entry for each certificate that is not revoked. */
export async function listPeople(client: ClusterClient, signal?: AbortSignal): Promise<readonly PersonUser[]> {
  const { users } = await client.call(Auth.method.userList, {}, changeTimeoutMs, signal)
  return users.flatMap((user) => {
    const person = personOf(user)
    return person === undefined ? [] : [{ user, ...person }]
  })
}

async function addUser(client: ClusterClient, name: string, role: string, signal?: AbortSignal): Promise<void> {
  const { userAdd, userGrantRole } = Auth.method
  await ifNew(client.call(userAdd, { name, options: { noPassword: true } }, changeTimeoutMs, signal))
  await client.call(userGrantRole, { user: name, role }, changeTimeoutMs, signal)
}

async function ifNew(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!/already exists/.test(refusalOf(error))) throw error
  })
}
