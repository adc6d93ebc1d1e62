/**
 * The agent: a process that holds an identity's data key while it is unlocked, as ssh-agent holds keys, and gives it to
 * programs of the same user. The key is only in memory: never in a file, an argument or the environment. It ends when
 * the time is over (by the clock or by elapsed time, whichever is first), on `lock`, on SIGTERM, and when its socket is
 * gone, was replaced, or could be reached by other users.
 */
import { once } from 'node:events'
import { rename, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { ConclaveError } from '../../base/errors.ts'
import { agentConnectionsMax, agentRequestBytesMax } from '../../base/limits.ts'
import { version } from '../session/options.ts'
import { usualPatience } from '../session/patience.ts'
import { encodeAnswer } from './protocol.ts'
import { agentFolder, agentSocket, draftSocket, findSocket, prepareFolder } from './socket.ts'

/** What `unlock` hands over; `key` is wiped at the end. */
export interface AgentOrder {
  readonly home: string
  readonly name: string
  readonly key: Uint8Array
  /** Milliseconds since the epoch. */
  readonly until: number
}

/**
 * Resolves when it has ended and removed its socket. `ready` is called once it answers.
 *
 * @param lookMs how often it checks whether to end: timers stand still while the machine sleeps
 */
export async function runAgent(
  order: AgentOrder,
  signal: AbortSignal,
  ready: () => void,
  lookMs = 2000,
): Promise<void> {
  const { home, name, key, until } = order
  const path = agentSocket(home, name)
  const over = new AbortController()
  const ending = AbortSignal.any([signal, over.signal])
  const begun = performance.now()
  const lifeMs = until - Date.now()
  const endInTime = (): void => {
    if (Date.now() >= until || performance.now() - begun >= lifeMs) over.abort()
  }
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    listenTo(socket, (request) => {
      endInTime()
      if (ending.aborted) return undefined
      if (request === 'lock') over.abort()
      return encodeAnswer({ version, name, until }, request === 'key' ? key : undefined)
    })
  })
  server.maxConnections = agentConnectionsMax
  const inode = await listen(server, home, name, path)
  const look = async (): Promise<void> => {
    endInTime()
    const found = await findSocket(path)
    if (found === undefined || found.inode !== inode || !found.private) over.abort()
  }
  const timer = setInterval(() => void look(), lookMs)
  const last = setTimeout(() => over.abort(), Math.max(0, lifeMs))
  try {
    ready()
    if (!ending.aborted) await once(ending, 'abort')
  } finally {
    clearInterval(timer)
    clearTimeout(last)
    key.fill(0)
    // Before the server closes: until then no other socket can have the same inode.
    if ((await findSocket(path))?.inode === inode) await rm(path, { force: true })
    server.close()
  }
}

/** Under a temporary name first: the real name never has a socket that others could use, or that no one answers. */
async function listen(server: Server, home: string, name: string, path: string): Promise<number | undefined> {
  const draft = draftSocket(home, name)
  await prepareFolder(home)
  await rm(draft, { force: true })
  const mask = process.umask(0o177)
  try {
    server.listen(draft)
    await once(server, 'listening')
  } catch (cause) {
    throw new ConclaveError('usage', `Can't make a socket in ${agentFolder(home)}: ${(cause as Error).message}`, {
      hint: 'The home must be on a local disk with a file system that supports sockets: choose another with --home.',
      cause,
    })
  } finally {
    process.umask(mask)
  }
  await rename(draft, path)
  return (await findSocket(path))?.inode
}

/** Answers once, when the whole request is there; requests that are too long or too slow are cut off. */
function listenTo(socket: Socket, answer: (request: string) => Buffer | undefined): void {
  let request = ''
  socket.setTimeout(usualPatience.agentMs, () => socket.destroy())
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    request += chunk.toString('latin1')
    if (request.length > agentRequestBytesMax) socket.destroy()
  })
  socket.once('end', () => {
    const bytes = answer(request)
    if (bytes === undefined) socket.destroy()
    else socket.end(bytes)
  })
}
