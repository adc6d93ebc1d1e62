/** Which process runs this home's node. A note left behind by one that was killed is recognized as such. */
import { execFile } from 'node:child_process'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { ConclaveError } from '../../base/errors.ts'
import type { NodePaths } from '../home/paths.ts'
import { readIfThere } from '../home/private-file.ts'

const run = promisify(execFile)
const noteSchema = z.strictObject({ pid: z.int().positive(), began: z.string() })
/** An etcd that holds much takes its time to end in order. */
const stopPatienceMs = 20_000

/** The process that runs the node, if one does. */
export async function runningNode(paths: NodePaths): Promise<number | undefined> {
  const text = await readIfThere(paths.running)
  const note = noteSchema.safeParse(parseJson(text ?? 'null'))
  if (!note.success) return undefined
  const { pid, began } = note.data
  return (await beginningOf(pid)) === began ? pid : undefined
}

export interface RunningClaim {
  /** The one that ran it last was killed: its etcd may still be ending. */
  readonly afterKill: boolean
  /** Takes the note away. */
  release(): Promise<void>
}

/** Notes that this process runs the node. @throws usage when another one does */
export async function claimRunning(paths: NodePaths): Promise<RunningClaim> {
  await mkdir(dirname(paths.running), { recursive: true, mode: 0o700 })
  const pid = await runningNode(paths)
  if (pid !== undefined && pid !== process.pid) {
    throw new ConclaveError('usage', `the node of this home is running already (process ${pid})`, {
      hint: '`conclave node status` shows it, `conclave node stop` stops it.',
    })
  }
  const afterKill = (await readIfThere(paths.running)) !== undefined
  await rm(paths.running, { force: true })
  let file
  try {
    file = await open(paths.running, 'wx', 0o600)
  } catch (cause) {
    throw new ConclaveError('usage', 'the node of this home is being started by another process', { cause })
  }
  await file.writeFile(JSON.stringify({ pid: process.pid, began: await beginningOf(process.pid) }))
  await file.close()
  return { afterKill, release: () => rm(paths.running, { force: true }) }
}

/** Stops the node of this home in order. @returns whether one ran. @throws timeout when it does not end */
export async function stopNode(paths: NodePaths, signal?: AbortSignal): Promise<boolean> {
  const pid = await runningNode(paths)
  if (pid === undefined) return false
  process.kill(pid, 'SIGTERM')
  const until = performance.now() + stopPatienceMs
  while (performance.now() < until) {
    signal?.throwIfAborted()
    if ((await runningNode(paths)) !== pid) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new ConclaveError('timeout', `the node (process ${pid}) does not end`, {
    hint: `kill -9 ${pid} ends it: nothing is lost by that.`,
  })
}

/** When a process began, as the system counts it; undefined when there is none. A number may be given to another later. */
async function beginningOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      // Fields after the name, which may hold anything: state is the first, the start time the 20th (proc(5)).
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
