/** The home as files: whether others can read them, whether there is room, what killed programs have left behind. */
import { lstat, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { nodePaths } from '../../node/home/paths.ts'
import { bytes } from '../output/format.ts'
import { fine, problem, warning, type Finding } from './finding.ts'

const named = 5
const freeBytesMin = 64 * 1024 * 1024
const freeBytesAdvised = 1024 * 1024 * 1024
/** Half-written files older than this belong to no running program. */
const leftoverAfterMs = 60_000
const half = /(?:\.tmp|\.new|config\.json\.\d+)$/
/** statfs(2): NFS, SMB, CIFS, 9P, AFS, Ceph. SQLite's WAL needs shared memory, which doesn't work across machines. */
const networkFileSystems: readonly number[] = [
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x5346414f, 0x00c36400,
]

interface Entry {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly size: number
  readonly changedAt: number
}

export async function examineFiles(home: string, now: number): Promise<readonly Finding[]> {
  const entries = await allFiles(home)
  if (entries.length === 0) return [fine('home', `${home} does not exist yet`, { path: home })]
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  return [
    fine('home', `${home}, ${bytes(total)}`, { path: home, bytes: total }),
    permissions(home, entries),
    await disk(home),
    ...leftovers(entries, now),
  ]
}

function permissions(home: string, entries: readonly Entry[]): Finding {
  const uid = process.getuid?.()
  const open = entries.filter(({ mode }) => (mode & 0o077) !== 0)
  const foreign = entries.filter((entry) => uid !== undefined && entry.uid !== uid)
  if (foreign.length > 0) {
    const todo = `Use Conclave as one user only, or change their owner: sudo chown -R "$(id -un)" '${home}'`
    return problem('files', 'not-allowed', `Not yours: ${list(foreign)}`, todo, paths(foreign))
  }
  if (open.length > 0) {
    const todo = `chmod -R go= '${home}'`
    return problem('files', 'not-allowed', `Other users can read or change ${list(open)}`, todo, paths(open))
  }
  return fine('files', `${entries.length} files and folders, all private`)
}

async function disk(home: string): Promise<Finding> {
  const { bavail, bsize, type } = await statfs(home)
  const free = bavail * bsize
  const facts = { freeBytes: free }
  if (free < freeBytesMin) {
    return problem('disk', 'store-full', `Only ${bytes(free)} free`, 'Make room, or nothing can be written.', facts)
  }
  if (networkFileSystems.includes(type)) {
    const todo = 'SQLite needs a local disk: choose a home on one with --home or CONCLAVE_HOME.'
    return warning('disk', 'The home is on a network file system', todo, facts)
  }
  if (free < freeBytesAdvised) return warning('disk', `Only ${bytes(free)} free`, 'Make room soon.', facts)
  return fine('disk', `${bytes(free)} free`, facts)
}

function leftovers(entries: readonly Entry[], now: number): readonly Finding[] {
  const old = entries.filter(({ path, changedAt }) => half.test(path) && now - changedAt > leftoverAfterMs)
  if (old.length === 0) return []
  const what = `Half-written files of killed programs: ${list(old)}`
  return [warning('leftovers', what, 'Delete them.', paths(old))]
}

/** The home and everything in it, except what is inside etcd's data folder. */
async function allFiles(home: string): Promise<readonly Entry[]> {
  const { data } = nodePaths(home)
  const found: Entry[] = []
  const visit = async (path: string): Promise<void> => {
    const stat = await lstat(path).catch(() => undefined)
    if (stat === undefined || stat.isSymbolicLink()) return
    const { mode, uid, size, mtimeMs } = stat
    found.push({ path, mode, uid, size: stat.isFile() ? size : 0, changedAt: mtimeMs })
    if (!stat.isDirectory() || path === data) return
    for (const name of await readdir(path).catch(() => [])) await visit(join(path, name))
  }
  await visit(home)
  return found
}

function list(entries: readonly Entry[]): string {
  const shown = entries.slice(0, named).map(({ path }) => path)
  const more = entries.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function paths(entries: readonly Entry[]): { paths: string[] } {
  return { paths: entries.map(({ path }) => path) }
}
