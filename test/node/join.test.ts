import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { readClient } from '../../src/node/certificates/credentials.ts'
import { clusterHealth } from '../../src/node/health/health.ts'
import { resolveSettings } from '../../src/node/home/settings.ts'
import { requireState } from '../../src/node/home/state.ts'
import { bootstrapCluster } from '../../src/node/membership/bootstrap.ts'
import { openTicket } from '../../src/node/membership/join.ts'
import { runNode } from '../../src/node/node.ts'
import { decodeTicket, type NodeTicket } from '../../src/node/tickets/ticket.ts'
import { TestCluster, type TestNode } from './cluster.ts'
import { eagerEtcd, testEtcd } from './etcd.ts'
import { openTestStore } from './open-store.ts'
import { alive, etcdOf as etcd } from './processes.ts'

/** For one test. */
async function createCluster(etcd = eagerEtcd()): Promise<TestCluster> {
  const cluster = await TestCluster.create(etcd)
  onTestFinished(() => cluster.dispose())
  return cluster
}

async function clientOf(node: TestNode): Promise<ClusterClient> {
  return new ClusterClient((await requireState(node.paths)).endpoints, await readClient(node.paths.client))
}

const etcdOf = ({ paths }: TestNode): number | undefined => etcd(paths.data)

describe('a cluster', () => {
  test('is created, restarts after a stop and after a SIGKILL, and leaves no process behind', async () => {
    const cluster = await createCluster()
    const node = await cluster.node('one')
    await node.start().ready()
    expect(etcdOf(node)).toBeDefined()
    const { mode } = await stat(node.paths.authority.key)
    expect(mode & 0o777).toBe(0o600)
    expect((await stat(node.paths.root)).mode & 0o777).toBe(0o700)
    const { clusterId, phase } = await requireState(node.paths)
    expect({ clusterId, phase }).toEqual({ clusterId: expect.stringMatching(/^[0-9a-f]{16}$/), phase: 'member' })

    await node.kill('SIGTERM')
    expect(await node.ended()).toEqual({ code: 0, signal: null })
    expect(etcdOf(node)).toBeUndefined()

    await node.start().ready()
    const orphan = etcdOf(node) as number
    await node.kill('SIGKILL')
    await node.start().ready()
    expect(alive(orphan)).toBe(false)
    expect((await requireState(node.paths)).clusterId).toBe(clusterId)
  })

  test('ends, and its etcd with it, when it fails while it runs', async () => {
    const cluster = await createCluster()
    const node = await cluster.node('one')
    await bootstrapCluster(node.paths, resolveSettings(node.options))
    const running = runNode({
      paths: node.paths,
      env: { CONCLAVE_ETCD: eagerEtcd() },
      openStore: openTestStore,
      signal: new AbortController().signal,
      listener: ({ kind }) => {
        if (kind === 'health') throw new Error('the listener failed')
      },
    })
    await expect(running).rejects.toThrow('the listener failed')
    expect(etcdOf(node)).toBeUndefined()
  })

  test('grows to three voters, waiting until etcd accepts each change', async () => {
    const cluster = await createCluster(testEtcd())
    const nodes = [await cluster.node('one'), await cluster.node('two'), await cluster.node('three')] as const
    await nodes[0].start().ready()
    for (const [at, node] of nodes.slice(1).entries()) {
      const { ticket, code } = await (nodes[at] as TestNode).invite()
      await node.start({ ticket, code: code ?? '' }).ready()
    }
    const client = await clientOf(nodes[2])
    const members = await client.statuses()
    client.close()
    expect(clusterHealth(members)).toMatchObject({ voters: 3, reachable: 3, learners: 0, canLose: 1, hasQuorum: true })
    expect(members.map(({ name }) => name).sort()).toEqual(['one', 'three', 'two'])
    await nodes[0].until((event) => event.kind === 'health' && event.health.voters === 3)
    await nodes[1].kill('SIGKILL')
    const lost = await nodes[0].until(
      (event) => event.kind === 'health' && event.health.voters === 3 && event.health.reachable === 2,
    )
    expect(lost).toMatchObject({ health: { voters: 3, canLose: 0, hasQuorum: true } })
  })
})

describe('joining a node', () => {
  let cluster: TestCluster
  let first: TestNode
  beforeAll(async () => {
    cluster = await TestCluster.create()
    first = await cluster.node('one')
    await first.start().ready()
  })
  afterAll(() => cluster.dispose())

  test('resumes after a SIGKILL at every step', async () => {
    const { ticket, code } = await first.invite()
    const second = await cluster.node('two')
    const points = [
      'step:claim',
      'after:claim',
      'step:add',
      'after:add',
      'step:start',
      'step:catch-up',
      'after:promote',
      'step:finish',
      'after:finish',
    ]
    for (const dieAt of points) {
      await second.start({ ticket, code: code ?? '', dieAt }).ended()
      expect(await second.ended(), `${dieAt}: ${JSON.stringify(second.events.at(-1))}`).toMatchObject({
        signal: 'SIGKILL',
      })
    }
    await second.start({ ticket, code: code ?? '' }).ready()
    const client = await clientOf(first)
    const { members } = await client.members()
    client.close()
    expect(members.map(({ name, learner }) => ({ name, learner }))).toEqual(
      expect.arrayContaining([
        { name: 'one', learner: false },
        { name: 'two', learner: false },
      ]),
    )
    expect(members).toHaveLength(2)
    const store = await openTestStore((await requireState(first.paths)).endpoints, await readClient(first.paths.client))
    expect((await store.range(Buffer.from('tickets/'), Buffer.from('tickets0'))).entries).toEqual([])
    await store.close()
    expect(await requireState(second.paths)).not.toHaveProperty('ticket')
    expect(await readFile(join(second.home, 'node', 'state.json'), 'utf8')).toContain('"member"')
  })

  test('is refused with a used ticket, a wrong code, a taken port', async () => {
    const { ticket, code = '' } = await first.invite()
    /** What it says beforehand, and why it ends. */
    const refusal = async ({ paths, options }: TestNode, given = code): Promise<{ steps: number; error: unknown }> => {
      let steps = 0
      const join = async (): Promise<void> => {
        await openTicket(paths, decodeTicket(ticket) as NodeTicket, async () => given, options)
        await runNode({
          paths,
          env: { CONCLAVE_ETCD: eagerEtcd() },
          openStore: openTestStore,
          signal: new AbortController().signal,
          listener: () => (steps += 1),
        })
      }
      return { error: await join().catch((error: unknown) => error), steps }
    }
    const second = await cluster.node('second')
    expect(await refusal(second, 'AAAA-AAAA-AAAA')).toMatchObject({ steps: 0, error: { code: 'wrong-password' } })

    const third = await cluster.node('third')
    Object.assign(third.options, { port: first.options.port })
    expect(await refusal(third)).toMatchObject({
      error: { code: 'usage', message: expect.stringContaining('is taken') },
    })

    await second.start({ ticket, code }).ready()
    const fourth = await cluster.node('fourth')
    expect(await refusal(fourth)).toMatchObject({
      error: { code: 'not-allowed', message: expect.stringContaining('already used') },
    })
  })
})
