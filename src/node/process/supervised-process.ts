/**
 * A child process that can't outlive its parent, not even after SIGKILL.
 *
 * A shell script between the two runs a watchdog on a pipe from the parent. When the pipe ends, the watchdog sends
 * SIGTERM to the program and, after `graceS`, SIGKILL. When the script itself is killed, the parent does the same to the
 * process group, which is the program's own: Ctrl-C reaches only the parent.
 */
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A large etcd takes a while to shut down. */
const graceSDefault = 10

/** $0 is the grace period in seconds, "$@" the program. Descriptor 3 reports the program's process id. */
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
watchdog=$!
exec 4<&-
wait "$program"; status=$?
while kill -0 "$program" 2>/dev/null; do wait "$program"; status=$?; done
kill -KILL "$watchdog" 2>/dev/null
exit "$status"
`

export class SupervisedProcess {
  /** The program's process id, once started; undefined when that failed. */
  readonly pid: Promise<number | undefined>
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<Exit>
  readonly #release: () => void

  constructor(program: string, args: readonly string[], log: (chunk: Buffer) => void, graceS = graceSDefault) {
    const child = spawn('/bin/sh', ['-c', script, String(graceS), program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    this.#release = () => child.stdin.end()
    child.stdin.on('error', () => {})
    child.stdout.on('data', log)
    child.stderr.on('data', log)
    this.pid = text(child.stdio[3] as Readable).then(
      (line) => Number.parseInt(line, 10) || undefined,
      () => undefined,
    )
    let killing: NodeJS.Timeout | undefined
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        log(Buffer.from(`${error.message}\n`))
        resolve({ code: 127, signal: null })
      })
      child.once('close', (code, signal) => {
        clearTimeout(killing)
        resolve(exitOf(code, signal))
      })
      child.once('exit', (_code, signal) => {
        this.#release()
        if (signal === null) return
        // The script was killed, perhaps before it had started the watchdog.
        killGroup(child.pid, 'SIGTERM')
        killing = setTimeout(() => killGroup(child.pid, 'SIGKILL'), graceS * 1000)
      })
    })
  }

  /** Shuts the program down and waits until it has ended, `graceS` seconds at most. */
  async stop(): Promise<Exit> {
    this.#release()
    return this.exited
  }
}

function killGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (leader !== undefined) process.kill(-leader, signal)
  } catch {
    // All of it has ended.
  }
}

/** A shell reports death by signal n as 128 + n. */
function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (code === 137) return { code: null, signal: 'SIGKILL' }
  if (code === 143) return { code: null, signal: 'SIGTERM' }
  return { code, signal }
}
