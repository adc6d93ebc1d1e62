import { expect, it } from 'vitest'
import { ConclaveError } from '../../src/base/errors.ts'
import { command, hintText, type HintedCommand } from '../../src/base/hint.ts'
import { describe as described, hintOnScreen } from '../../src/tui/hints.ts'

it('names commands of the terminal where a shell would name its own', () => {
  const hint = ['Ask to join again: ', command('join', 'demo'), '. An admin can let you in.'] as const
  expect(hintText(hint)).toBe('Ask to join again: conclave join demo. An admin can let you in.')
  expect(hintOnScreen(hint)).toBe('Ask to join again: /join demo. An admin can let you in.')
  expect(hintOnScreen([command('join')])).toBe('/join')
  expect(hintText([command('join')])).toBe('conclave join ROOM')
})

it.each<[HintedCommand, string, string]>([
  ['repair', 'conclave verify demo --repair', '/repair'],
  ['join-and-wait', 'conclave join demo --wait 60', '/join demo'],
  ['verify', 'conclave verify demo', '/verify'],
  ['knocks', 'conclave knocks demo', '/requests'],
  ['create', 'conclave create demo', '/create demo'],
  ['signup', 'conclave signup demo', 'on the first screen'],
  ['passwd', 'conclave passwd', 'from the command line'],
  ['recovery-code', 'CONCLAVE_RECOVERY_CODE', 'in the field below'],
])('says %s its own way', (name, shell, screen) => {
  expect(hintText([command(name, 'demo')])).toBe(shell)
  expect(hintOnScreen([command(name, 'demo')])).toBe(screen)
})

it('shows an error with its hint, sanitized, and a bug as one', () => {
  const error = new ConclaveError('no-such-room', 'no room \x1b[2J', { hint: ['see ', command('rooms'), '\n'] })
  expect(error.hint).toBe('see conclave rooms\n')
  expect(described(error)).toEqual({ code: 'no-such-room', text: 'no room ␛[2J', hint: 'see /rooms␊' })
  expect(described(new Error('oops'))).toMatchObject({ text: 'Unexpected: oops', hint: 'This is a bug in Conclave.' })
})
