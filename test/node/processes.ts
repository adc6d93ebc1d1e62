/** Processes, looked at from outside. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process that has ended does not count, even while it waits for init to reap it, which may take seconds. */
export function alive(pid: number): boolean {
  return !['', 'Z', 'X'].includes(stateOf(pid))
}

/** One letter, as ps(1) shows it; '' when there is no such process. */
function stateOf(pid: number): string {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)])
        .toString()
        .slice(0, 1)
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.charAt(stat.lastIndexOf(')') + 2)
  } catch {
    return ''
  }
}

/** The etcd with this data folder; the shell that guards it has the same words behind its own. */
export function etcdOf(data: string): number | undefined {
  const processes = execFileSync('ps', ['-axo', 'pid=,args=']).toString().split('\n')
  const found = processes.find((line) => /^ *\d+ \S*etcd /.test(line) && `${line} `.includes(`--data-dir=${data} `))
  return found === undefined ? undefined : Number.parseInt(found, 10)
}

/** Polls until it holds; the test's own time limit ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>, pauseMs = 20): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, pauseMs))
}
