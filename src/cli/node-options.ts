/** The options of `node start` and `node join` about where a node is. */
import type { Command } from 'commander'
import { ConclaveError } from '../base/errors.ts'
import type { NodeOptions } from '../node/home/settings.ts'

export interface NodeFlags {
  readonly name?: string
  readonly listen?: string
  readonly advertise?: string
  readonly port?: string
  readonly peerPort?: string
  readonly etcd?: string
}

export function addNodeOptions(command: Command): Command {
  return command
    .option('--name <name>', "the node's name in the cluster (this machine's name)")
    .option('--listen <host>', 'the address to listen on (the advertised one)')
    .option('--advertise <host>', 'the address at which others reach this machine')
    .option('--port <port>', 'for clients (2379)')
    .option('--peer-port <port>', 'for the other nodes (the next one)')
    .option('--etcd <path>', 'the etcd program (CONCLAVE_ETCD, or on PATH)')
}

export function nodeOptions({ name, listen, advertise, port, peerPort, etcd }: NodeFlags): NodeOptions {
  return { name, listen, advertise, etcd, port: portOf('--port', port), peerPort: portOf('--peer-port', peerPort) }
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (/^[0-9]{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new ConclaveError('usage', `${option} takes a number from 1 to 65535`, { hint: 'For example 2379.' })
}
