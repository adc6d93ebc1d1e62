/**
 * All static checks: types, lint, format, layers. All of them run even if one fails; a passing check prints one line.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { printFailure } from './failure.js'
import { projectNode, root, setUp } from './setup.js'
import { run, step, stopChildren } from './step.js'

const folders = ['src', 'test', 'bench', 'examples', 'scripts'].filter((name) => existsSync(join(root, name)))

const checks = {
  'Types (tsc)': ['tsc', '-p', '.', '--pretty', 'false'],
  'Lint (eslint)': ['eslint', '.', '--max-warnings=0'],
  'Format (prettier)': ['prettier', '--check', '--log-level=warn', '.'],
  'Layers (dependency-cruiser)': ['depcruise', '--config', '.dependency-cruiser.mjs', ...folders],
}

for (const signal of /** @type {const} */ (['SIGHUP', 'SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    stopChildren()
    process.exit(1)
  })
}

try {
  await setUp({ build: false })
  for (const [title, [program = '', ...args]] of Object.entries(checks)) {
    const tool = join(root, 'node_modules/.bin', program)
    const { code, output } = await step(title, () => run(projectNode(), [tool, ...args], { cwd: root }))
    if (code === 0) continue
    process.stdout.write(`${title} failed:\n${output}\n`)
    process.exitCode = 1
  }
} catch (error) {
  printFailure(error)
  process.exitCode = 1
}
