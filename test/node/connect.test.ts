import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConclaveError } from '../../src/base/errors.ts'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { connectHome } from '../../src/node/tickets/connect.ts'
import { readCertificate } from '../../src/node/certificates/check-certificate.ts'
import { readClient } from '../../src/node/certificates/credentials.ts'
import { invitePerson } from '../../src/node/tickets/invite.ts'
import type { OpenStore } from '../../src/node/cluster/open-store.ts'
import { clientFiles } from '../../src/node/home/paths.ts'
import { decodeTicket, type PersonTicket } from '../../src/node/tickets/ticket.ts'
import { bundled } from './bundled.ts'
import { TestCluster, type TestNode } from './cluster.ts'
import { openTestStore } from './open-store.ts'

let cluster: TestCluster
let node: TestNode
let folder: string
beforeAll(async () => {
  cluster = await TestCluster.create()
  node = await cluster.node('one')
  await node.start().ready()
  folder = await mkdtemp(join(tmpdir(), 'conclave-connect-'))
})
afterAll(async () => {
  await cluster.dispose()
  await rm(folder, { recursive: true })
})

async function ticketFor(name: string): Promise<string> {
  return (await invitePerson(node.paths, name, openTestStore, { oldEtcd: true })).ticket
}

const decode = (text: string): PersonTicket => decodeTicket(text) as PersonTicket

async function usable(home: string): Promise<boolean> {
  const tls = await readClient(clientFiles(home))
  const client = new ClusterClient([`127.0.0.1:${node.options.port}`], tls)
  try {
    return (await client.members()).members.length === 1
  } finally {
    client.close()
  }
}

test('an invitation waits for a node whose etcd restarts, as after a revocation', async () => {
  let refused = 0
  const restarting: OpenStore = async (endpoints, tls) => {
    const store = await openTestStore(endpoints, tls)
    const commit = store.commit.bind(store)
    store.commit = async (...args) => {
      refused += 1
      if (refused < 3) throw new ConclaveError('unavailable', 'connection refused', { retryable: true })
      return commit(...args)
    }
    return store
  }
  const { ticket } = await invitePerson(node.paths, 'gus', restarting, { oldEtcd: true })
  expect(decode(ticket).name).toBe('gus')
  expect(refused).toBeGreaterThan(2)
})

/** Simulates a crash: nothing happens from that commit on. */
function haltingAt(moment: 'before' | 'after', n: number, onHalt: () => void): OpenStore {
  return async (endpoints, tls) => {
    const store = await openTestStore(endpoints, tls)
    const commit = store.commit.bind(store)
    let commits = 0
    store.commit = async (...args) => {
      commits += 1
      if (commits !== n) return commit(...args)
      if (moment === 'after') await commit(...args)
      await store.close()
      onHalt()
      return new Promise(() => {})
    }
    return store
  }
}

async function goesOn(home: string, ticket: string): Promise<void> {
  await connectHome(home, decode(ticket), openTestStore)
  expect(await usable(home)).toBe(true)
  const elsewhere = connectHome(`${home}-other`, decode(ticket), openTestStore)
  await expect(elsewhere).rejects.toMatchObject({ code: 'not-allowed' })
}

describe('connecting a home with a person’s ticket', () => {
  test('installs a working certificate with their name', async () => {
    const home = join(folder, 'ada')
    const { name, endpoints } = await connectHome(home, decode(await ticketFor('ada')), openTestStore)
    expect({ name, endpoints }).toEqual({ name: 'ada', endpoints: [`127.0.0.1:${node.options.port}`] })
    expect(await usable(home)).toBe(true)
    expect(readCertificate((await readClient(clientFiles(home))).certificate).commonName).toMatch(/^ada\.[0-9a-f]{26}$/)
  })

  test('resumes after an interruption at any step, and uses up the ticket', async () => {
    let interruptions = 0
    for (const moment of ['before', 'after'] as const) {
      for (let n = 1, through = false; !through; n += 1) {
        const home = join(folder, `${moment}-${n}`)
        const ticket = await ticketFor('bob')
        const halted = Promise.withResolvers<boolean>()
        const opening = haltingAt(moment, n, () => halted.resolve(false))
        const connecting = connectHome(home, decode(ticket), opening).then(() => true)
        through = await Promise.race([connecting, halted.promise])
        if (!through) interruptions += 1
        await goesOn(home, ticket)
      }
    }
    expect(interruptions).toBeGreaterThanOrEqual(6)
  })

  test('resumes after a SIGKILL', async () => {
    const home = join(folder, 'killed')
    const ticket = await ticketFor('bob')
    const script = await bundled(join(import.meta.dirname, 'connect-child.ts'))
    const args = ['--disable-warning=DEP0123', script, home, ticket, 'after 2']
    const child = spawn(process.execPath, args, { stdio: 'inherit' })
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    await goesOn(home, ticket)
  })

  test('leaves the home unchanged when refused', async () => {
    const home = join(folder, 'late')
    const ticket = await ticketFor('late')
    await connectHome(join(folder, 'first'), decode(ticket), openTestStore)
    await expect(connectHome(home, decode(ticket), openTestStore)).rejects.toMatchObject({ code: 'not-allowed' })
    // Refused before or after a folder was made for the certificate, as the cluster's nodes tidy up the used ticket.
    const left = await readdir(home, { recursive: true, withFileTypes: true }).catch(() => [])
    expect(left.filter((one) => one.isFile())).toEqual([])
  })

  test('refuses a ticket of another cluster', async () => {
    const home = join(folder, 'ada')
    const foreign = { ...decode(await ticketFor('ada')), clusterId: 'f'.repeat(16) }
    await expect(connectHome(home, foreign, openTestStore)).rejects.toMatchObject({ code: 'not-a-store' })
    await expect(connectHome(join(folder, 'new'), foreign, openTestStore)).rejects.toThrow('Another cluster')
    expect(await usable(home)).toBe(true)
  })

  test('refuses an expired ticket before contacting the cluster', async () => {
    const old = { ...decode(await ticketFor('ada')), expires: Date.now() - 1 }
    await expect(connectHome(join(folder, 'old'), old, openTestStore)).rejects.toThrow('expired')
  })
})
