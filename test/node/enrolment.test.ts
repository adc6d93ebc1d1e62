/** What a ticket opens, and for whom: attacks by holders of an old or a stolen ticket, and by people. */
import type { DescMessage } from '@bufbuild/protobuf'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { utf8, type Bytes } from '../../src/base/bytes.ts'
import { openStore } from '../../src/client/open-store.ts'
import { parseStoreUrl } from '../../src/client/store-url.ts'
import {
  grantAccess,
  listPeople,
  listTicketUsers,
  listUsers,
  revokeAccess,
} from '../../src/node/access/access-control.ts'
import { newKey, publicKeyOf, type Identity } from '../../src/node/certificates/authority.ts'
import { readCertificate } from '../../src/node/certificates/check-certificate.ts'
import { readAuthority, readClient, writeClient, type ClientTls } from '../../src/node/certificates/credentials.ts'
import { renewedSerial } from '../../src/node/certificates/serials.ts'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { retry } from '../../src/node/cluster/retry.ts'
import type { OpenStore } from '../../src/node/cluster/open-store.ts'
import { diagnose } from '../../src/node/health/diagnose.ts'
import { clientFiles } from '../../src/node/home/paths.ts'
import { requireState } from '../../src/node/home/state.ts'
import { connectHome } from '../../src/node/tickets/connect.ts'
import { enrol, renewPerson, reportEnrolled, type Enrolment } from '../../src/node/tickets/enrol.ts'
import { answerKey, askKey, encodeAsk, encodeRenewal, type Asker } from '../../src/node/tickets/enrolment.ts'
import { invitePerson } from '../../src/node/tickets/invite.ts'
import { privateKeyOf } from '../../src/node/tickets/private-key.ts'
import { revokePerson } from '../../src/node/tickets/revoke.ts'
import { answerAsk, sweep, type Certifier } from '../../src/node/tickets/serve-enrolments.ts'
import { openTicketKey } from '../../src/node/tickets/ticket-code.ts'
import { readTicket } from '../../src/node/tickets/ticket-record.ts'
import { decodeTicket, ticketDigest, type NodeTicket, type PersonTicket } from '../../src/node/tickets/ticket.ts'
import type { Store } from '../../src/store/store.ts'
import { TestCluster, type TestNode } from './cluster.ts'
import { openTestStore } from './open-store.ts'
import { issuePerson } from './people.ts'
import { until } from './processes.ts'

const day = 86_400_000
/** Only ends what hangs. */
const patienceMs = 100_000
const patiently = <T>(attempt: () => Promise<T>) => retry(attempt, { timeoutMs: patienceMs, pauseMs: 100 })

/** Waits while an etcd restarts. */
class Patient extends ClusterClient {
  override call<I extends DescMessage, O extends DescMessage>(
    ...args: Parameters<typeof ClusterClient.prototype.call<I, O>>
  ) {
    return patiently(() => super.call<I, O>(...args))
  }
}

/** A slow node: before its first call of this name, something else happens. */
class Slow extends Patient {
  readonly #name: string
  #meanwhile: (() => Promise<unknown>) | undefined

  constructor(tls: ClientTls, name: string, meanwhile: () => Promise<unknown>) {
    super(endpoints, tls)
    this.#name = name
    this.#meanwhile = meanwhile
  }

  override async call<I extends DescMessage, O extends DescMessage>(
    ...args: Parameters<typeof ClusterClient.prototype.call<I, O>>
  ) {
    const meanwhile = args[0].name === this.#name ? this.#meanwhile : undefined
    if (meanwhile !== undefined) {
      this.#meanwhile = undefined
      await meanwhile()
    }
    return super.call<I, O>(...args)
  }
}

/** A slow node answers a question. Everything else happens before its first call of this name. */
async function answerSlowly(
  asker: Asker,
  value: Bytes,
  name: string,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  const done = vi.fn(meanwhile)
  const client = new Slow(await readClient(node.paths.client), name, done)
  await answerAsk({ ...root, client }, { key: askKey(asker), value, createRevision: 1, modRevision: 0 })
  client.close()
  expect(done).toHaveBeenCalledOnce()
}

const refused = { code: 'not-allowed' }
let cluster: TestCluster
let node: TestNode
let folder: string
let authority: Identity
let endpoints: readonly string[]
/** With the rights of a node. */
let root: Certifier

