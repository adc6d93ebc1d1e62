/** Short words for what a record came to. */
import { expect } from 'vitest'
import { VoidRecord } from '../../src/protocol/verdict.ts'
import type { Appended, Verdict } from './room-builder.ts'

export function reasonOf(verdict: Verdict): string {
  return verdict.kind === 'void' ? verdict.reason : `(${verdict.kind})`
}

export async function expectVoid(made: Appended | Promise<Appended>, reason: string | RegExp): Promise<void> {
  expect(reasonOf((await made).verdict)).toMatch(reason)
}

export async function expectValid(made: Appended | Promise<Appended>): Promise<void> {
  const { verdict } = await made
  expect(verdict.kind === 'void' ? verdict.reason : verdict.kind).toBe('valid')
}

/** An honest client refuses to write it, and when a hostile one does, readers pass over it, for the same reason. */
export async function expectRefused(
  honest: () => Promise<unknown>,
  forged: () => Promise<Appended>,
  reason: string | RegExp,
): Promise<void> {
  await expect(honest()).rejects.toThrow(VoidRecord)
  await expect(honest()).rejects.toThrow(reason)
  await expectVoid(forged(), reason)
}
