/**
 * npm run test:long: everything that `npm test` does only a little of, done whole, and a summary.
 *
 *   npm run test:long              all parts, a new seed
 *   npm run test:long -- kills     one part
 *
 * CONCLAVE_SEED repeats a run. Ends with 1 if a part failed; the others run all the same.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const seed = process.env['CONCLAVE_SEED'] ?? String(Math.floor(Math.random() * 2 ** 31))
const vitest = ['node_modules/vitest/vitest.mjs', 'run']

/** Each takes part of `npm test` further than that does, or is too slow for it. `.ci/run` runs the first one too. */
const parts: Readonly<Record<string, readonly string[]>> = {
  slow: [
    ...vitest,
    ...['first-start', 'setup-failures'].map((name) => `test/scripts/${name}.long.test.ts`),
    'test/scenario/cluster-demo.long.test.ts',
    'test/node/three-nodes.long.test.ts',
  ],
  kills: [...vitest, 'test/chaos', 'test/cli/passwd.test.ts'],
  cluster: [...vitest, 'test/scenario/cluster-load.long.test.ts', 'test/scenario/senders.test.ts'],
  stores: [
    ...vitest,
    'test/store/etcd.test.ts',
    ...['admission', 'follow', 'history', 'tail-preview', 'verify'].map((name) => `test/chat/${name}.test.ts`),
  ],
  races: [...vitest, 'test/chat/under-fire'],
  faults: [...vitest, 'test/chat/recovery/fault-schedule.test.ts'],
  corruption: [...vitest, 'test/chat/hostile/mutations.test.ts'],
  properties: [...vitest, 'test/protocol/properties'],
  fuzz: ['--disable-warning=ExperimentalWarning', 'test/fuzz/run.ts'],
}

const env = {
  ...process.env,
  CONCLAVE_SEED: seed,
  CONCLAVE_LONG: '1',
  CONCLAVE_WHOLE: '1',
  CONCLAVE_MUTATIONS: '20000',
  CONCLAVE_EFFORT: '50',
}

async function run(
  name: string,
): Promise<{ readonly name: string; readonly passed: boolean; readonly seconds: number }> {
  process.stdout.write(`\n${name}: CONCLAVE_SEED=${seed}\n`)
  const start = performance.now()
  const child = spawn(process.execPath, [...(parts[name] ?? [])], { cwd: root, env, stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  return { name, passed: code === 0, seconds: (performance.now() - start) / 1000 }
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts)
const unknown = wanted.find((name) => !(name in parts))
if (unknown !== undefined) {
  process.stderr.write(`No part is called "${unknown}". There are: ${Object.keys(parts).join(', ')}\n`)
  process.exit(2)
}
const results = []
for (const name of wanted) results.push(await run(name))
process.stdout.write(`\nLong tests, seed ${seed}:\n`)
for (const { name, passed, seconds } of results) {
  process.stdout.write(`  ${name.padEnd(12)} ${passed ? 'passed' : 'FAILED'} in ${seconds.toFixed(0)} s\n`)
}
if (results.some(({ passed }) => !passed)) process.exitCode = 1
