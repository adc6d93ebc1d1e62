/**
 * One setup at a time per checkout.
 *
 * The lock is a file, created atomically, that names its processes (the owner and the child it waits for) with their start
 * times, so that a reused process id is not mistaken for the old process. A lock without living processes is stale, and
 * the next process breaks it; while a child outlives a killed owner, the lock is still held.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 100

/** @typedef {{ pid: number, began: string }} Holder */
/** @typedef {{ addChild: (pid: number) => void, release: () => void }} Lock */

/**
 * @param {string} file
 * @param {{ onWait?: (pid: number) => void }} [options] `onWait` is called once if another process holds the lock
 * @returns {Promise<Lock>}
 */
export async function acquireLock(file, { onWait } = {}) {
  mkdirSync(dirname(file), { recursive: true })
  const own = `${file}.${process.pid}`
  const holders = [holder(process.pid)]
  let waited = false
  writeFileSync(own, JSON.stringify(holders))
  try {
    while (!tryLink(own, file)) {
      const held = read(file)
      if (held === undefined) continue
      const alive = parse(held).find(isAlive)
      if (!alive) {
        breakLock(file, held)
        continue
      }
      if (!waited) onWait?.(alive.pid)
      waited = true
      await sleep(pollMs)
    }
  } finally {
    rmSync(own, { force: true })
  }
  return {
    addChild(pid) {
      holders.push(holder(pid))
      writeFileSync(own, JSON.stringify(holders))
      renameSync(own, file)
    },
    release() {
      rmSync(file, { force: true })
    },
  }
}

/**
 * Removes a stale lock. The process that renames it owns the removal; if another one was faster and the file already
 * belongs to the next owner, it is put back.
 *
 * @param {string} file
 * @param {string} dead
 */
function breakLock(file, dead) {
  const taken = `${file}.${process.pid}.broken`
  try {
    renameSync(file, taken)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  if (read(taken) !== dead) tryLink(taken, file)
  unlinkSync(taken)
}

/**
 * @param {string} from
 * @param {string} to
 */
function tryLink(from, to) {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * @param {string} text
 * @returns {Holder[]} none if the text is not a lock's: such a file protects nothing
 */
function parse(text) {
  try {
    const value = /** @type {unknown} */ (JSON.parse(text))
    const items = Array.isArray(value) ? /** @type {unknown[]} */ (value) : []
    return /** @type {Holder[]} */ (items.filter((item) => typeof item === 'object' && item !== null))
  } catch {
    return []
  }
}

/**
 * @param {number} pid
 * @returns {Holder}
 */
function holder(pid) {
  return { pid, began: beginning(pid) }
}

/** @param {Holder} entry */
function isAlive({ pid, began }) {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is alive and belongs to another user.
    if (!isCode(error, 'EPERM')) return false
  }
  return beginning(pid) === began
}

/**
 * A process's start time in ticks since boot (proc(5), field 22 of stat); empty without /proc.
 *
 * @param {number} pid
 */
function beginning(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses and may contain anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function isCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code
}
