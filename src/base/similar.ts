/** "Did you mean …": the nearest of some words, if it is near enough. Pure. */

export function similar(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.min(2, word.length >> 1)) + 1
  for (const candidate of words) {
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase())
    const near =
      candidate.toLowerCase().startsWith(word.toLowerCase()) && word !== '' ? Math.min(distance, 2) : distance
    if (near < least) {
      best = candidate
      least = near
    }
  }
  return best
}

/** Edit distance: letters to insert, delete, replace, or swap with their neighbour. */
function distanceOf(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const nextRow = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(replaced, (row[j] ?? 0) + 1, (nextRow[j - 1] ?? 0) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      nextRow.push(cost)
    }
    before = row
    row = nextRow
  }
  return row[b.length] ?? 0
}
