/**
 * Where an agent listens: a socket in the home that only its owner can connect to. That authenticates clients: the
 * system lets no one else write to a socket of mode 0600 in a folder of mode 0700 (unix(7)).
 */
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConclaveError } from '../../base/errors.ts'

const suffix = '.sock'
/** The size of a socket address, less a byte for its terminator; macOS has the smallest one. */
const pathBytesMax = 103

export function agentFolder(home: string): string {
  return join(home, 'agent')
}

/** @param name as the identity spells it */
export function agentSocket(home: string, name: string): string {
  return join(agentFolder(home), `${basename(name)}${suffix}`)
}

/** A name under which a socket is made before it takes its place. @throws usage where the path is too long for one */
export function draftSocket(home: string, name: string): string {
  const draft = join(agentFolder(home), `${process.pid}.new`)
  const longest = Math.max(Buffer.byteLength(draft), Buffer.byteLength(agentSocket(home, name)))
  if (longest <= pathBytesMax) return draft
  throw new ConclaveError('usage', 'The path of this home is too long for a socket', {
    hint: `At most about ${pathBytesMax - longest + Buffer.byteLength(home)} bytes are possible: choose another with --home.`,
  })
}

/** Makes the folder, private to its owner. @throws not-allowed if it belongs to another user or is not a folder */
export async function prepareFolder(home: string): Promise<void> {
  const folder = agentFolder(home)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { isFolder, own, open } = await lookAt(folder)
  if (!isFolder || !own) {
    throw new ConclaveError('not-allowed', `The folder ${folder} is not yours, so no key is kept there`, {
      hint: 'Another user made it, or it is a link: delete it, then run conclave unlock as the owner of this home.',
    })
  }
  if (open) await chmod(folder, 0o700)
}

/** Names of identities that have a socket in the home, whether an agent listens or not. */
export async function agentNames(home: string): Promise<readonly string[]> {
  try {
    const files = await readdir(agentFolder(home))
    return files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** A socket that is there. */
export interface Found {
  /** Distinguishes it from one that takes its place. */
  readonly inode: number
  /** It and its folder belong to this user, and no one else can reach them. */
  readonly private: boolean
}

/** undefined if there is none. */
export async function findSocket(path: string): Promise<Found | undefined> {
  try {
    const socket = await lookAt(path)
    const folder = await lookAt(dirname(path))
    const safe = socket.isSocket && folder.isFolder && [socket, folder].every(({ own, open }) => own && !open)
    return { inode: socket.inode, private: safe }
  } catch {
    return undefined
  }
}

async function lookAt(path: string) {
  const stat = await lstat(path)
  return {
    inode: stat.ino,
    isSocket: stat.isSocket(),
    isFolder: stat.isDirectory(),
    own: stat.uid === (process.getuid?.() ?? stat.uid),
    open: (stat.mode & 0o077) !== 0,
  }
}
