/**
 * Vitest's global set-up, for `npx vitest` run by hand as well as for `npm test`: an etcd, and a dist/ built from the
 * present sources. Without an etcd no test runs. If the build fails it says so, and the tests of the program fail,
 * since there is no program then; those of single modules still tell what they know.
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
