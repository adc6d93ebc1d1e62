/**
 * A child process that can't outlive its parent, not even one that was killed with SIGKILL.
 *
 * Between the two stands a small shell script that holds one end of a pipe from the parent: when the pipe ends, it asks
 * the program to stop (SIGTERM) and, if it does not within `graceS`, kills it. When the script is killed, the parent
 * notices and ends the pipe, and the part of the script that waits on it does the same. The program is in a process
 * group of its own, so that Ctrl-C reaches the parent alone, which then stops it in order.
 */
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** An etcd that holds much may take a while to end in order. */
const usualGraceS = 10

/** $0 is the grace in seconds, "$@" the program. Descriptor 3 tells the parent the program's process id. */
const script = `
exec 4<&0
"$@" </dev/null 3>&- 4<&- &
program=$!
echo "$program" >&3
exec 3>&-
trap 'kill -TERM "$program" 2>/dev/null' TERM INT HUP
(
  trap '' TERM INT HUP
  read -r order <&4
  kill -TERM "$program" 2>/dev/null
  left=$0
  while [ "$left" -gt 0 ] && kill -0 "$program" 2>/dev/null; do sleep 1; left=$((left - 1)); done
  kill -KILL "$program" 2>/dev/null
) >/dev/null 2>&1 &
guard=$!
exec 4<&-
wait "$program"; status=$?
while kill -0 "$program" 2>/dev/null; do wait "$program"; status=$?; done
kill -KILL "$guard" 2>/dev/null
exit "$status"
`

export class GuardedProcess {
  /** The program's own process id, once it has been started. */
  readonly pid: Promise<number | undefined>
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<Exit>
  readonly #release: () => void

  constructor(program: string, args: readonly string[], log: (chunk: Buffer) => void, graceS = usualGraceS) {
    const child = spawn('/bin/sh', ['-c', script, String(graceS), program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    this.#release = () => child.stdin.end()
    child.stdin.on('error', () => {})
    child.stdout.on('data', log)
    child.stderr.on('data', log)
    this.pid = readPid(child.stdio[3] as Readable)
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        log(Buffer.from(`${error.message}\n`))
        resolve({ code: 127, signal: null })
      })
      child.once('close', (code, signal) => {
        this.#release()
        resolve(exitOf(code, signal))
      })
      // Killed alone, it leaves the pipes of its output to the program: that must end too. So early, nobody else may be
      // there yet who asks it to.
      child.once('exit', (_code, signal) => {
        this.#release()
        if (signal !== null) void this.pid.then(askToEnd)
      })
    })
  }

  /** Asks it to end, and waits until it has. Once `graceS` seconds are over, it has. */
  async stop(): Promise<Exit> {
    this.#release()
    return this.exited
  }
}

function askToEnd(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended.
  }
}

/** A shell says 128 + n for a death by signal n. */
function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (code === 137) return { code: null, signal: 'SIGKILL' }
  if (code === 143) return { code: null, signal: 'SIGTERM' }
  return { code, signal }
}

async function readPid(stream: Readable): Promise<number | undefined> {
  let text = ''
  try {
    for await (const chunk of stream) text += String(chunk)
  } catch {
    return undefined
  }
  const pid = Number.parseInt(text, 10)
  return Number.isSafeInteger(pid) ? pid : undefined
}
