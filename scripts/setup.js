/**
 * Makes a checkout ready to run: installs the dependencies of the lock file, and builds dist/ from the current sources.
 *
 * Runs on any Node from 20 on, without dependencies, since it installs them. When everything is up to date it prints
 * nothing and takes milliseconds. A second concurrent setup waits. Options: `--no-build` only installs; `--types` always
 * builds, and emits the public API's types too.
 */
import { existsSync, mkdirSync, realpathSync, renameSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure, printFailure } from './failure.js'
import { buildFresh, dependenciesFresh, dependenciesStamp, rememberDependencies } from './fresh.js'

const nodeMajorMin = 20
/** Of the program, its tests and its tools, as bin/conclave says it too. */
const programNodeMin = [24, 15]

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const ownNode = join(root, 'node_modules/.bin/node')

/**
 * The Node that runs the program, the tests and the tools: the one among the dependencies, which the lock file has by its
 * hash; where none is published for this platform, the one that runs this.
 */
export function projectNode() {
  return existsSync(ownNode) ? ownNode : process.execPath
}

/**
 * npm 10 takes this link away again together with the packages of other platforms, whose program has the same name.
 */
function linkOwnNode() {
  const name = `node-${process.platform}-${process.arch}`
  if (existsSync(ownNode) || !existsSync(join(root, 'node_modules', name, 'bin/node'))) return
  mkdirSync(dirname(ownNode), { recursive: true })
  const link = `${ownNode}-${process.pid}`
  symlinkSync(join('..', name, 'bin/node'), link)
  renameSync(link, ownNode)
}

/**
 * @param {{ install?: boolean, build?: boolean, types?: boolean }} [options] with `install: false` the dependencies are
 *   taken as they are, since what runs on them can't replace them
 */
export async function setUp({ install = true, build = true, types = false } = {}) {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    throw new Failure(
      `Node ${process.versions.node} is too old to set Conclave up: it needs Node ${nodeMajorMin} or newer`,
      'Install a current one from https://nodejs.org or your package manager, then run the same command again.\n' +
        '(Conclave itself runs on Node 24, which it installs for itself.)',
    )
  }
  linkOwnNode()
  if (!types && (!install || dependenciesFresh(root)) && (!build || buildFresh(root))) return

  const { acquireLock } = await import('./lock.js')
  const { step, stopChildren } = await import('./step.js')
  /** @type {(() => void) | undefined} */
  let endWait
  /** @type {Promise<void> | undefined} */
  let waiting
  const lock = await acquireLock(join(root, '.cache/setup.lock'), {
    onWait(pid) {
      const ended = new Promise((/** @type {(value: void) => void} */ resolve) => (endWait = resolve))
      waiting = step(`Waiting for another start that is setting up (process ${pid})`, () => ended)
    },
  })
  endWait?.()
  await waiting
  const onExit = () => {
    stopChildren()
    lock.release()
  }
  process.once('exit', onExit)
  try {
    if (install && !dependenciesFresh(root)) {
      await step('Installing dependencies', () => installDependencies(lock.addChild))
    }
    if (types || (build && !buildFresh(root))) {
      const bundle = await import('./build.js')
      await step('Building', () => bundle.build(root))
      if (types) await step('Writing the types', () => bundle.buildTypes(root, projectNode()))
    }
  } finally {
    process.off('exit', onExit)
    lock.release()
  }
}

/**
 * @param {(pid: number) => void} onStart
 */
async function installDependencies(onStart) {
  const { run } = await import('./step.js')
  const stamp = dependenciesStamp(root)
  // The npm that started us, on its own Node, not the one on PATH: node_modules/.bin is about to be replaced.
  const { npm_execpath: script, npm_node_execpath: node } = process.env
  const [command, before] = script && node && /\.[cm]?js$/.test(script) ? [node, [script]] : ['npm', []]
  const own = join(root, 'node_modules')
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.startsWith(own))
  const { code, output, missing } = await run(
    command,
    [
      ...before,
      'ci',
      '--include=dev',
      '--include=optional',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      '--fetch-retry-mintimeout=1000',
      '--fetch-retry-maxtimeout=5000',
    ],
    { cwd: root, env: { ...process.env, PATH: path.join(delimiter) }, onStart },
  )
  if (missing) {
    throw new Failure(
      'npm is missing',
      'Install npm (it comes with Node from https://nodejs.org), then run the same command again.',
    )
  }
  if (code !== 0) throw installFailure(output)
  linkOwnNode()
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [majorMin = 0, minorMin = 0] = programNodeMin
  if (!existsSync(ownNode) && (major < majorMin || (major === majorMin && minor < minorMin))) {
    throw new Failure(
      `No Node comes with Conclave for ${process.platform} on ${process.arch}, and Node ${process.versions.node} is too old`,
      `Install Node ${programNodeMin.join('.')} or newer from https://nodejs.org, then run the same command again.`,
    )
  }
  rememberDependencies(root, stamp)
}

/** @param {string} output */
function installFailure(output) {
  if (/\b(ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH)\b/.test(output)) {
    return new Failure(
      `Can't fetch the dependencies: npm can't reach its registry\n${output.trim()}`,
      'Connect to the network (behind a proxy: npm config set proxy URL), then run the same command again.',
    )
  }
  if (/\bENOSPC\b/.test(output)) {
    return new Failure(
      'The disk is full',
      'The dependencies need about 500 MB: make room, then run the same command again.',
    )
  }
  return new Failure(
    `npm ci failed\n${output.trim()}`,
    'The lines above say why. Fix that, then run the same command again.',
  )
}

/** Ends the children, then exits with the signal's usual exit code. */
async function stopOnSignals() {
  const { stopChildren } = await import('./step.js')
  for (const [signal, number] of /** @type {const} */ ([
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ])) {
    process.on(signal, () => {
      stopChildren()
      process.exit(128 + number)
    })
  }
  // npm sends SIGTERM to the shell between us, which does not forward it.
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.exit(128 + 15)
  }, 200).unref()
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const options = process.argv.slice(2)
    await stopOnSignals()
    await setUp({ build: !options.includes('--no-build'), types: options.includes('--types') })
  } catch (error) {
    printFailure(error)
    process.exitCode = 1
  }
}
