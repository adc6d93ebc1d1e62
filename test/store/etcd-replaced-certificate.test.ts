/** A certificate that is replaced while its store is open. */
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { revokeAccess } from '../../src/node/access/access-control.ts'
import { readCertificate } from '../../src/node/certificates/check-certificate.ts'
import type { EtcdTls } from '../../src/store/etcd/options.ts'
import { EtcdStore } from '../../src/store/etcd/store.ts'
import { Place, take } from '../conformance/place.ts'
import { patience } from '../etcd/cluster.ts'
import { Proxy } from '../etcd/proxy.ts'
import { SecureCluster } from '../etcd/secure-cluster.ts'

let cluster: SecureCluster
let proxy: Proxy

beforeAll(async () => {
  cluster = await SecureCluster.start(1)
  proxy = await Proxy.before(cluster.etcd.endpoint('a'))
})
afterAll(async () => {
  await proxy?.end()
  await cluster?.end()
})

async function opened(tls: EtcdTls): Promise<EtcdStore> {
  const store = await EtcdStore.open({ endpoints: [proxy.address], tls, timeouts: { ...patience, membersMs: 0 } })
  onTestFinished(() => store.close())
  return store
}

/** As nodes do when a certificate expires: from then on it opens nothing. */
const removeUser = ({ cert = '' }: EtcdTls) => revokeAccess(cluster.admin, readCertificate(cert).commonName)

test('the store outlives its first certificate: no call fails, and its watches miss nothing', async () => {
  const old = await cluster.person('ada')
  const place = new Place(await opened(old))
  const lease = await place.store.lease(60)
  const from = (await place.create('first')).revision
  const names = ['first']
  const [ending, watching] = [new AbortController(), new AbortController()]
  const told: string[] = []
  const watched = (async () => {
    for await (const { events } of place.watch(from, watching.signal)) told.push(...events.map((e) => place.told(e)))
  })()
  const writing = (async () => {
    for (let n = 0; !ending.signal.aborted; n += 1) {
      await place.create(`n-${n}`)
      names.push(`n-${n}`)
      await setTimeout(5)
    }
  })()
  const more = async (): Promise<void> => {
    const count = names.length + 10
    while (names.length < count || told.length < count) await Promise.race([writing, watched, setTimeout(10)])
  }
  await more()
  const store = place.store as EtcdStore
  store.useTls(await cluster.person('ada'))
  await more()
  await removeUser(old)
  await more()
  await expect(new Place(await opened(old)).names()).rejects.toMatchObject({ code: 'not-allowed' })
  proxy.cut()
  await more()
  await cluster.etcd.kill('a')
  await cluster.etcd.restart('a')
  await more()
  ending.abort()
  await writing
  while (told.length < names.length) await Promise.race([watched, setTimeout(10)])
  watching.abort()
  await watched
  expect(told).toEqual(names.map((name) => `put ${name}=${name}`))
  expect(lease.lost.aborted).toBe(false)
})

test('what is no certificate, or has another key, changes nothing', async () => {
  const [tls, other] = [await cluster.person('bob'), await cluster.person('bob')]
  const place = new Place(await opened(tls))
  const { revision } = await place.create('a')
  const next = take(place.watch(revision + 1), 1)
  const store = place.store as EtcdStore
  for (const wrong of [{ cert: 'junk' }, { key: 'junk' }, { cert: other.cert ?? '' }]) {
    expect(() => store.useTls({ ...tls, ...wrong })).toThrow(Error)
  }
  proxy.cut()
  await place.create('b')
  expect((await next).flatMap(({ events }) => events.map((event) => place.told(event)))).toEqual(['put b=b'])
})
