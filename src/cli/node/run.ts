/** Runs this home's node for a command: in the foreground, or as a background process that outlives the terminal. */
import { spawn } from 'node:child_process'
import type { NodeEvent } from '../../node/events.ts'
import { rememberCluster } from '../../client/config.ts'
import { runNode } from '../../node/node.ts'
import { nodePaths } from '../../node/home/paths.ts'
import { tell, tellFailure, untilReady } from '../session/detached.ts'
import { openClusterStore } from './access.ts'
import { requireNoMove, type Show } from './move.ts'
import { reportEvent, type Report } from './report.ts'
import type { Session } from '../session/session.ts'

export interface RunHooks {
  /** Once the node is ready, before this home uses the cluster as its store. */
  readonly act?: ((signal: AbortSignal, show: Show) => Promise<void>) | undefined
  /** Then the node is stopped. */
  readonly once?: boolean
}

/** Resolves when the session is ended by a signal. */
export async function runInForeground(session: Session, hooks: RunHooks = {}): Promise<void> {
  await run(session, hooks, ({ object, text }) => void session.out.print(object, text))
}

/** The other side of `startDetached`: reports to the command over the channel between them. */
export async function runDetached(session: Session, hooks: RunHooks): Promise<void> {
  try {
    await run(
      session,
      hooks,
      (report) => tell({ kind: 'report', report }),
      () => tell({ kind: 'ready' }),
    )
  } catch (error) {
    tellFailure(error)
    throw error
  }
}

/** Starts the node in the background; resolves with its process id when it serves. */
export async function startDetached(session: Session, flags: readonly string[]): Promise<number> {
  const { execPath, execArgv, argv, env } = session.host
  const args = [argv[1] ?? '', '--home', session.options.home, 'node', 'start', '--detached', ...flags]
  const child = spawn(execPath, [...execArgv, ...args], {
    detached: true,
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await untilReady(
    child,
    'the node',
    session.signal,
    ({ object, text }: Report) => void session.out.print(object, text),
  )
  return child.pid ?? 0
}

async function run(session: Session, hooks: RunHooks, show: Show, onServing = (): void => {}): Promise<void> {
  const { home } = session.options
  if (hooks.act === undefined) await requireNoMove(home)
  const ending = new AbortController()
  const signal = AbortSignal.any([session.signal, ending.signal])
  let lastHealth = ''
  let serving = false
  let endpoints: readonly string[] = []
  /** In order: a move completes before the home switches to the cluster. */
  let queue = Promise.resolve()
  const then = (act: () => Promise<void>): void => {
    queue = queue.then(act).catch((error: unknown) => ending.abort(error))
  }
  const serve = async (): Promise<void> => {
    await hooks.act?.(signal, show)
    if (hooks.once === true) return ending.abort(done)
    if (endpoints.length > 0) await rememberCluster(home, endpoints)
    serving = true
    onServing()
  }
  const listener = (event: NodeEvent): void => {
    const report = reportEvent(event, lastHealth)
    if (event.kind === 'health' && report !== undefined) lastHealth = report.text
    if (report !== undefined) show(report)
    if (event.kind !== 'endpoints') return
    endpoints = event.endpoints
    then(serving ? () => rememberCluster(home, event.endpoints) : serve)
  }
  await runNode({ paths: nodePaths(home), env: session.host.env, openStore: openClusterStore, listener, signal })
  await queue
  if (ending.signal.aborted && ending.signal.reason !== done && !session.signal.aborted) throw ending.signal.reason
}

const done = new Error('done')
