/**
 * Finds an etcd for the tests: the one that CONCLAVE_ETCD names, the one on PATH, one unpacked earlier, else Debian's
 * package, unpacked into a cache folder without root. Nothing is installed on the system. Fails when none can be
 * obtained: tests without an etcd would prove nothing.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from './failure.js'
import { acquireLock } from './lock.js'
import { run, step } from './step.js'

const packageName = 'etcd-server'

const howToInstall = `Install etcd 3.4.23 or newer, or name its program in CONCLAVE_ETCD:
  Debian, Ubuntu   sudo apt install etcd-server
  Fedora           sudo dnf install etcd
  Arch             sudo pacman -S etcd
  macOS            brew install etcd
  others           https://github.com/etcd-io/etcd/releases (unpack, put etcd on PATH)`

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
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'conclave')
  const unpacked = await findUnpacked(cache)
  if (unpacked) return unpacked
  mkdirSync(cache, { recursive: true })
  const lock = await acquireLock(join(cache, 'etcd.lock'))
  try {
    return (await findUnpacked(cache)) ?? (await step('Fetching etcd for the tests', () => fetchPackage(cache)))
  } finally {
    lock.release()
  }
}

/** @param {string} program */
async function isEtcd(program) {
  const { code, output } = await run(program, ['--version'])
  return code === 0 && /^etcd Version: /m.test(output)
}

/** @param {string} cache */
async function findUnpacked(cache) {
  if (!existsSync(cache)) return undefined
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith('etcd-'))) {
    const program = programIn(join(cache, name))
    if (existsSync(program) && (await isEtcd(program))) return program
  }
  return undefined
}

/** @param {string} cache */
async function fetchPackage(cache) {
  const folder = mkdtempSync(join(cache, 'fetch-'))
  try {
    const deb = await download(cache, folder)
    const tree = join(folder, 'tree')
    const unpacked = await run('dpkg', ['-x', join(folder, deb), tree])
    if (unpacked.code !== 0) throw unobtainable(`dpkg could not unpack ${deb}`, unpacked.output)
    if (!(await isEtcd(programIn(tree)))) throw unobtainable(`the etcd of ${deb} does not run here`, '')
    // etcd-server_3.4.23-4+b4_amd64.deb
    const version = deb.split('_')[1] ?? 'unknown'
    const target = join(cache, `etcd-${decodeURIComponent(version)}`)
    rmSync(target, { recursive: true, force: true })
    renameSync(tree, target)
    return programIn(target)
  } finally {
    for (const left of [folder, join(cache, 'apt')]) rmSync(left, { recursive: true, force: true })
  }
}

/**
 * Downloads the package with the system's package lists, or, where there are none, with lists of our own.
 *
 * @param {string} cache
 * @param {string} folder
 * @returns {Promise<string>} the name of the package's file
 */
async function download(cache, folder) {
  const options = ['-q', '-o', 'APT::Sandbox::User=root']
  const attempt = async (/** @type {string[]} */ extra) => {
    const result = await run('apt-get', [...options, ...extra, 'download', packageName], { cwd: folder })
    return { ...result, deb: readdirSync(folder).find((name) => name.endsWith('.deb')) }
  }
  const first = await attempt([])
  if (first.missing) throw unobtainable('there is no etcd here, and no apt-get to fetch it with', '')
  if (first.code === 0 && first.deb) return first.deb

  const lists = join(cache, 'apt/lists')
  const archives = join(cache, 'apt/archives')
  mkdirSync(join(lists, 'partial'), { recursive: true })
  mkdirSync(join(archives, 'partial'), { recursive: true })
  const own = [
    `Dir::State=${join(cache, 'apt')}`,
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${join(cache, 'apt')}`,
  ].flatMap((option) => ['-o', option])
  const updated = await run('apt-get', [...options, ...own, 'update'])
  if (updated.code !== 0) throw unobtainable('apt-get could not fetch its package lists', updated.output)
  const second = await attempt(own)
  if (second.code === 0 && second.deb) return second.deb
  throw unobtainable(`apt-get could not download ${packageName}`, updated.output + second.output)
}

/**
 * @param {string} message
 * @param {string} output
 */
function unobtainable(message, output) {
  return new Failure(`the tests need etcd: ${message}${output ? `\n${output.trim()}` : ''}`, howToInstall)
}

/** @param {string} tree */
const programIn = (tree) => join(tree, 'usr/bin/etcd')
