/** Counts what readers do: signatures checked, secrets unwrapped, ciphertexts opened, keys derived, hashes made. */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { User } from '../../protocol/room-builder.ts'

export interface Counts {
  verified: number
  unwrapped: number
  opened: number
  derived: number
  hashed: number
}

type Primitive = 'verify' | 'createDecipheriv' | 'hkdfSync' | 'hash'
const counters: Readonly<Record<Primitive, Exclude<keyof Counts, 'unwrapped'>>> = {
  verify: 'verified',
  createDecipheriv: 'opened',
  hkdfSync: 'derived',
  hash: 'hashed',
}

/** What this work takes of each. `as` reads with keys that count. */
export async function counted(reader: User, work: (as: User) => Promise<unknown>): Promise<Counts> {
  const counts: Counts = { verified: 0, unwrapped: 0, opened: 0, derived: 0, hashed: 0 }
  const real = Object.fromEntries(Object.keys(counters).map((name) => [name, crypto[name as Primitive]]))
  for (const [name, counter] of Object.entries(counters)) {
    const original = real[name] as (...args: unknown[]) => unknown
    Object.assign(crypto, {
      [name](...args: unknown[]) {
        counts[counter] += 1
        return original(...args)
      },
    })
  }
  syncBuiltinESMExports()
  try {
    const unwrappers = reader.unwrappers.map((own) => ({
      ...own,
      unwrap: (...args: Parameters<typeof own.unwrap>) => ((counts.unwrapped += 1), own.unwrap(...args)),
    }))
    await work({ ...reader, unwrappers })
  } finally {
    Object.assign(crypto, real)
    syncBuiltinESMExports()
  }
  return counts
}
