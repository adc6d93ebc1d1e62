/** From what a person says about his node, and what he leaves out, to settings that hold. */
import { hostname } from 'node:os'
import { ConclaveError } from '../../base/errors.ts'
import { isLoopback, isOwnAddress, isUnspecified, likelyAddress, requireFreePort } from './address.ts'
import type { NodeSettings } from './state.ts'

export interface NodeOptions {
  readonly name?: string | undefined
  readonly listen?: string | undefined
  readonly advertise?: string | undefined
  readonly port?: number | undefined
  readonly peerPort?: number | undefined
  readonly wan?: boolean | undefined
  readonly etcd?: string | undefined
}

/** etcd's own ports. */
const clientPortUsual = 2379
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
const hostForm = /^[A-Za-z0-9._-]{1,253}$|^[0-9A-Fa-f:.]{2,45}$/

/** @throws usage for what can't be */
export function resolveSettings(options: NodeOptions): NodeSettings {
  const { listen, etcd } = options
  const advertise = options.advertise ?? (listen !== undefined && !isUnspecified(listen) ? listen : likelyAddress())
  if (advertise === undefined || isUnspecified(advertise)) {
    throw new ConclaveError('usage', 'at which address do others reach this machine?', {
      hint: 'Say it: --advertise HOST. For a try on this machine alone: --listen 127.0.0.1.',
    })
  }
  for (const host of [listen, advertise]) {
    if (host !== undefined && !hostForm.test(host))
      throw new ConclaveError('usage', `"${host}" is not a host`, { hint: 'A name, or an address without brackets.' })
  }
  const clientPort = checkPort(options.port ?? clientPortUsual)
  const name = options.name ?? usualName()
  if (!nameForm.test(name)) {
    throw new ConclaveError('usage', `"${name}" can't be a node's name`, {
      hint: 'Letters, digits, ".", "_" and "-": at most 63.',
    })
  }
  return {
    name,
    listen: listen ?? (isOwnAddress(advertise) ? advertise : '0.0.0.0'),
    advertise,
    clientPort,
    peerPort: checkPort(options.peerPort ?? clientPort + 1),
    wan: options.wan ?? false,
    ...(etcd === undefined ? {} : { etcd }),
  }
}

/**
 * What a person says at a later start. Until the cluster knows this node everything can change; then only where it
 * listens, and the program.
 *
 * @throws usage for what others rely on
 */
export function reviseSettings(settings: NodeSettings, options: NodeOptions, known: boolean): NodeSettings {
  const { clientPort: port, ...rest } = settings
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  if (!known) return { ...resolveSettings({ ...rest, port, ...Object.fromEntries(given) }), wan: settings.wan }
  const fixed: readonly (readonly [string, unknown, unknown])[] = [
    ['--name', options.name, settings.name],
    ['--advertise', options.advertise, settings.advertise],
    ['--port', options.port, port],
    ['--peer-port', options.peerPort, settings.peerPort],
    ['--wan', options.wan, settings.wan],
  ]
  for (const [option, wanted, present] of fixed) {
    if (wanted !== undefined && wanted !== present) {
      throw new ConclaveError('usage', `this node runs with ${option} ${String(present)}, which others rely on`, {
        hint: 'Remove it on another node (`conclave node remove`), move its folder away, and join again.',
      })
    }
  }
  const { listen = settings.listen, etcd = settings.etcd } = options
  return { ...settings, listen, ...(etcd === undefined ? {} : { etcd }) }
}

/** @throws usage when one of the node's ports is taken */
export async function requirePorts(settings: NodeSettings, patienceMs: number, signal?: AbortSignal): Promise<void> {
  const { listen, clientPort, peerPort } = settings
  await requireFreePort(listen, clientPort, '--port', patienceMs, signal)
  await requireFreePort(listen, peerPort, '--peer-port', patienceMs, signal)
  if (isLoopback(listen) || isUnspecified(listen)) return
  await requireFreePort('127.0.0.1', clientPort, '--port', patienceMs, signal)
}

/** This name, or the first of name-2, name-3, … that no other node has. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? name : `${name}-${n}`
    if (!taken.has(candidate)) return candidate
  }
}

function usualName(): string {
  const name = (hostname().split('.')[0] ?? '').replace(/[^A-Za-z0-9_-]/g, '').slice(0, 40)
  return nameForm.test(name) ? name : 'node'
}

function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new ConclaveError('usage', `there is no port ${port}`, { hint: 'Ports go from 1 to 65535.' })
}
