/**
 * Vitest's global setup, for `npx vitest` as well as `npm test`: finds the etcds and builds dist/ from the current sources.
 * Without an etcd no test runs. Without a mended one, or if the build fails, the tests that need it fail; all others run.
 */
import { mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEtcd, findMendedEtcd } from './etcd.js'
import { printFailure } from './failure.js'
import { setUp } from './setup.js'

const memory = '/dev/shm'
const memoryBytesMin = 4 * 2 ** 30
const prefix = 'conclave-tests-'

export default async function beforeTests() {
  try {
    process.env['CONCLAVE_ETCD'] = await findEtcd()
  } catch (error) {
    printFailure(error)
    throw error
  }
  await findMendedEtcd(process.env['CONCLAVE_ETCD']).then(
    (etcd) => (process.env['CONCLAVE_MENDED_ETCD'] = etcd),
    printFailure,
  )
  await setUp({ install: false }).catch(printFailure)

  const place = hasRoom() ? memory : tmpdir()
  removeLeft(place)
  const folder = join(place, `${prefix}${process.pid}`)
  // Open to be passed through: a test becomes another user.
  mkdirSync(folder, { mode: 0o711 })
  process.env['TMPDIR'] = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Stores sync each write, and no test cuts the power: memory serves as well as a disk. Long runs are too large for it. */
function hasRoom() {
  if (process.env['CONCLAVE_LONG'] !== undefined) return false
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= memoryBytesMin
  } catch {
    return false
  }
}

/**
 * Removes what earlier runs left that were killed.
 *
 * @param {string} place
 */
function removeLeft(place) {
  for (const name of readdirSync(place)) {
    const pid = Number(name.startsWith(prefix) && name.slice(prefix.length))
    if (pid > 0 && !isRunning(pid)) rmSync(join(place, name), { recursive: true, force: true })
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
