/** What a client is told where a cluster refuses it, is something else, or is full. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { createAuthority } from '../../src/node/certificates/authority.ts'
import { issuePerson } from '../node/people.ts'
import { clientFiles, nodePaths } from '../../src/node/home/paths.ts'
import { EtcdStore } from '../../src/store/etcd/store.ts'
import { conclave, done, temporaryFolder } from '../cli/in-process.ts'
import { EtcdCluster } from '../etcd/cluster.ts'
import { enter, Machine } from './machines.ts'

const tenYearsMs = 10 * 365 * 86_400_000

test('a certificate that has expired, or of another cluster, is told with what to do; the right one works again', async () => {
  const [node, guest] = [await Machine.at(0, 'node1'), await Machine.at(1, 'guest')]
  await node.found()
  await node.done('signup', 'ada')
  await node.done('create', 'demo')
  await guest.connect(await node.invite('--client', 'bob', '--old-etcd'))
  await guest.done('signup', 'bob')
  await enter('demo', node, guest)

  const files = clientFiles(guest.home)
  const kept = [files.certificate, files.key].map((file) => [file, readFileSync(file)] as const)
  const paths = nodePaths(node.home).authority
  const authority = { certificate: readFileSync(paths.certificate, 'utf8'), key: readFileSync(paths.key, 'utf8') }
  const wrong = [
    await issuePerson(authority, 'bob', Date.now() - tenYearsMs),
    await issuePerson(await createAuthority(), 'bob'),
  ]
  for (const { certificate, key } of wrong) {
    writeFileSync(files.certificate, certificate)
    writeFileSync(files.key, key)
    for (const args of [['send', 'demo', 'hello'], ['read', 'demo'], ['rooms']]) {
      const { code, error } = await guest.run(...args)
      expect({ args, code, error: error.error }).toEqual({ args, code: 4, error: 'not-allowed' })
      expect(error.hint).toContain('ticket')
    }
  }
  for (const [file, bytes] of kept) writeFileSync(file, bytes)
  await guest.done('send', 'demo', 'hello')
})

test('an address where no etcd answers is told as such', async () => {
  const server = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { code, error } = await conclave(['signup', 'ada'], {
    home: temporaryFolder(),
    store: `etcd://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  expect({ code, error: error.error }).toEqual({ code: 5, error: 'not-a-store' })
  expect(error.hint).toContain('address')
})

test('a cluster that is full can be read; writing says what to do, and works again once there is room', async () => {
  const cluster = await EtcdCluster.start(1, ['--quota-backend-bytes=8000000'])
  onTestFinished(() => cluster.end())
  const [endpoint = ''] = cluster.endpoints
  const setting = { home: temporaryFolder(), store: `etcd://${endpoint}` }
  await done(['signup', 'ada'], setting)
  await done(['create', 'demo'], setting)
  await done(['send', 'demo', 'before'], setting)
  const junk = await EtcdStore.open({ endpoints: [endpoint] })
  onTestFinished(() => junk.close())
  const fill = async (): Promise<void> => {
    for (let n = 0; ; n += 1) {
      await junk.commit({ then: [{ kind: 'put', key: utf8(`zz/${n}`), value: new Uint8Array(1_000_000) }] })
    }
  }
  await expect(fill()).rejects.toMatchObject({ code: 'store-full' })

  const full = await conclave(['send', 'demo', 'refused'], setting)
  expect({ code: full.code, error: full.error.error }).toEqual({ code: 5, error: 'store-full' })
  expect(full.error.hint).toMatch(/compact.*defragment.*alarm/s)
  expect((await done(['read', 'demo', '--from', '1'], setting)).lines.map(({ text }) => text)).toEqual(['before'])

  await junk.commit({ then: [{ kind: 'delete', key: utf8('zz/'), end: utf8('zz0') }] })
  const { revision } = await junk.range(utf8('zz/'), utf8('zz0'))
  await cluster.compact(revision)
  await cluster.makeRoom()
  await done(['send', 'demo', 'after'], setting)
  const { lines } = await done(['read', 'demo', '--from', '1'], setting)
  expect(lines.map(({ text }) => text)).toEqual(['before', 'after'])
})
