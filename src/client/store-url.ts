/** Store URLs, as taken by --store, CONCLAVE_STORE and a home's configuration. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { ConclaveError } from '../base/errors.ts'
import { formatEndpoint } from '../node/home/address.ts'
import { clientFiles } from '../node/home/paths.ts'

export type StoreAddress = { readonly kind: 'sqlite'; readonly path: string } | ClusterAddress

export interface ClusterAddress {
  readonly kind: 'etcd'
  readonly endpoints: readonly Endpoint[]
  readonly tls: TlsFiles | undefined
}

export interface Endpoint {
  /** A name or an address; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
}

/** Paths of PEM files. */
export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** etcd's client port. */
const etcdPort = 2379
/** More endpoints than a cluster can have members are useless. */
const endpointsMax = 16

const forms = `A store is one of
sqlite:PATH
etcd://HOST:PORT,HOST:PORT
etcds://HOST:PORT?ca=FILE&cert=FILE&key=FILE (without the files: the home's own)`

/** @throws usage, listing the valid forms. `home` is absolute. */
export function parseStoreUrl(url: string, home: string): StoreAddress {
  if (url.startsWith('sqlite:')) return { kind: 'sqlite', path: sqlitePath(url.slice('sqlite:'.length)) }
  const match = /^(etcds?):\/\/([^/?#]*)\/?(?:\?([^#]*))?$/.exec(url)
  if (!match) throw refuse(`"${url}"`)
  const [, scheme, hosts = '', query = ''] = match
  const secure = scheme === 'etcds'
  const endpoints = hosts.split(',').map(parseEndpoint)
  if (endpoints.length > endpointsMax) throw refuse(`more than ${endpointsMax} endpoints`)
  const files = parseFiles(query)
  if (!secure && files.size > 0) throw refuse(`${[...files.keys()].join(', ')}: these files are for etcds://`)
  return { kind: 'etcd', endpoints, tls: secure ? tlsFiles(files, home) : undefined }
}

export function endpointsOf({ endpoints }: ClusterAddress): string[] {
  return endpoints.map(({ host, port }) => formatEndpoint(host, port))
}

/** The embedded store of a home. */
export function embeddedStore(home: string): StoreAddress {
  return { kind: 'sqlite', path: embeddedPath(home) }
}

export function embeddedPath(home: string): string {
  return join(home, 'store.db')
}

function sqlitePath(path: string): string {
  if (path === '' || path.includes('\0')) throw refuse('sqlite: needs the path of a file')
  // A shell doesn't expand the tilde behind the colon.
  return resolve(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path)
}

function parseEndpoint(text: string): Endpoint {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw refuse(text === '' ? 'an endpoint is empty' : `"${text}" is not HOST:PORT`)
  const port = match?.[3] === undefined ? etcdPort : Number(match[3])
  if (port < 1 || port > 65_535) throw refuse(`there is no port ${port}`)
  return { host, port }
}

function parseFiles(query: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const [name, file] of new URLSearchParams(query)) {
    if (!['ca', 'cert', 'key'].includes(name)) throw refuse(`"${name}" is not a known parameter`)
    if (file === '' || files.has(name)) throw refuse(`${name}= needs one file`)
    files.set(name, resolve(file))
  }
  return files
}

function tlsFiles(files: ReadonlyMap<string, string>, home: string): TlsFiles {
  const own = clientFiles(home)
  if (files.has('cert') !== files.has('key')) throw refuse('cert= and key= belong together')
  return {
    ca: files.get('ca') ?? own.authority,
    cert: files.get('cert') ?? own.certificate,
    key: files.get('key') ?? own.key,
  }
}

function refuse(message: string): ConclaveError {
  return new ConclaveError('usage', `Invalid store address: ${message}`, { hint: forms })
}
