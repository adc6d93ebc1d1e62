/**
 * Finds an etcd for the tests: the one that CONCLAVE_ETCD names, the one on PATH, one unpacked earlier, else Debian's
 * package, unpacked into a cache folder without root. Nothing is installed on the system. Fails when none can be
 * obtained: tests without an etcd would prove nothing.
 *
 * Access is tested on a second one, too, whose access control holds: that of a later release of Debian, if the first is
 * older. Its package lists are kept apart from the system's.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from './failure.js'
import { acquireLock } from './lock.js'
import { run, step } from './step.js'

const packageName = 'etcd-server'
const laterRelease =
  'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian unstable main\n'
/** The first patch releases whose access control holds, by minor version. @type {Record<number, number>} */
const mended = { 4: 42, 5: 28, 6: 9 }

const howToInstall = `Install etcd 3.4.23 or newer, or name its program in CONCLAVE_ETCD:
  Debian, Ubuntu   sudo apt install etcd-server
  Fedora           sudo dnf install etcd
  Arch             sudo pacman -S etcd
  macOS            brew install etcd
  others           https://github.com/etcd-io/etcd/releases (unpack, put etcd on PATH)`

const howToMend = `Access is also tested on an etcd of at least 3.4.42, 3.5.28 or 3.6.9. Name its program in CONCLAVE_MENDED_ETCD:
  https://github.com/etcd-io/etcd/releases`

/**
 * @returns {Promise<string>} the path or the name of a program that runs
 */
export async function findEtcd() {
  const named = process.env['CONCLAVE_ETCD']
  if (named) {
    if (await isEtcd(named)) return named
    throw new Failure(`CONCLAVE_ETCD names ${named}, which does not run as etcd`, howToInstall)
  }
  if (await isEtcd('etcd')) return 'etcd'
  const cache = cacheFolder()
  const unpacked = await findUnpacked(cache, 'etcd-')
  if (unpacked) return unpacked
  mkdirSync(cache, { recursive: true })
  const lock = await acquireLock(join(cache, 'etcd.lock'))
  try {
    return (
      (await findUnpacked(cache, 'etcd-')) ??
      (await step('Fetching etcd for the tests', () => fetchPackage(cache, false)))
    )
  } finally {
    lock.release()
  }
}

/**
 * @param {string} usual what `findEtcd` has found
 * @returns {Promise<string>} the path of a program whose access control holds: CONCLAVE_MENDED_ETCD, or `usual` if it is one
 */
export async function findMendedEtcd(usual) {
  const named = process.env['CONCLAVE_MENDED_ETCD'] || usual
  if (await isMended(named)) return named
  if (named !== usual) throw new Failure(`CONCLAVE_MENDED_ETCD names ${named}, which is not a mended etcd`, howToMend)
  const cache = cacheFolder()
  const present = await findUnpacked(cache, 'mended-etcd-')
  if (present) return present
  mkdirSync(cache, { recursive: true })
  const lock = await acquireLock(join(cache, 'etcd.lock'))
  try {
    const program =
      (await findUnpacked(cache, 'mended-etcd-')) ??
      (await step('Fetching a mended etcd for the tests', () => fetchPackage(cache, true)))
    if (await isMended(program)) return program
    throw unobtainable('the etcd of the later release is not mended either', '', howToMend)
  } finally {
    lock.release()
  }
}

/** @param {string} program */
async function isEtcd(program) {
  const { code, output } = await run(program, ['--version'])
  return code === 0 && /^etcd Version: /m.test(output)
}

/** @param {string} program */
async function isMended(program) {
  const { output } = await run(program, ['--version'])
  const [, minor, patch] = /^etcd Version: 3\.(\d+)\.(\d+)/m.exec(output) ?? []
  return minor !== undefined && Number(patch) >= (mended[Number(minor)] ?? (Number(minor) > 6 ? 0 : Infinity))
}

function cacheFolder() {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'conclave')
}

/**
 * @param {string} cache
 * @param {string} prefix
 */
async function findUnpacked(cache, prefix) {
  if (!existsSync(cache)) return undefined
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith(prefix))) {
    const program = programIn(join(cache, name))
    if (existsSync(program) && (await isEtcd(program))) return program
  }
  return undefined
}

/**
 * @param {string} cache
 * @param {boolean} later from a later release of Debian
 */
async function fetchPackage(cache, later) {
  const folder = mkdtempSync(join(cache, 'fetch-'))
  try {
    const deb = await download(cache, folder, later)
    const tree = join(folder, 'tree')
    const unpacked = await run('dpkg', ['-x', join(folder, deb), tree])
    if (unpacked.code !== 0) throw unobtainable(`dpkg could not unpack ${deb}`, unpacked.output)
    if (!(await isEtcd(programIn(tree)))) throw unobtainable(`the etcd of ${deb} does not run here`, '')
    // etcd-server_3.4.23-4+b4_amd64.deb
    const version = deb.split('_')[1] ?? 'unknown'
    const target = join(cache, `${later ? 'mended-' : ''}etcd-${decodeURIComponent(version)}`)
    rmSync(target, { recursive: true, force: true })
    renameSync(tree, target)
    return programIn(target)
  } finally {
    for (const left of [folder, join(cache, 'apt')]) rmSync(left, { recursive: true, force: true })
  }
}

/**
 * Downloads the package with the system's package lists, or, where there are none, with lists of our own: always for
 * another release.
 *
 * @param {string} cache
 * @param {string} folder
 * @param {boolean} later
 * @returns {Promise<string>} the name of the package's file
 */
async function download(cache, folder, later) {
  const options = ['-q', '-o', 'APT::Sandbox::User=root']
  const attempt = async (/** @type {string[]} */ extra) => {
    const result = await run('apt-get', [...options, ...extra, 'download', packageName], { cwd: folder })
    return { ...result, deb: readdirSync(folder).find((name) => name.endsWith('.deb')) }
  }
  const advice = later ? howToMend : howToInstall
  const missing = () => unobtainable('there is no etcd here, and no apt-get to fetch it with', '', advice)
  if (!later) {
    const first = await attempt([])
    if (first.missing) throw missing()
    if (first.code === 0 && first.deb) return first.deb
  }

  const lists = join(cache, 'apt/lists')
  const archives = join(cache, 'apt/archives')
  mkdirSync(join(lists, 'partial'), { recursive: true })
  mkdirSync(join(archives, 'partial'), { recursive: true })
  const own = [
    `Dir::State=${join(cache, 'apt')}`,
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${join(cache, 'apt')}`,
    ...(later ? [`Dir::Etc::sourcelist=${join(cache, 'apt/later.list')}`, 'Dir::Etc::sourceparts=-'] : []),
  ].flatMap((option) => ['-o', option])
  if (later) writeFileSync(join(cache, 'apt/later.list'), laterRelease)
  const updated = await run('apt-get', [...options, ...own, 'update'])
  if (updated.missing) throw missing()
  if (updated.code !== 0) throw unobtainable('apt-get could not fetch its package lists', updated.output, advice)
  const second = await attempt(own)
  if (second.code === 0 && second.deb) return second.deb
  throw unobtainable(`apt-get could not download ${packageName}`, updated.output + second.output, advice)
}

/**
 * @param {string} message
 * @param {string} output
 * @param {string} advice
 */
function unobtainable(message, output, advice = howToInstall) {
  return new Failure(`The tests need etcd: ${message}${output ? `\n${output.trim()}` : ''}`, advice)
}

/** @param {string} tree */
const programIn = (tree) => join(tree, 'usr/bin/etcd')
