/**
 * Vitest's global setup, for `npx vitest` as well as `npm test`: finds an etcd and builds dist/ from the current sources.
 * Without an etcd no test runs. If the build fails, the tests that start the program fail; all others still run.
 */
import { findEtcd } from './etcd.js'
import { printFailure } from './failure.js'
import { setUp } from './setup.js'

export default async function beforeTests() {
  try {
    process.env['CONCLAVE_ETCD'] = await findEtcd()
  } catch (error) {
    printFailure(error)
    throw error
  }
  await setUp({ install: false }).catch(printFailure)
}
