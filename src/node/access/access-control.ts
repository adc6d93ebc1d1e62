/**
 * Who may do what in a cluster, held by etcd's own access control. etcd takes the common name of a certificate for the
 * name of its user (https://etcd.io/docs/v3.5/op-guide/authentication/rbac/):
 *
 *   conclave:node   every node's certificate; has etcd's role root, which may do everything
 *   NAME.SERIAL     one certificate of a person; has the role `person`: reads and writes the keys below, and nothing
 *                   else: no members, no users, no snapshots. Nor the store's incarnation: it says whether the store
 *                   has moved, and where to
 *   root            etcd insists on it; it has no password, and nobody's certificate bears that name
 *
 * A certificate without a user is let in nowhere. Each act can be done again: what is there already stays.
 */
import { prefixEnd, utf8, type Bytes } from '../../base/bytes.ts'
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

/** What people's programs read and write (protocol/paths.ts), and their own tickets. */
export const peopleRanges: readonly AccessRange[] = [
  { key: utf8('incarnation'), end: undefined, access: 'read' },
  ...['directory/', 'inbox/', 'reads/', 'rooms/', 'tickets/', 'users/', 'vaults/'].map(under),
]

const personRole = 'person'
const rootName = 'root'
const permissionTypes = { read: 0, write: 2 } as const

/** Switches access control on, once all that it needs is there. */
export async function protectCluster(client: ClusterClient, signal?: AbortSignal): Promise<void> {
  const { method } = Auth
  await ifNew(client.call(method.roleAdd, { name: personRole }, changeTimeoutMs, signal))
  const { perm } = await client.call(method.roleGet, { role: personRole }, changeTimeoutMs, signal)
  for (const { key, end = new Uint8Array(), access } of peopleRanges) {
    const permType = permissionTypes[access]
    const granted = perm.some((one) => same(one.key, key) && same(one.rangeEnd, end) && one.permType === permType)
    if (granted) continue
    const permission = { key, rangeEnd: end, permType }
    await client.call(method.roleGrantPermission, { name: personRole, perm: permission }, changeTimeoutMs, signal)
  }
  for (const name of [nodeCommonName, rootName]) await addUser(client, name, rootName, signal)
  await client.call(method.authEnable, {}, changeTimeoutMs, signal)
}

/** Lets the holder of a person's certificate in. */
export async function admitPerson(client: ClusterClient, user: string, signal?: AbortSignal): Promise<void> {
  await addUser(client, user, personRole, signal)
}

/** From now on the holder of that certificate is refused, on connections that stand too. */
export async function dismissPerson(client: ClusterClient, user: string, signal?: AbortSignal): Promise<void> {
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

/** Everybody who has a certificate that was not revoked: one entry for each certificate. */
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

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
