/** Which process runs this home's node. A file left behind by a killed process is recognized as stale. */
import { execFile } from 'node:child_process'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as z from 'zod'
import { ConclaveError } from '../../base/errors.ts'
import type { NodePaths } from '../home/paths.ts'
import { readIfPresent } from '../home/private-file.ts'

const run = promisify(execFile)
const pidSchema = z.strictObject({ pid: z.int().positive(), began: z.string() })
/** A large etcd takes a while to shut down. */
const stopTimeoutMs = 20_000

/** The process that runs the node, if any. */
export async function runningNode(paths: NodePaths): Promise<number | undefined> {
  const text = await readIfPresent(paths.running)
  const parsed = pidSchema.safeParse(parseJson(text ?? 'null'))
  if (!parsed.success) return undefined
  const { pid, began } = parsed.data
  return (await startTimeOf(pid)) === began ? pid : undefined
}

export interface PidFile {
  /** The previous process was killed: its etcd may still be shutting down. */
  readonly afterKill: boolean
  remove(): Promise<void>
}

/** @throws usage when another process runs the node */
export async function createPidFile(paths: NodePaths): Promise<PidFile> {
  await mkdir(dirname(paths.running), { recursive: true, mode: 0o700 })
  const pid = await runningNode(paths)
  if (pid !== undefined && pid !== process.pid) {
    throw new ConclaveError('usage', `The node of this home is already running (process ${pid})`, {
      hint: '`conclave node status` shows it, `conclave node stop` stops it.',
    })
  }
  const afterKill = (await readIfPresent(paths.running)) !== undefined
  await rm(paths.running, { force: true })
  let file
  try {
    file = await open(paths.running, 'wx', 0o600)
  } catch (cause) {
    throw new ConclaveError('usage', 'Another process is starting the node of this home', { cause })
  }
  await file.writeFile(JSON.stringify({ pid: process.pid, began: await startTimeOf(process.pid) }))
  await file.close()
  return { afterKill, remove: () => rm(paths.running, { force: true }) }
}

/** Asks the node of this home to shut down. @returns whether one was running. @throws timeout when it does not end */
export async function stopNode(paths: NodePaths, signal?: AbortSignal): Promise<boolean> {
  const pid = await runningNode(paths)
  if (pid === undefined) return false
  process.kill(pid, 'SIGTERM')
  const deadline = performance.now() + stopTimeoutMs
  while (performance.now() < deadline) {
    if ((await runningNode(paths)) !== pid) return true
    await sleep(50, undefined, signal && { signal })
  }
  throw new ConclaveError('timeout', `The node (process ${pid}) does not stop`, {
    hint: `Kill it with kill -9 ${pid}; nothing is lost.`,
  })
}

/** In the system's own units; undefined when there is no such process. Tells it from a later one with the same id. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      // After the name, which may contain anything: the state comes first, the start time 20th (proc(5)).
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' ? undefined : fields[19]
    }
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } })
    return stdout.trim() || undefined
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