beforeAll(async () => {
  cluster = await TestCluster.create()
  node = await cluster.node('one')
  await node.start().ready()
  folder = await mkdtemp(join(tmpdir(), 'conclave-enrolment-'))
  authority = await readAuthority(node.paths)
  endpoints = (await requireState(node.paths)).endpoints
  const tls = await readClient(node.paths.client)
  root = { store: await openTestStore(endpoints, tls), client: new Patient(endpoints, tls), authority }
})
afterAll(async () => {
  await root.store.close()
  root.client.close()
  await cluster.dispose()
  await rm(folder, { recursive: true })
})

const pem = (der: Uint8Array): string => new X509Certificate(der).toString()

async function ticketFor(name: string): Promise<PersonTicket> {
  const { ticket } = await invitePerson(node.paths, name, openTestStore, { oldEtcd: true })
  return decodeTicket(ticket) as PersonTicket
}

/** What whoever has the text of a ticket can connect with. */
function holderOf(ticket: PersonTicket): ClientTls {
  const key = privateKeyOf(ticket.certificate, ticket.scalar)
  return { authority: pem(ticket.authority), certificate: pem(ticket.certificate), key }
}

function enrolmentOf(ticket: PersonTicket, key = newKey()): Enrolment {
  const { id, kind } = ticket
  return { id, kind, digest: ticketDigest(ticket), ticketKey: holderOf(ticket).key, key }
}

function askOf({ id, digest, ticketKey, key }: Enrolment): Bytes {
  return encodeAsk(id, { what: 'enrol', digest, publicKey: publicKeyOf(key) }, ticketKey)
}

const people = async (): Promise<readonly string[]> => (await listPeople(root.client)).map(({ name }) => name)

