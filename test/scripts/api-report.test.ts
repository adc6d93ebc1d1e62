import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { apiReport, reportFile } from '../../scripts/api-report.js'

test('docs/api.md is the public API of the present sources, and all that it refers to is exported', () => {
  const report = apiReport()
  expect(readFileSync(reportFile, 'utf8'), 'the public API has changed: run npm run api').toBe(report)
  expect(report).not.toContain('not exported')
  for (const internal of ['early', 'renewed', 'RoomChange', 'subscribe(']) expect(report).not.toContain(internal)
}, 120_000)
