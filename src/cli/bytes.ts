/** A count of bytes as people read it: 12.3 MiB. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10))
  const scaled = count / 1024 ** power
  return `${power === 0 || scaled >= 100 ? Math.round(scaled) : Number(scaled.toFixed(1))} ${units[power]}`
}
