/** Starts an agent as a background process and hands it the key over a private channel. */
import { spawn } from 'node:child_process'
import { ConclaveError } from '../../base/errors.ts'
import { tell, tellFailure, untilReady } from '../session/detached.ts'
import type { Host } from '../session/host.ts'
import { runAgent, type AgentOrder } from './agent.ts'

/** Resolves once it answers. */
export async function startAgent(host: Host, order: AgentOrder, signal: AbortSignal): Promise<void> {
  // No flag that could make Node write its memory to a file, or open it to a debugger.
  const flags = host.execArgv.filter((flag) => flag.startsWith('--disable-warning='))
  const main = [host.argv[1] ?? '', '--home', order.home, 'unlock', '--agent']
  // No core dump and no debugger on SIGUSR1: both would expose the key.
  const command = ['-c', 'ulimit -c 0; exec "$0" "$@"', host.execPath, ...flags, '--disable-sigusr1', ...main]
  const child = spawn('/bin/sh', command, {
    detached: true,
    cwd: '/',
    // The environment is not passed on: it may hold the passphrase, or options for Node.
    env: { PATH: host.env['PATH'] },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  child.send(order, () => {})
  await untilReady(child, 'The background process', signal)
  signal.throwIfAborted()
}

/** The other side: this process becomes the agent. @throws usage when it was not started by `startAgent` */
export async function becomeAgent(signal: AbortSignal): Promise<void> {
  if (process.send === undefined) {
    throw new ConclaveError('usage', '--agent is for internal use', { hint: 'conclave unlock starts what it needs.' })
  }
  const order = await new Promise<AgentOrder>((resolve, reject) => {
    process.once('message', resolve)
    process.once('disconnect', () => reject(new ConclaveError('usage', 'The command that started the agent is gone')))
  })
  try {
    await runAgent(order, signal, () => tell({ kind: 'ready' }))
  } catch (error) {
    tellFailure(error)
    throw error
  }
}
