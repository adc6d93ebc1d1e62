/** Finds the etcd program, or says how to get one. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { ConclaveError } from '../../base/errors.ts'
import { formatVersion, judgeVersion, parseEtcdVersion, type EtcdVersion, type VersionVerdict } from './etcd-version.ts'

export interface EtcdProgram {
  readonly path: string
  readonly version: EtcdVersion
  readonly verdict: VersionVerdict
  /** Its flags, without dashes: they differ between versions. */
  readonly flags: ReadonlySet<string>
}

export interface EtcdSearch {
  /** A path that a person gave (--etcd), or that is remembered from then. */
  readonly given?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

const run = promisify(execFile)
/** Where package managers put it even if PATH does not say so. */
const usualFolders = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin']

/** @throws unavailable when there is none, it can't be run, or it is too old */
export async function findEtcd({ given, env }: EtcdSearch): Promise<EtcdProgram> {
  const named = given ?? (env['CONCLAVE_ETCD'] || undefined)
  if (named?.includes(sep)) return examine(resolve(named))
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(isAbsolute), ...usualFolders]
  for (const folder of folders) {
    const path = join(folder, named ?? 'etcd')
    if (await runnable(path)) return examine(path)
  }
  if (named !== undefined)
    throw new ConclaveError('unavailable', `there is no ${named} on PATH`, { hint: installation })
  throw new ConclaveError('unavailable', 'there is no etcd on this machine', { hint: installation })
}

async function examine(path: string): Promise<EtcdProgram> {
  let output, help
  try {
    const options = { timeout: 10_000, env: { PATH: process.env['PATH'] } }
    output = (await run(path, ['--version'], options)).stdout
    help = await run(path, ['--help'], options)
  } catch (cause) {
    throw new ConclaveError('unavailable', `${path} can't be run as etcd`, { hint: installation, cause })
  }
  const version = parseEtcdVersion(output)
  if (version === undefined) {
    throw new ConclaveError('unavailable', `${path} is not etcd: \`--version\` says otherwise`, { hint: installation })
  }
  const verdict = judgeVersion(version)
  if (verdict.kind === 'refused') {
    throw new ConclaveError('unavailable', `${verdict.message} (${path})`, { hint: `${verdict.hint}\n${installation}` })
  }
  const flags = new Set(
    [...`${help.stdout}${help.stderr}`.matchAll(/^\s+--([a-z0-9-]+)/gm)].map((match) => match[1] ?? ''),
  )
  return { path, version, verdict, flags }
}

async function runnable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

export function describeEtcd({ path, version }: EtcdProgram): string {
  return `etcd ${formatVersion(version)} (${path})`
}

const installation = `Install it:
Debian, Ubuntu  sudo apt install etcd-server && sudo systemctl disable --now etcd
Fedora          sudo dnf install etcd
Arch            etcd or etcd-bin from the AUR
macOS           brew install etcd
or unpack a release of https://github.com/etcd-io/etcd/releases and name it: --etcd PATH or CONCLAVE_ETCD.`
