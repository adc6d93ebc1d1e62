/** Which etcd the tests run: CONCLAVE_ETCD, PATH, or the one unpacked for development. There must be one. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export function testEtcd(): string {
  const named = process.env['CONCLAVE_ETCD']
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = named?.includes('/')
    ? [named]
    : [...folders, join(homedir(), '.cache/conclave/etcd-server/usr/bin')].map((folder) =>
        join(folder, named || 'etcd'),
      )
  const found = candidates.find(isExecutable)
  if (found !== undefined) return found
  throw new Error(`no etcd: set CONCLAVE_ETCD, or unpack Debian's:
  mkdir -p ~/.cache/conclave && cd ~/.cache/conclave && apt-get download etcd-server && dpkg -x etcd-server*.deb etcd-server`)
}

/** One whose access control holds: CONCLAVE_MENDED_ETCD, set before the tests. The same as `testEtcd` if that is one. */
export function mendedEtcd(): string {
  const named = process.env['CONCLAVE_MENDED_ETCD']
  if (named !== undefined) return named
  throw new Error('no mended etcd: set CONCLAVE_MENDED_ETCD')
}

const eager = new Map<string, string>()

/**
 * The same, but it changes its members at once: etcd otherwise refuses a change until all of them have been connected
 * for five seconds. That wait is tested once, where a cluster grows to three nodes. What each start of a node asks it, its
 * version and its flags, is answered from a file.
 */
export function eagerEtcd(etcd = testEtcd()): string {
  const present = eager.get(etcd)
  if (present !== undefined) return present
  const folder = mkdtempSync(join(tmpdir(), 'conclave-etcd-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const asked of ['--version', '--help']) {
    writeFileSync(join(folder, asked), execFileSync(etcd, [asked], { stdio: ['ignore', 'pipe', 'pipe'] }))
  }
  const path = join(folder, 'etcd')
  eager.set(etcd, path)
  const script = `case $1 in --version | --help) exec cat '${folder}'/"$1" ;; esac
exec '${etcd}' --strict-reconfig-check=false "$@"`
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return path
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
