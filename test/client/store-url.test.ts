import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { isConclaveError } from '../../src/base/errors.ts'
import { embeddedStore, parseStoreUrl } from '../../src/client/store-url.ts'

const home = '/home/ada/conclave'

test.each([
  ['sqlite:/srv/chat.db', '/srv/chat.db'],
  ['sqlite:///srv/chat.db', '/srv/chat.db'],
  ['sqlite:chat.db', resolve('chat.db')],
  ['sqlite:~/chat.db', join(homedir(), 'chat.db')],
  ['sqlite:/srv/with space?and=more#x', '/srv/with space?and=more#x'],
])('%s names a file', (url, path) => {
  expect(parseStoreUrl(url, home)).toEqual({ kind: 'sqlite', path })
})

test('endpoints are hosts, addresses and IPv6 addresses, with 2379 where no port is given', () => {
  expect(parseStoreUrl('etcd://127.0.0.1:12379,node-b,[::1]:5', home)).toEqual({
    kind: 'etcd',
    endpoints: [
      { host: '127.0.0.1', port: 12379 },
      { host: 'node-b', port: 2379 },
      { host: '::1', port: 5 },
    ],
    tls: undefined,
  })
})

test('etcds takes the files of the home, and others where they are named', () => {
  const folder = join(home, 'tls')
  const own = { ca: join(folder, 'ca.pem'), cert: join(folder, 'client.pem'), key: join(folder, 'client.key.pem') }
  expect(parseStoreUrl('etcds://a:1', home)).toMatchObject({ tls: own })
  expect(parseStoreUrl('etcds://a:1/?ca=/x/ca.pem', home)).toMatchObject({ tls: { ...own, ca: '/x/ca.pem' } })
  expect(parseStoreUrl('etcds://a:1?ca=/ca&cert=/cert&key=k%20ey', home)).toMatchObject({
    tls: { ca: '/ca', cert: '/cert', key: resolve('k ey') },
  })
})

test.each([
  '',
  'demo',
  'sqlite:',
  'sqlite:a\0b',
  'http://a:1',
  'etcd:a:1',
  'etcd://',
  'etcd://a:1,,b:2',
  'etcd://a:0',
  'etcd://a:65536',
  'etcd://a:12x',
  'etcd://user:pw@a:1',
  'etcd://a:1/path',
  'etcd://a:1?ca=/x',
  'etcds://a:1?what=/x',
  'etcds://a:1?cert=/x',
  'etcds://a:1?ca=',
  'etcds://a:1?ca=x&ca=y',
  `etcd://${Array.from({ length: 17 }, (_, n) => `h${n}`).join(',')}`,
])('%j is refused with the forms that there are', (url) => {
  let refusal: unknown
  try {
    parseStoreUrl(url, home)
  } catch (error) {
    refusal = error
  }
  if (!isConclaveError(refusal, 'usage')) throw new Error(`not refused: ${String(refusal)}`)
  expect(refusal.hint).toContain('etcd://HOST:PORT')
})

test('the embedded store lies in the home', () => {
  expect(embeddedStore(home)).toEqual({ kind: 'sqlite', path: join(home, 'store.db') })
})
