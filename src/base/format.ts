/**
 * Positional formats, written once for both directions: what `read` accepts is what `write` makes, and nothing else.
 * Reading throws FormatError alone. The fields of a tuple stand in the order in which they are listed.
 */
import type { Bytes } from './bytes.ts'
import { Fields, FormatError, type Value } from './codec.ts'

export interface Format<T> {
  /** The next of these fields. */
  read(fields: Fields): T
  write(item: T): Value
}

/** What a format holds. */
export type Held<F> = F extends Format<infer T> ? T : never

const plain = <T extends Value>(read: (fields: Fields) => T): Format<T> => ({ read, write: (item) => item })

/** 0 to `max` (2^53 − 1 when absent). */
export const unsigned = (max?: number): Format<number> => plain((fields) => fields.unsigned(max))
export const boolean: Format<boolean> = plain((fields) => fields.boolean())
/** Up to `max` bytes. */
export const bytes = (max: number): Format<Bytes> => plain((fields) => fields.bytes(max))

type FaultIn<T> = (value: T) => string | undefined

/** Exactly `length` bytes, in which `faultIn` finds no fault. */
export const fixed = (length: number, faultIn?: FaultIn<Bytes>): Format<Bytes> =>
  faultless((fields) => fields.fixed(length), faultIn)

/** Up to `maxBytes` of UTF-8, in which `faultIn` finds no fault. */
export const text = (maxBytes: number, faultIn?: FaultIn<string>): Format<string> =>
  faultless((fields) => fields.text(maxBytes), faultIn)

function faultless<T extends Value>(read: (fields: Fields) => T, faultIn?: FaultIn<T>): Format<T> {
  return plain((fields) => {
    const value = read(fields)
    const fault = faultIn?.(value)
    if (fault !== undefined) throw new FormatError(fault)
    return value
  })
}

const wordBytesMax = 16

export function oneOf<T extends string>(words: readonly T[], otherwise: string): Format<T> {
  const faultIn = (read: string) => ((words as readonly string[]).includes(read) ? undefined : otherwise)
  return text(wordBytesMax, faultIn) as Format<T>
}

/** A word of a list, by its place there. */
export function wordAt<T extends string>(words: readonly T[]): Format<T> {
  return {
    read: (fields) => words[fields.unsigned(words.length - 1)] as T,
    write: (word) => words.indexOf(word),
  }
}

export function nullable<T>(format: Format<T>): Format<T | null> {
  return {
    read: (fields) => fields.nullable((some) => format.read(some)),
    write: (item) => (item === null ? null : format.write(item)),
  }
}

export function list<T>(format: Format<T>, max: number): Format<readonly T[]> {
  return {
    read: (fields) => fields.array(max).map((item) => readValue(format, item)),
    write: (items) => items.map((item) => format.write(item)),
  }
}

export interface Tuple<T> extends Format<T> {
  readonly count: number
  /** Reads its fields where they are not an array of their own. */
  readAll(fields: Fields): T
  /** Its fields, to be signed or to stand among others. */
  values(item: T): readonly Value[]
}

type Shape = Readonly<Record<string, Format<unknown>>>

export function tuple<S extends Shape>(shape: S): Tuple<{ readonly [K in keyof S]: Held<S[K]> }> {
  type Item = { readonly [K in keyof S]: Held<S[K]> }
  const entries = Object.entries(shape)
  const readAll = (fields: Fields) => {
    const item: Record<string, unknown> = {}
    for (const [name, format] of entries) item[name] = format.read(fields)
    return item as Item
  }
  const values = (item: Item) => entries.map(([name, format]) => format.write(item[name]))
  const count = entries.length
  return { count, readAll, values, read: (fields) => readAll(new Fields(fields.next(), count)), write: values }
}

/** @throws FormatError */
export function readValue<T>(format: Format<T>, value: Value): T {
  return format.read(new Fields([value], 1))
}
