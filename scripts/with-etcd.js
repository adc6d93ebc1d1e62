/**
 * Sets up the checkout, finds an etcd, then runs a program of node_modules/.bin (or a .ts file) on the project's own Node,
 * with the etcd's path in CONCLAVE_ETCD:
 *
 *   node scripts/with-etcd.js vitest run test/store
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { findEtcd } from './etcd.js'
import { printFailure } from './failure.js'
import { projectNode, root, setUp } from './setup.js'
import { stopChildren } from './step.js'

/** @type {import('node:child_process').ChildProcess | undefined} */
let child
for (const signal of /** @type {const} */ (['SIGHUP', 'SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    stopChildren()
    if (child) child.kill(signal)
    else process.exit(1)
  })
}

try {
  const [program = '', ...args] = process.argv.slice(2)
  await setUp()
  const env = { ...process.env, CONCLAVE_ETCD: await findEtcd() }
  const file = program.endsWith('.ts') ? join(root, program) : join(root, 'node_modules/.bin', program)
  // As bin/conclave starts Node.
  const flags = program.endsWith('.ts') ? ['--disable-warning=ExperimentalWarning'] : []
  child = spawn(projectNode(), [...flags, file, ...args], { cwd: root, stdio: 'inherit', env })
  child.on('exit', (code) => process.exit(code ?? 1))
} catch (error) {
  printFailure(error)
  process.exitCode = 1
}
