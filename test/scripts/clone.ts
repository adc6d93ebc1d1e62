/**
 * A clone of this checkout as a newcomer has it, with the present state of what the set-up is made of, and programs
 * run in it as from a plain shell: without what npm and vitest put into the environment.
 */
import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const runtimeFolder = 'installed-runtime'
export const checkout = dirname(dirname(import.meta.dirname))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Resolves once the text has appeared on stdout or stderr; rejects if the program ends without. */
  prints(text: string): Promise<void>
  readonly ended: Promise<Ended>
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'conclave-setup-'))
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

export async function cloneInto(folder: string): Promise<string> {
  const clone = join(folder, 'clone')
  await promisify(execFile)('git', ['clone', '--quiet', checkout, clone])
  for (const path of ['package.json', 'package-lock.json', '.npmrc', 'tsconfig.json', 'scripts', 'bin', 'src']) {
    rmSync(join(clone, path), { recursive: true, force: true })
    cpSync(join(checkout, path), join(clone, path), { recursive: true })
  }
  leaveOutTools(clone)
  return clone
}

interface Package {
  devDependencies?: Record<string, string>
  readonly version?: string | undefined
  readonly dev?: boolean
  readonly resolved?: string
  readonly link?: boolean
  readonly bin?: object
}

/**
 * What only tests and checks use is not installed once more: a start needs the runtime and the bundler. The runtime's
 * package is a folder with the Node that runs this, since unpacking 190 MB is npm's business.
 */
function leaveOutTools(clone: string): void {
  const needed = (name: string): boolean =>
    /^(@esbuild\/|esbuild$|node-|scripts\/)/.test(name.replace(/^node_modules\//, ''))
  const edit = (name: string, change: (content: Package & { packages: Record<string, Package> }) => void): void => {
    const file = join(clone, name)
    const content = JSON.parse(readFileSync(file, 'utf8')) as Package & { packages: Record<string, Package> }
    change(content)
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
  }
  const trim = (content: Package): void => {
    const kept = Object.entries(content.devDependencies ?? {}).filter(([name]) => needed(name))
    content.devDependencies = Object.fromEntries(kept)
  }
  edit('package.json', trim)
  edit('package-lock.json', ({ packages }) => {
    for (const [path, entry] of Object.entries(packages)) {
      if (path === '') trim(entry)
      else if (entry.dev === true && !needed(path)) delete packages[path]
    }
    const name = `node-${process.platform}-${process.arch}`
    const published = packages[`node_modules/${name}`]
    if (published === undefined) return
    const { version } = published
    packages[`node_modules/${name}`] = { resolved: runtimeFolder, link: true }
    packages[runtimeFolder] = { version, dev: true, bin: { node: 'bin/node' } }
    mkdirSync(join(clone, runtimeFolder, 'bin'), { recursive: true })
    symlinkSync(process.execPath, join(clone, runtimeFolder, 'bin/node'))
    const manifest = { name, version, bin: { node: 'bin/node' } }
    writeFileSync(join(clone, runtimeFolder, 'package.json'), JSON.stringify(manifest))
  })
}

/** The system's own Node and npm come first, as they do for somebody who has just cloned. */
export function plainEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|TEST|CONCLAVE_)/i.test(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), ...extra }
}

export function start(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(command, args, { cwd, env: plainEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    ended,
    async prints(text) {
      const seen = new Promise<void>((resolve) => {
        const look = () => {
          if ((stdout + stderr).includes(text)) resolve()
        }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        look()
      })
      const early = ended.then((end) => {
        throw new Error(`it ended without "${text}":\n${end.stdout}${end.stderr}`)
      })
      await Promise.race([seen, early])
    },
  }
}

export async function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return start(command, args, cwd, env).ended
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
