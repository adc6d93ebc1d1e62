/** Finds the etcd binary and judges its version. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { ConclaveError } from '../../base/errors.ts'

export interface EtcdVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

export type VersionVerdict =
  | { readonly kind: 'fine' }
  /** It works, but people should know. */
  | { readonly kind: 'warn'; readonly message: string; readonly hint: string }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

export interface EtcdBinary {
  readonly path: string
  readonly version: EtcdVersion
  readonly verdict: VersionVerdict
  /** Its flags, without dashes; they differ between versions. */
  readonly flags: ReadonlySet<string>
}

export interface EtcdSearch {
  /** A path or name that a person gave (--etcd), now or earlier. */
  readonly given?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

const run = promisify(execFile)
/** Where package managers install it, even if PATH lacks the folder. */
const commonFolders = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin']

/** The first patch releases without CVE-2026-33343 and CVE-2026-33413, by minor version; later ones never had them. */
const secure: Readonly<Record<number, number>> = { 4: 42, 5: 28, 6: 9 }
export const restrictingVersions = '3.4.42, 3.5.28, 3.6.9, or later'
const recommended: Readonly<Record<number, number>> = { 5: 33, 6: 14 }
const advice = 'Recommended: 3.5.33 or later, or 3.6.14 or later (https://github.com/etcd-io/etcd/releases).'

const installation = `Install it:
Debian, Ubuntu  sudo apt install etcd-server && sudo systemctl disable --now etcd
Fedora          sudo dnf install etcd
Arch            etcd or etcd-bin from the AUR
macOS           brew install etcd
or unpack a release of https://github.com/etcd-io/etcd/releases and name it: --etcd PATH or CONCLAVE_ETCD.`

/** @throws unavailable when there is none, it can't be run, or it is too old */
export async function findEtcd({ given, env }: EtcdSearch): Promise<EtcdBinary> {
  const named = given ?? (env['CONCLAVE_ETCD'] || undefined)
  if (named?.includes(sep)) return examine(resolve(named))
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(isAbsolute), ...commonFolders]
  for (const folder of folders) {
    const path = join(folder, named ?? 'etcd')
    if (await isExecutable(path)) return examine(path)
  }
  throw unusable(named === undefined ? 'etcd is not installed on this machine' : `${named} is not on PATH`)
}

async function examine(path: string): Promise<EtcdBinary> {
  let output, help
  try {
    const options = { timeout: 10_000, env: { PATH: process.env['PATH'] } }
    output = (await run(path, ['--version'], options)).stdout
    help = await run(path, ['--help'], options)
  } catch (cause) {
    throw unusable(`${path} can't be run as etcd`, cause)
  }
  const version = parseEtcdVersion(output)
  if (version === undefined) throw unusable(`${path} is not etcd, according to \`--version\``)
  const verdict = judgeVersion(version)
  if (verdict.kind === 'refused') {
    throw new ConclaveError('unavailable', `${verdict.message} (${path})`, { hint: `${verdict.hint}\n${installation}` })
  }
  const flags = [...`${help.stdout}${help.stderr}`.matchAll(/^\s+--([a-z0-9-]+)/gm)].map((match) => match[1] ?? '')
  return { path, version, verdict, flags: new Set(flags) }
}

/** From the output of `etcd --version`. */
export function parseEtcdVersion(output: string): EtcdVersion | undefined {
  const match = /etcd Version: (\d+)\.(\d+)\.(\d+)/.exec(output)
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) }
}

export function judgeVersion(version: EtcdVersion): VersionVerdict {
  const { major, minor, patch } = version
  const name = `etcd ${formatVersion(version)}`
  const warn = (message: string): VersionVerdict => ({ kind: 'warn', message, hint: advice })
  if (major < 3 || (major === 3 && minor < 4)) {
    return { kind: 'refused', message: `${name} is too old: Conclave needs 3.4 or later`, hint: advice }
  }
  if (major > 3) return warn(`${name} is newer than any version Conclave was tested with`)
  if (!restrictsPeople(version)) {
    return warn(
      `${name} has known vulnerabilities (CVE-2026-33343, CVE-2026-33413): anyone with a certificate of this cluster can delete others' records or stop all writes. They can't read what people wrote.`,
    )
  }
  if (minor < 5 || patch < (recommended[minor] ?? 0)) return warn(`${name} works, but newer versions fix known bugs`)
  return { kind: 'fine' }
}

/** Whether its access control holds for someone with a person's certificate. */
export function restrictsPeople({ major, minor, patch }: EtcdVersion): boolean {
  return major > 3 || (minor >= 4 && patch >= (secure[minor] ?? 0))
}

export function describeEtcd({ path, version }: EtcdBinary): string {
  return `etcd ${formatVersion(version)} (${path})`
}

function formatVersion({ major, minor, patch }: EtcdVersion): string {
  return `${major}.${minor}.${patch}`
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

function unusable(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError('unavailable', message, { hint: installation, cause })
}
