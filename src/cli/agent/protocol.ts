/**
 * The protocol of an agent's socket: a request is one word; the answer is a line of JSON, followed by the key if it was
 * asked for. Agents of every version understand `lock`.
 */

export type Request = 'key' | 'status' | 'lock'

/** Version of the answer. An agent with another one is left alone, except to end it. */
const form = 1
export const keyBytes = 32

export interface Told {
  /** Of the program that started the agent. */
  readonly version: string
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

export type Answer =
  { readonly kind: 'told'; readonly told: Told; readonly key: Uint8Array } | { readonly kind: 'other' }

export function encodeAnswer({ version, name, until }: Told, key?: Uint8Array): Buffer {
  const line = Buffer.from(`${JSON.stringify({ form, version, name, until })}\n`)
  return key === undefined ? line : Buffer.concat([line, key])
}

/** `other`: from an agent of another version. undefined: not an agent's answer. */
export function decodeAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf(0x0a)
  const line = end === -1 ? undefined : parseObject(bytes.toString('utf8', 0, end))
  if (typeof line?.['form'] !== 'number') return undefined
  const { version, name, until } = line
  if (line['form'] !== form) return { kind: 'other' }
  if (typeof version !== 'string' || typeof name !== 'string' || !Number.isSafeInteger(until)) return undefined
  return {
    kind: 'told',
    told: { version, name, until: until as number },
    key: Uint8Array.from(bytes.subarray(end + 1)),
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