async function asOne<T>(tls: ClientTls, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openTestStore(endpoints, tls)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

const put = (store: Store, key: Bytes, value = utf8('x')) => store.commit({ then: [{ kind: 'put', key, value }] })
const read = async (store: Store, key: Bytes) => (await store.commit({ then: [{ kind: 'read', key }] })).reads[0]?.[0]
const isGone = (id: string) => until(async () => (await readTicket(root.store, id)) === undefined)

/** A home that was connected so many days ago. */
async function connected(name: string, daysAgo: number): Promise<string> {
  const home = join(folder, `${name}-${daysAgo}`)
  const { user, ...identity } = await issuePerson(authority, name, Date.now() - daysAgo * day)
  await grantAccess(root.client, user)
  await writeClient(clientFiles(home), { authority: authority.certificate, ...identity })
  return home
}

const openHome = async (home: string): Promise<ReturnType<OpenStore>> =>
  openTestStore(endpoints, await readClient(clientFiles(home)))

async function renewed(home: string): Promise<boolean> {
  const store = await openHome(home)
  const pem = await renewPerson(store, clientFiles(home), AbortSignal.timeout(patienceMs)).finally(() => store.close())
  return pem !== undefined
}

describe('a ticket', () => {
  test('opens nothing of the store to its holder, neither before nor after its use', async () => {
    const [ticket, other] = [await ticketFor('ada'), await ticketFor('bob')]
    const id = 'ab'.repeat(16)
    const forbidden = ['rooms/x', 'users/x', 'incarnation', 'enrol/ask/person/x', `tickets/${ticket.id}`].map(utf8)
    const others = [askKey({ ticket: other.id }), askKey({ ticket: id }), answerKey({ ticket: ticket.id })]
    const attack = (store: Store) =>
      Promise.all([
        ...[...forbidden, ...others].map((key) => expect(put(store, key)).rejects.toMatchObject(refused)),
        ...forbidden.map((key) => expect(read(store, key)).rejects.toMatchObject(refused)),
        expect(store.range(utf8('rooms/'), utf8('rooms0'))).rejects.toMatchObject(refused),
      ])
    await asOne(holderOf(ticket), attack)
    const stolen = await openTestStore(endpoints, holderOf(ticket))
    expect(await read(stolen, answerKey({ ticket: ticket.id }))).toBeUndefined()
    await connectHome(join(folder, 'ada'), ticket, openTestStore)
    await isGone(ticket.id)
    // On a connection from before its use, too.
    await attack(stolen)
    for (const asker of [{ ticket: ticket.id }, { ticket: other.id }]) {
      await expect(put(stolen, askKey(asker))).rejects.toMatchObject(refused)
      await expect(read(stolen, answerKey(asker))).rejects.toMatchObject(refused)
    }
    await stolen.close()
    // New ones are refused before etcd sees a call.
    await until(async () => (await diagnose(endpoints, holderOf(ticket))) !== undefined)
    expect(await diagnose(endpoints, holderOf(ticket))).toMatchObject(refused)
    expect(listTicketUsers(await listUsers(root.client))).toEqual([other.id])
  })

  test('that is for a node gives the authority’s key to the machine that used it, and to no copy of ticket and code', async () => {
    const { ticket, code = '' } = await node.invite()
    const decoded = decodeTicket(ticket) as NodeTicket
    const ticketKey = await openTicketKey(code, decoded)
    const tls = { authority: pem(decoded.authority), certificate: pem(decoded.certificate), key: ticketKey }
    const enrolment = { id: decoded.id, kind: decoded.kind, digest: ticketDigest(decoded), ticketKey }
    const mine = newKey()
    await asOne(tls, async (store) => {
      expect((await enrol(store, { ...enrolment, key: mine })).sealedKey).not.toBeNull()
      await expect(enrol(store, { ...enrolment, key: newKey() })).rejects.toMatchObject({
        ...refused,
        message: expect.stringContaining('already used'),
      })
      expect((await enrol(store, { ...enrolment, key: mine })).sealedKey).not.toBeNull()
    })
  })

  test('is not claimed by a question that its key did not sign, nor for a key that is none', async () => {
    const ticket = await ticketFor('cyd')
    const digest = ticketDigest(ticket)
    const ask = { what: 'enrol', digest, publicKey: publicKeyOf(newKey()) } as const
    const asker = { ticket: ticket.id }
    const { key } = holderOf(ticket)
    const attempts = [
      encodeAsk(ticket.id, ask, newKey()),
      encodeAsk('0'.repeat(32), ask, key),
      encodeAsk(ticket.id, { ...ask, publicKey: new Uint8Array(91) }, key),
      utf8('junk'),
    ]
    for (const value of attempts) {
      await put(root.store, askKey(asker), value)
      await until(async () => (await read(root.store, askKey(asker))) === undefined)
      expect((await readTicket(root.store, ticket.id))?.claim).toBe('')
      expect(await read(root.store, answerKey(asker))).toBeUndefined()
    }
    await connectHome(join(folder, 'cyd'), ticket, openTestStore)
  })

  test('that was altered, or has expired, is refused by the node', async () => {
    const ticket = await ticketFor('dan')
    const { key } = holderOf(ticket)
    const publicKey = publicKeyOf(newKey())
    const answerTo = async (digest: string, now: number) => {
      const value = encodeAsk(ticket.id, { what: 'enrol', digest, publicKey }, key)
      const entry = { key: askKey({ ticket: ticket.id }), value, createRevision: 1, modRevision: 0 }
      await answerAsk(root, entry, now)
      return (await readTicket(root.store, ticket.id))?.claim
    }
    expect(await answerTo('0'.repeat(64), Date.now())).toBe('')
    expect(await answerTo(ticketDigest(ticket), ticket.expires)).toBe('')
    expect(await answerTo(ticketDigest(ticket), ticket.expires - 1)).not.toBe('')
  })

  test('gives access for good, also when another node answers late, after it was used', async () => {
    const ticket = await ticketFor('gus')
    const enrolment = enrolmentOf(ticket)
    await answerSlowly({ ticket: ticket.id }, askOf(enrolment), 'UserAdd', async () => {
      await asOne(holderOf(ticket), async (store) => {
        await enrol(store, enrolment)
        await reportEnrolled(store, enrolment)
      })
      await isGone(ticket.id)
    })
    expect(await people()).toContain('gus')
  })

  test('leaves nothing behind once it has expired unused', async () => {
    const ticket = await ticketFor('eve')
    const holder = await openTestStore(endpoints, holderOf(ticket))
    await sweep(root, ticket.expires - 1)
    expect(await read(holder, answerKey({ ticket: ticket.id }))).toBeUndefined()
    await sweep(root, ticket.expires)
    await expect(read(holder, answerKey({ ticket: ticket.id }))).rejects.toMatchObject(refused)
    await holder.close()
    expect(listTicketUsers(await listUsers(root.client))).not.toContain(ticket.id)
  })
})

describe('a person’s certificate', () => {
  test('is renewed by a node when less than a third of its life is left, for the same key', async () => {
    expect(await renewed(await connected('gil', 55))).toBe(false)
    const home = await connected('gil', 70)
    const before = await readClient(clientFiles(home))
    expect(await renewed(home)).toBe(true)
    const after = await readClient(clientFiles(home))
    expect(after.key).toBe(before.key)
    expect(readCertificate(after.certificate).daysLeft).toBeGreaterThan(75)
    await asOne(after, (store) => put(store, utf8('users/gil')))
    expect(await renewed(home)).toBe(false)
    // One successor, however often it is asked for.
    await writeClient(clientFiles(home), before)
    expect(await renewed(home)).toBe(true)
    const serials = (await listPeople(root.client)).filter(({ name }) => name === 'gil').map(({ serial }) => serial)
    expect(serials).toHaveLength(3)
    expect(serials.some((serial) => serials.includes(renewedSerial(serial)))).toBe(true)
  })

  test('is renewed while a home uses its cluster, and used from then on', async () => {
    const home = await connected('lea', 75)
    const { certificate } = await readClient(clientFiles(home))
    const opened = await openStore(parseStoreUrl(`etcds://${endpoints.join()}`, home), {
      home,
      remember: false,
    })
    const { store } = opened
    const key = utf8('users/lea')
    const { revision } = await put(store, key)
    const watch = store.watch(key, utf8('users/leb'), { from: revision + 1 })[Symbol.asyncIterator]()
    const next = watch.next()
    await until(async () => (await readClient(clientFiles(home))).certificate !== certificate)
    // As nodes do when a certificate expires.
    await revokeAccess(root.client, readCertificate(certificate).commonName)
    await until(() => put(store, key, utf8('y')).then(Boolean, () => false))
    expect((await next).value).toMatchObject({ events: [{ entry: { value: utf8('y') } }] })
    await opened.close()
  })

  test('in files that the store’s address names is used once the person has replaced it', async () => {
    const [name, home] = ['mia', join(folder, 'mia')]
    const issued = async (validMs: number) => {
      const { user, ...identity } = await issuePerson(authority, name, Date.now() + validMs - 90 * day)
      await grantAccess(root.client, user)
      return { user, tls: { authority: authority.certificate, ...identity } }
    }
    const files = clientFiles(join(home, 'mine'))
    const query = `ca=${files.authority}&cert=${files.certificate}&key=${files.key}`
    const [old, next] = [await issued(10_000), await issued(20_000)]
    await writeClient(files, old.tls)
    const opened = await openStore(parseStoreUrl(`etcds://${endpoints.join()}?${query}`, home), {
      home,
      remember: false,
    })
    const { store } = opened
    const key = utf8('users/mia')
    await put(store, key)
    await writeClient(files, next.tls)
    await revokeAccess(root.client, old.user)
    await until(() => put(store, key).then(Boolean, () => false))
    await opened.close()
  })

  test('junk among the requests, however much, keeps nobody from renewing', async () => {
    const home = await connected('jo', 80)
    await asOne(await readClient(clientFiles(home)), async (store) => {
      for (let n = 0; n < 200; n += 100) {
        const then = Array.from({ length: 100 }, (_, k) => {
          const key = utf8(`enrol/ask/person/${n + k}`)
          return { kind: 'put', key, value: new Uint8Array(5000) } as const
        })
        await store.commit({ then })
      }
    })
    expect(await renewed(home)).toBe(true)
    await until(async () => (await root.store.range(utf8('enrol/ask/'), utf8('enrol/ask0'))).entries.length === 0)
  })

  test('is renewed although someone deletes every request at once; nobody sees who asks', async () => {
    const [home, eve] = [await connected('noa', 70), await readClient(clientFiles(await connected('eve', 10)))]
    const store = await openTestStore(endpoints, eve)
    const [start, end] = [utf8('enrol/ask/person/'), utf8('enrol/ask/person0')]
    await expect(store.range(start, end)).rejects.toMatchObject(refused)
    const ending = new AbortController()
    const deleting = async (): Promise<void> => {
      while (!ending.signal.aborted) await store.commit({ then: [{ kind: 'delete', key: start, end }] })
    }
    const attack = Promise.all([deleting(), deleting(), deleting()])
    expect(await renewed(home)).toBe(true)
    ending.abort()
    await attack
    await store.close()
  })

  test('is renewed for good, also when another node answers late, after the old one has expired', async () => {
    const tls = await readClient(clientFiles(await connected('noa', 70)))
    const certificate = new X509Certificate(tls.certificate)
    const person = certificate.serialNumber.toLowerCase()
    const value = encodeRenewal(new Uint8Array(certificate.raw), tls.key)
    await answerSlowly({ person }, value, 'UserAdd', async () => {
      await put(root.store, askKey({ person }), value)
      await until(async () => (await read(root.store, answerKey({ person }))) !== undefined)
      // As the sweep does when it has expired.
      await revokeAccess(root.client, `noa.${person}`)
    })
    expect((await listPeople(root.client)).map(({ serial }) => serial)).toContain(renewedSerial(person))
  })

  test('that has expired leaves no user behind', async () => {
    await connected('kim', 100)
    expect(await people()).toContain('kim')
    await sweep(root)
    expect(await people()).not.toContain('kim')
  })
})

// Each restarts the node's etcd.
describe('after a revocation', () => {
  test('a ticket used before it does not grant access again', async () => {
    const [ticket, unused] = [await ticketFor('fay'), await ticketFor('fay')]
    const holder = await openTestStore(endpoints, holderOf(ticket))
    const enrolment = enrolmentOf(ticket)
    await enrol(holder, enrolment)
    expect(await revokePerson(root.client, root.store, 'fay')).toBe(1)
    await expect(enrol(holder, enrolment)).rejects.toMatchObject(refused)
    await holder.close()
    const connecting = patiently(() => connectHome(join(folder, 'fay'), unused, openTestStore))
    await expect(connecting).rejects.toMatchObject(refused)
    expect(await people()).not.toContain('fay')
  })

  test('a certificate is not renewed afterwards, early, or for someone without its key', async () => {
    const early = await readClient(clientFiles(await connected('hal', 30)))
    const due = await readClient(clientFiles(await connected('hal', 70)))
    const late = await readClient(clientFiles(await connected('ike', 70)))
    await revokePerson(root.client, root.store, 'ike')
    const der = ({ certificate }: ClientTls) => new Uint8Array(new X509Certificate(certificate).raw)
    const serialOf = ({ certificate }: ClientTls) => new X509Certificate(certificate).serialNumber.toLowerCase()
    const attempts: readonly (readonly [string, Bytes])[] = [
      [serialOf(early), encodeRenewal(der(early), early.key)],
      [serialOf(due), encodeRenewal(der(due), newKey())],
      [serialOf(due), encodeRenewal(der(early), early.key)],
      [serialOf(late), encodeRenewal(der(late), late.key)],
      [serialOf(due), utf8('junk')],
    ]
    for (const [person, value] of attempts) {
      await put(root.store, askKey({ person }), value)
      await until(async () => (await read(root.store, askKey({ person }))) === undefined)
      expect(await read(root.store, answerKey({ person }))).toBeUndefined()
    }
    const users = (await listPeople(root.client)).map(({ serial }) => serial)
    for (const tls of [early, due, late]) expect(users).not.toContain(renewedSerial(serialOf(tls)))
  })

  test('a certificate is not renewed when it is revoked at the same moment', async () => {
    const tls = await readClient(clientFiles(await connected('max', 70)))
    const certificate = new X509Certificate(tls.certificate)
    const person = certificate.serialNumber.toLowerCase()
    const value = encodeRenewal(new Uint8Array(certificate.raw), tls.key)
    await answerSlowly({ person }, value, 'UserAdd', () => revokePerson(root.client, root.store, 'max'))
    expect(await read(root.store, answerKey({ person }))).toBeUndefined()
    expect(await people()).not.toContain('max')
  })

  test('a ticket that is claimed at the same moment grants no access', async () => {
    const ticket = await ticketFor('pam')
    const asker = { ticket: ticket.id }
    await answerSlowly(asker, askOf(enrolmentOf(ticket)), 'UserAdd', () => revokePerson(root.client, root.store, 'pam'))
    expect(await read(root.store, answerKey(asker))).toBeUndefined()
    expect(await people()).not.toContain('pam')
  })
})
