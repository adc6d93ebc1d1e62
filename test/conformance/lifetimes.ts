/** A busy machine may stall for longer than a short lease lasts, which proves nothing: then once more with a longer one. */
export async function holdsForSome(attempt: (ttlS: number) => Promise<boolean>): Promise<boolean> {
  for (const ttlS of [2, 8, 32]) if (await attempt(ttlS)) return true
  return false
}
