import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { connectHome } from '../../src/node/tickets/connect.ts'
import { readCertificate } from '../../src/node/certificates/check-certificate.ts'
import { readClient } from '../../src/node/certificates/credentials.ts'
import { invitePerson } from '../../src/node/tickets/invite.ts'
import { clientFiles } from '../../src/node/home/paths.ts'
import { decodeTicket, type PersonTicket } from '../../src/node/tickets/ticket.ts'
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
  return (await invitePerson(node.paths, name, openTestStore)).ticket
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

describe('connecting a home on a person’s ticket', () => {
  test('brings certificates that let it in, under his name', async () => {
    const home = join(folder, 'ada')
    const { name, endpoints } = await connectHome(home, decode(await ticketFor('ada')), openTestStore)
    expect({ name, endpoints }).toEqual({ name: 'ada', endpoints: [`127.0.0.1:${node.options.port}`] })
    expect(await usable(home)).toBe(true)
    expect(readCertificate((await readClient(clientFiles(home))).certificate).commonName).toMatch(/^ada\.[0-9a-f]{26}$/)
  })

  test('killed at any step it goes on, and the ticket is used up once it is through', async () => {
    let kills = 0
    for (const moment of ['before', 'after']) {
      for (let n = 1; ; n += 1) {
        const home = join(folder, `${moment}-${n}`)
        const ticket = await ticketFor('bob')
        const script = join(import.meta.dirname, 'connect-child.ts')
        const child = spawn(process.execPath, ['--disable-warning=DEP0123', script, home, ticket, `${moment} ${n}`], {
          stdio: 'inherit',
        })
        const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
        if (signal === 'SIGKILL') kills += 1
        else expect(code).toBe(0)
        await connectHome(home, decode(ticket), openTestStore)
        expect(await usable(home)).toBe(true)
        const elsewhere = connectHome(join(folder, `${moment}-${n}-other`), decode(ticket), openTestStore)
        await expect(elsewhere).rejects.toMatchObject({ code: 'not-allowed' })
        if (signal !== 'SIGKILL') break
      }
    }
    expect(kills).toBeGreaterThanOrEqual(6)
  }, 90_000)

  test('a home that was refused stays as it was', async () => {
    const home = join(folder, 'late')
    const ticket = await ticketFor('late')
    await connectHome(join(folder, 'first'), decode(ticket), openTestStore)
    await expect(connectHome(home, decode(ticket), openTestStore)).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await readdir(join(home, 'tls'))).toEqual([])
  })

  test('a ticket of another cluster is refused by a home that has one', async () => {
    const home = join(folder, 'ada')
    const foreign = { ...decode(await ticketFor('ada')), clusterId: 'f'.repeat(16) }
    await expect(connectHome(home, foreign, openTestStore)).rejects.toMatchObject({ code: 'not-a-store' })
    await expect(connectHome(join(folder, 'new'), foreign, openTestStore)).rejects.toThrow('another cluster')
    expect(await usable(home)).toBe(true)
  })

  test('one that has expired is refused before anything is asked', async () => {
    const old = { ...decode(await ticketFor('ada')), expires: Date.now() - 1 }
    await expect(connectHome(join(folder, 'old'), old, openTestStore)).rejects.toThrow('expired')
  })
})
