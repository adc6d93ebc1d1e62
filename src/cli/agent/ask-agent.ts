/**
 * Queries and ends the agent of an identity. If anything is wrong with it, nothing is lost: the passphrase works too.
 */
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { agentAnswerBytesMax } from '../../base/limits.ts'
import { usualPatience } from '../session/patience.ts'
import { decodeAnswer, keyBytes, type Request, type Told } from './protocol.ts'
import { agentSocket, findSocket } from './socket.ts'

export type Agent<T = Told> =
  | { readonly kind: 'none' }
  /** It was killed, or the machine was restarted: only its socket is left. */
  | { readonly kind: 'dead' }
  /** It takes no requests, or its answers are invalid. */
  | { readonly kind: 'silent' }
  /** Other users could reach its socket, or have put it there: it was not asked. */
  | { readonly kind: 'exposed' }
  /** Of another version of Conclave, with another protocol. */
  | { readonly kind: 'other' }
  | ({ readonly kind: 'unlocked' } & T)

export interface ToldKey extends Told {
  readonly key: Uint8Array
}

const usualMs = usualPatience.agentMs

export async function keyOfAgent(home: string, name: string, patienceMs = usualMs): Promise<Agent<ToldKey>> {
  const agent = await ask(home, name, 'key', patienceMs)
  return agent.kind === 'unlocked' && agent.key.length !== keyBytes ? { kind: 'silent' } : agent
}

export async function statusOfAgent(home: string, name: string, patienceMs = usualMs): Promise<Agent> {
  return ask(home, name, 'status', patienceMs)
}

/** Ends it. An agent that can't be reached loses its socket, and ends as soon as it sees that. @returns what it was */
export async function lockAgent(home: string, name: string, patienceMs = usualMs): Promise<Agent['kind']> {
  const path = agentSocket(home, name)
  const found = await findSocket(path)
  if (found === undefined) return 'none'
  const there = async (): Promise<boolean> => (await findSocket(path))?.inode === found.inode
  // Also if others could reach it: this request holds nothing secret, and is all the more needed.
  const { kind } = await talk(path, name, 'lock', patienceMs)
  const until = performance.now() + (kind === 'unlocked' || kind === 'other' ? patienceMs : 0)
  while (performance.now() < until && (await there())) await new Promise((resolve) => setTimeout(resolve, 10))
  if (await there()) await rm(path, { force: true })
  return kind
}

async function ask(home: string, name: string, request: Request, patienceMs: number): Promise<Agent<ToldKey>> {
  const path = agentSocket(home, name)
  const found = await findSocket(path)
  if (found === undefined) return { kind: 'none' }
  return found.private ? talk(path, name, request, patienceMs) : { kind: 'exposed' }
}

async function talk(path: string, name: string, request: Request, patienceMs: number): Promise<Agent<ToldKey>> {
  const bytes = await exchange(path, request, patienceMs)
  if (bytes === undefined) return { kind: 'dead' }
  const answer = decodeAnswer(bytes)
  if (answer === undefined || (answer.kind === 'told' && answer.told.name !== name)) return { kind: 'silent' }
  return answer.kind === 'other' ? answer : { kind: 'unlocked', ...answer.told, key: answer.key }
}

/** undefined if no one listens. */
function exchange(path: string, request: Request, patienceMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const parts: Buffer[] = []
    let length = 0
    // For the whole exchange: the system accepts connections for a stopped process too.
    const patience = setTimeout(() => socket.destroy(), patienceMs)
    socket.once('connect', () => socket.end(request))
    socket.on('data', (part) => {
      parts.push(part)
      length += part.length
      if (length > agentAnswerBytesMax) socket.destroy()
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined)
    })
    socket.once('close', () => {
      clearTimeout(patience)
      resolve(Buffer.concat(parts))
    })
  })
}

/** Why an agent can't be used, and what to do. */
export interface Trouble {
  readonly what: string
  readonly todo: string
}

export function troubleOf(kind: Agent['kind'], name: string): Trouble | undefined {
  switch (kind) {
    case 'none':
    case 'unlocked':
      return undefined
    case 'dead':
      return {
        what: `${name} is no longer unlocked: its background process was killed`,
        todo: 'conclave unlock starts a new one',
      }
    case 'silent':
      return {
        what: `The background process that keeps ${name} unlocked does not respond`,
        todo: 'conclave lock ends it',
      }
    case 'exposed':
      return {
        what: `Other users could reach the socket that keeps ${name} unlocked, so it is not used`,
        todo: 'conclave lock ends it; conclave unlock starts a new one',
      }
    case 'other':
      return { what: `${name} was unlocked by another version of Conclave`, todo: 'conclave unlock starts a new one' }
  }
}
