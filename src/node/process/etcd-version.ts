/** Which versions of etcd Conclave runs, and which it warns of. */

export interface EtcdVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

export type VersionVerdict =
  | { readonly kind: 'fine' }
  /** It runs, but the person should know. */
  | { readonly kind: 'warn'; readonly message: string; readonly hint: string }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

/** Releases that closed CVE-2026-33343 and CVE-2026-33413; a later minor version has them closed from the start. */
const closed: Readonly<Record<number, number>> = { 4: 42, 5: 28, 6: 9 }
const recommended: Readonly<Record<number, number>> = { 5: 33, 6: 14 }
const advice = 'Recommended: 3.5.33 or later, or 3.6.14 or later (https://github.com/etcd-io/etcd/releases).'

/** From the output of `etcd --version`. */
export function parseEtcdVersion(output: string): EtcdVersion | undefined {
  const match = /etcd Version: (\d+)\.(\d+)\.(\d+)/.exec(output)
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) }
}

export function formatVersion({ major, minor, patch }: EtcdVersion): string {
  return `${major}.${minor}.${patch}`
}

export function judgeVersion(version: EtcdVersion): VersionVerdict {
  const { major, minor, patch } = version
  const name = `etcd ${formatVersion(version)}`
  if (major < 3 || (major === 3 && minor < 4)) {
    return { kind: 'refused', message: `${name} is too old: Conclave needs 3.4 or later`, hint: advice }
  }
  if (major > 3)
    return { kind: 'warn', message: `${name} is newer than any that Conclave was tried with`, hint: advice }
  if (patch < (closed[minor] ?? 0)) {
    return {
      kind: 'warn',
      message: `${name} has known holes (CVE-2026-33343, CVE-2026-33413): anybody with a certificate of this cluster can delete others' records or stop all writing. What people wrote stays unreadable to him.`,
      hint: advice,
    }
  }
  if (minor < 5 || patch < (recommended[minor] ?? 0)) {
    return { kind: 'warn', message: `${name} works, but newer ones have known faults mended`, hint: advice }
  }
  return { kind: 'fine' }
}
