/** Whom one can be: the identities of this home that fit what was typed, and the name that was typed itself. Pure. */
import type { KnownIdentity } from '../../chat/accounts.ts'

export interface WhoRow {
  readonly name: string
  readonly fingerprint: string
  readonly known: boolean
}

export function whoRows(known: readonly KnownIdentity[], typed: string): readonly WhoRow[] {
  const wanted = typed.trim()
  const rows = known
    .filter((identity) => identity.name.toLowerCase().startsWith(wanted.toLowerCase()))
    .map(({ name, fingerprint }): WhoRow => ({ name, fingerprint, known: true }))
  const exact = rows.findIndex((row) => row.name.toLowerCase() === wanted.toLowerCase())
  if (exact > 0) rows.unshift(...rows.splice(exact, 1))
  if (wanted === '' || exact >= 0) return rows
  // What was typed comes first: who types a whole name means that name.
  return [{ name: wanted, fingerprint: '', known: false }, ...rows]
}
