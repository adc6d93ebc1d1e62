/** Completes and checks a node's settings. */
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

/** etcd's own default. */
const clientPortDefault = 2379
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
const hostForm = /^[A-Za-z0-9._-]{1,253}$|^[0-9A-Fa-f:.]{2,45}$/

/** @throws usage for an invalid option */
export function resolveSettings(options: NodeOptions): NodeSettings {
  const { listen, etcd } = options
  const advertise = options.advertise ?? (listen !== undefined && !isUnspecified(listen) ? listen : likelyAddress())
  if (advertise === undefined || isUnspecified(advertise)) {
    throw new ConclaveError('usage', "Can't tell at which address others reach this machine", {
      hint: 'Specify it: --advertise HOST. To try it on this machine alone: --listen 127.0.0.1.',
    })
  }
  for (const host of [listen, advertise]) {
    if (host !== undefined && !hostForm.test(host))
      throw new ConclaveError('usage', `"${host}" is not a host`, {
        hint: 'Use a name, or an address without brackets.',
      })
  }
  const clientPort = checkPort(options.port ?? clientPortDefault)
  const name = options.name ?? defaultName()
  if (!nameForm.test(name)) {
    throw new ConclaveError('usage', `"${name}" is not a valid node name`, {
      hint: 'Use at most 63 letters, digits, ".", "_" and "-".',
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
 * Applies the options of a later start. Until the cluster knows this node everything may change; from then on only
 * `listen` and `etcd`.
 *
 * @throws usage for an option that other nodes rely on
 */
export function reviseSettings(settings: NodeSettings, options: NodeOptions, known: boolean): NodeSettings {
  const { clientPort: port, ...rest } = settings
  if (!known) {
    const given = Object.entries(options).filter(([, value]) => value !== undefined)
    return { ...resolveSettings({ ...rest, port, ...Object.fromEntries(given) }), wan: settings.wan }
  }
  const fixed: readonly (readonly [string, unknown, unknown])[] = [
    ['--name', options.name, settings.name],
    ['--advertise', options.advertise, settings.advertise],
    ['--port', options.port, port],
    ['--peer-port', options.peerPort, settings.peerPort],
    ['--wan', options.wan, settings.wan],
  ]
  for (const [option, wanted, present] of fixed) {
    if (wanted !== undefined && wanted !== present) {
      throw new ConclaveError('usage', `This node runs with ${option} ${String(present)}, and other nodes rely on it`, {
        hint: 'To change it: remove this node on another one (`conclave node remove`), move its folder away, and join again.',
      })
    }
  }
  const { listen = settings.listen, etcd = settings.etcd } = options
  return { ...settings, listen, ...(etcd === undefined ? {} : { etcd }) }
}

/** @throws usage when one of the node's ports is still taken after `timeoutMs` */
export async function requireFreePorts(settings: NodeSettings, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const { listen, clientPort, peerPort } = settings
  await requireFreePort(listen, clientPort, '--port', timeoutMs, signal)
  await requireFreePort(listen, peerPort, '--peer-port', timeoutMs, signal)
  if (isLoopback(listen) || isUnspecified(listen)) return
  await requireFreePort('127.0.0.1', clientPort, '--port', timeoutMs, signal)
}

function defaultName(): string {
  const name = (hostname().split('.')[0] ?? '').replace(/[^A-Za-z0-9_-]/g, '').slice(0, 40)
  return nameForm.test(name) ? name : 'node'
}

function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new ConclaveError('usage', `${port} is not a port`, { hint: 'Use 1 to 65535.' })
}
