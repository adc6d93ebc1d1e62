/**
 * Where an agent listens: a socket of the home that its owner alone can connect to. That is how it knows who asks: the
 * system lets nobody else write to a socket of mode 0600 in a folder of mode 0700 (unix(7)).
 */
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConclaveError } from '../../base/errors.ts'

const suffix = '.sock'
/** What the systems' addresses of sockets hold, less a byte for the end; macOS has the shorter one. */
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
  throw new ConclaveError('usage', 'the path of this home is too long for a socket', {
    hint: `It may have about ${pathBytesMax - longest + Buffer.byteLength(home)} bytes: choose another with --home.`,
  })
}

/** Makes the folder, for its owner alone. @throws not-allowed where it is somebody else's, or no folder of this home */
export async function prepareFolder(home: string): Promise<void> {
  const folder = agentFolder(home)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { isFolder, own, open } = await lookAt(folder)
  if (!isFolder || !own) {
    throw new ConclaveError('not-allowed', `${folder} is not a folder of yours, so no key is kept there`, {
      hint: 'Somebody else has made it, or it is a link: delete it, and unlock as the user whose home this is.',
    })
  }
  if (open) await chmod(folder, 0o700)
}

/** Names of identities for which a socket lies in the home, whether anybody listens or not. */
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
  /** Tells it from another one that takes its place. */
  readonly inode: number
  /** It and its folder are one's own, and nobody else can reach them. */
  readonly private: boolean
}

/** undefined where there is none. */
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
