/** Which etcd the tests run: CONCLAVE_ETCD, PATH, or the one unpacked for development. There must be one. */
import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

export function testEtcd(): string {
  const named = process.env['CONCLAVE_ETCD']
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = named?.includes('/')
    ? [named]
    : [...folders, join(homedir(), '.cache/conclave/etcd-server/usr/bin')].map((folder) =>
        join(folder, named || 'etcd'),
      )
  const found = candidates.find(runnable)
  if (found !== undefined) return found
  throw new Error(`no etcd: set CONCLAVE_ETCD, or unpack Debian's:
  mkdir -p ~/.cache/conclave && cd ~/.cache/conclave && apt-get download etcd-server && dpkg -x etcd-server*.deb etcd-server`)
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
