import { expect, test } from 'vitest'
import { ConclaveError, errorCodes } from '../../src/base/errors.ts'
import { exitCodeOf } from '../../src/cli/session/exit.ts'

test.each([
  ['unexpected', 1],
  ['usage', 2],
  ['timeout', 3],
  ['not-member', 4],
  ['not-allowed', 4],
  ['name-taken', 4],
  ['rejected', 4],
  ['kicked', 4],
  ['unconfirmed-key', 4],
  ['no-such-room', 4],
  ['no-such-user', 4],
  ['closed', 4],
  ['unavailable', 5],
  ['store-full', 5],
  ['not-a-store', 5],
  ['wrong-password', 6],
  ['tampering', 7],
] as const)('%s ends the program with %i', (code, exit) => {
  expect(exitCodeOf(new ConclaveError(code, ''))).toBe(exit)
})

test('every error code has an exit code other than success', () => {
  for (const code of errorCodes) expect(exitCodeOf(new ConclaveError(code, ''))).toBeGreaterThan(0)
})

test('an error that is not ours is unexpected', () => {
  expect(exitCodeOf(new TypeError('x'))).toBe(1)
  expect(exitCodeOf(undefined)).toBe(1)
})
