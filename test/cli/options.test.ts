import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { resolveGlobalOptions, wantsJson } from '../../src/cli/session/options.ts'
import { defaultHome } from '../../src/client/locations.ts'

test('an option wins over its variable', () => {
  const env = { CONCLAVE_HOME: '/env', CONCLAVE_STORE: 'sqlite:/env', CONCLAVE_AS: 'eve' }
  expect(resolveGlobalOptions({ home: '/opt', store: 'sqlite:/opt', as: 'ada' }, env)).toMatchObject({
    home: '/opt',
    store: 'sqlite:/opt',
    as: 'ada',
  })
  expect(resolveGlobalOptions({}, env)).toMatchObject({ home: '/env', store: 'sqlite:/env', as: 'eve' })
})

test('an empty variable counts as unset, an empty option is a mistake', () => {
  expect(resolveGlobalOptions({}, { CONCLAVE_AS: '', CONCLAVE_PASSWORD: '' })).toMatchObject({
    as: undefined,
    password: undefined,
  })
  expect(() => resolveGlobalOptions({ as: '' }, { CONCLAVE_AS: 'ada' })).toThrow('empty')
})

test('a home is absolute, whatever the working directory becomes', () => {
  expect(resolveGlobalOptions({ home: 'here' }, {}).home).toBe(resolve('here'))
})

test.each([
  ['linux', {}, join(homedir(), '.local/share/conclave')],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/conclave'],
  ['linux', { XDG_DATA_HOME: 'relative' }, join(homedir(), '.local/share/conclave')],
  ['darwin', { XDG_DATA_HOME: '/data' }, join(homedir(), 'Library/Application Support/Conclave')],
  ['win32', { APPDATA: '/roaming' }, join('/roaming', 'Conclave')],
] as const)('on %s with %j the home is %s', (platform, env, home) => {
  expect(defaultHome(env, platform)).toBe(home)
})

test('--json behind -- is a text', () => {
  expect(wantsJson(['rooms', '--json'])).toBe(true)
  expect(wantsJson(['send', 'demo', '--', '--json'])).toBe(false)
})
