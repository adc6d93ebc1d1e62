/** What reads bytes or text that come from elsewhere, as a fuzzer sees it. */
import { ConclaveError } from '../../src/base/errors.ts'
import { FormatError } from '../../src/base/codec.ts'
import type { Chance } from './chance.ts'

export type Input = Uint8Array | string

export interface Target {
  readonly name: string
  /** About how many microseconds an input takes: what is slow gets fewer. */
  readonly micros: number
  make(chance: Chance): Input
  /**
   * Reads the input. Returns what it made of it, or refuses with an error. Throws `Finding` where what it made of it is
   * not right.
   */
  read(input: Input): unknown
  /** Its refusals are shown to a person as they are: only a ConclaveError will do, and it has a hint. */
  readonly toPeople?: boolean
  /** Refusals of its own, besides a FormatError and a ConclaveError that says what is wrong. */
  refuses?(error: unknown): boolean
}

export class Finding extends Error {
  override readonly name = 'Finding'
}

export function demand(holds: boolean, what: string): void {
  if (!holds) throw new Finding(what)
}

export function isRefusal(target: Target, error: unknown): boolean {
  if (error instanceof Finding) return false
  if (error instanceof FormatError) return target.toPeople !== true
  if (error instanceof ConclaveError) {
    return error.code !== 'unexpected' && (target.toPeople !== true || error.hint !== undefined)
  }
  return target.refuses?.(error) === true
}

/** Bytes and characters in a decoded value: never more than were read, for nothing may grow out of a few bytes. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (value instanceof Uint8Array) return value.length
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), value.length)
  if (value instanceof Map) return sizeOf([...(value as Map<unknown, unknown>)])
  if (typeof value === 'object' && value !== null) return sizeOf(Object.values(value))
  return 1
}
