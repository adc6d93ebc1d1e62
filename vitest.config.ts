import { defineConfig } from 'vitest/config'

/**
 * Real processes, files and an etcd take part in the tests, so the time limits are wide; they end what hangs
 * and assert nothing. Two workers: more of them starve each other's etcd on a small machine.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'node',
    pool: 'forks',
    // As bin/conclave starts Node.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    globalSetup: 'scripts/before-tests.js',
    env: { CONCLAVE_KDF: 'floor' },
  },
})
