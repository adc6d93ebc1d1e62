/**
 * Prints "N passed, N failed" as the last line, from vitest's own report. A file that failed before its tests could
 * run counts as one failure. Without a report, or with a failure in it, the exit code is 1.
 */
import { readFileSync } from 'node:fs'

/**
 * @typedef {{ success: boolean, numPassedTests: number, numFailedTests: number, numPendingTests: number,
 *   testResults: { name: string, status: string, assertionResults: { status: string }[] }[] }} Report
 */

const file = process.argv[2] ?? ''
const text = readFileSync(file, 'utf8')
if (text === '') {
  console.error('The tests ended without a report.')
  process.exit(1)
}
const parsed = /** @type {unknown} */ (JSON.parse(text))
const report = /** @type {Report} */ (parsed)
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
)
for (const { name } of brokenFiles) console.log(`failed as a whole: ${name}`)
if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`)

const failed = report.numFailedTests + brokenFiles.length
console.log(`${report.numPassedTests} passed, ${failed} failed`)
if (!report.success || failed > 0 || report.numPassedTests === 0) process.exitCode = 1
