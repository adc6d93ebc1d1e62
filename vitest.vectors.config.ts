import { defineConfig } from 'vitest/config'

/** `npm run vectors`: the primitives against vectors that others publish (test/vectors/README.md says where they lie). */
export default defineConfig({
  test: {
    include: ['test/vectors/*.vectors.ts'],
    testTimeout: 120_000,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
})
