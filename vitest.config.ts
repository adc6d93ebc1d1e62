import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// As bin/conclave starts Node.
const execArgv = ['--disable-warning=ExperimentalWarning']
const quickArgon2 = fileURLToPath(new URL('test/quick-argon2.cjs', import.meta.url))
const isLong = process.env['CONCLAVE_LONG'] !== undefined
const realArgon2 = 'test/crypto/**/*.test.ts'
/** The same in every run; `npm run test:long` draws one. */
const seed = process.env['CONCLAVE_SEED'] ?? '20261'
const quick = {
  execArgv: [...execArgv, `--require=${quickArgon2}`],
  // A core for each etcd: several run at once, and threads that look for work take it from others.
  env: { NODE_OPTIONS: `--require=${quickArgon2}`, CONCLAVE_SEED: seed, GOMAXPROCS: '1', GOGC: '400' },
}

/**
 * Real processes, files and an etcd take part in the tests, so the time limits are wide; they end what hangs and assert
 * nothing. Three workers on two cores: tests wait for leases, elections and programs. A worker keeps its modules from
 * one file to the next.
 */
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    isolate: false,
    maxWorkers: 3,
    testTimeout: isLong ? 7_200_000 : 180_000,
    expect: { poll: { timeout: 100_000, interval: 20 } },
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
    unstubEnvs: true,
    globalSetup: 'scripts/before-tests.js',
    setupFiles: 'test/seeded-properties.ts',
    projects: [
      // First, as names decide: its files take long, and nothing would run beside the last. A mock of node:crypto needs
      // modules of its own.
      {
        extends: true,
        test: { name: 'crypto', include: [realArgon2], execArgv, isolate: true, env: { CONCLAVE_SEED: seed } },
      },
      {
        extends: true,
        test: {
          name: 'program',
          include: ['test/**/*.test.ts'],
          exclude: isLong ? [realArgon2] : [realArgon2, 'test/**/*.long.test.ts'],
          ...quick,
        },
      },
    ],
  },
})
