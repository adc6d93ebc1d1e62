/** Medians and ratios: absolute numbers depend on the machine. */

export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN
}

export function milliseconds(values: readonly number[]): string {
  return `p50 ${percentile(values, 50).toFixed(1)} ms, p99 ${percentile(values, 99).toFixed(1)} ms (n=${values.length})`
}

export function ratio(ours: number, floor: number): string {
  return `${(ours / floor).toFixed(2)}×`
}

export function report(what: string, figure: string): void {
  console.log(`${what.padEnd(58)} ${figure}`)
}

/** Of the milliseconds that something takes, on a connection that stands. */
export async function median(work: () => Promise<unknown>, times = 7): Promise<number> {
  const taken: number[] = []
  for (let k = 0; k < times; k += 1) {
    const begun = performance.now()
    await work()
    taken.push(performance.now() - begun)
  }
  return percentile(taken, 50)
}
