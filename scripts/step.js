/**
 * The steps of a setup, one line each on stderr with the seconds they took, and their child processes. A child's output is
 * shown only when it fails.
 */
import { spawn } from 'node:child_process'

/** How much of a failed child's output is shown: the end has the reason. */
const outputBytesMax = 262_144

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/** Asks every running child to end. */
export function stopChildren() {
  for (const child of running) child.kill('SIGTERM')
}

/**
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const out = process.stderr
  const begin = performance.now()
  const seconds = () => `${((performance.now() - begin) / 1000).toFixed(1)} s`
  const head = `conclave: ${title} … `
  out.write(head)
  // On a terminal the seconds count up.
  const ticking = out.isTTY ? setInterval(() => out.write(`\r${head}${seconds()}`), 500) : undefined
  let ending = ' failed'
  try {
    const result = await work()
    ending = ''
    return result
  } finally {
    clearInterval(ticking)
    out.write(`${out.isTTY ? `\r${head}` : ''}${seconds()}${ending}\n`)
  }
}

/**
 * Runs a program to its end with no terminal; never rejects, so that the caller decides what a failure means.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onStart?: (pid: number) => void }} [options]
 * @returns {Promise<{ code: number | null, output: string, missing: boolean }>}
 */
export function run(command, args, { cwd, env, onStart } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    /** @param {Buffer} bytes */
    const keep = (bytes) => {
      output = (output + bytes.toString()).slice(-outputBytesMax)
    }
    running.add(child)
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => {
      running.delete(child)
      const missing = 'code' in error && error.code === 'ENOENT'
      resolve({ code: null, output: output || error.message, missing })
    })
    child.on('close', (code) => {
      running.delete(child)
      resolve({ code, output, missing: false })
    })
    if (child.pid !== undefined) onStart?.(child.pid)
  })
}
