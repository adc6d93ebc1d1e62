/**
 * Vitest's global setup, for `npx vitest` as well as `npm test`: finds the etcds and builds dist/ from the current sources.
 * Without an etcd no test runs. Without a mended one, or if the build fails, the tests that need it fail; all others run.
 */
import { findEtcd, findMendedEtcd } from './etcd.js'
import { printFailure } from './failure.js'
import { setUp } from './setup.js'

export default async function beforeTests() {
  try {
    process.env['CONCLAVE_ETCD'] = await findEtcd()
  } catch (error) {
    printFailure(error)
    throw error
  }
  await findMendedEtcd(process.env['CONCLAVE_ETCD']).then(
    (etcd) => (process.env['CONCLAVE_MENDED_ETCD'] = etcd),
    printFailure,
  )
  await setUp({ install: false }).catch(printFailure)
}
