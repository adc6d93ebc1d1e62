import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClusterClient } from '../../src/node/cluster/cluster-client.ts'
import { readClient } from '../../src/node/certificates/credentials.ts'
import { clusterHealth } from '../../src/node/health/health.ts'
import { resolveSettings } from '../../src/node/home/settings.ts'
import { requireState } from '../../src/node/home/state.ts'
import { bootstrapCluster } from '../../src/node/membership/bootstrap.ts'
import { runNode } from '../../src/node/node.ts'
import { TestCluster, type TestNode } from './cluster.ts'
import { eagerEtcd, testEtcd } from './etcd.ts'
import { openTestStore } from './open-store.ts'
import { alive, until } from './processes.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.create()
})
afterEach(() => cluster.dispose())

async function clientOf(node: TestNode): Promise<ClusterClient> {
  return new ClusterClient((await requireState(node.paths)).endpoints, await readClient(node.paths.client))
}

async function etcdOf(node: TestNode): Promise<number | undefined> {
  const { execFile } = await import('node:child_process')
  return new Promise((resolve) =>
    execFile('pgrep', ['-f', `^[^ ]*etcd .*${node.paths.data}`], (_, stdout) =>
      resolve(Number(stdout.split('\n')[0]) || undefined),
    ),
  )
}

describe('a cluster', () => {
  test('is created, restarts after a stop and after a SIGKILL, and leaves no process behind', async () => {
    const node = await cluster.node('one')
    await node.start().ready()
    expect(await etcdOf(node)).toBeDefined()
    const { mode } = await stat(node.paths.authority.key)
    expect(mode & 0o777).toBe(0o600)
    expect((await stat(node.paths.root)).mode & 0o777).toBe(0o700)
    const { clusterId, phase } = await requireState(node.paths)
    expect({ clusterId, phase }).toEqual({ clusterId: expect.stringMatching(/^[0-9a-f]{16}$/), phase: 'member' })

    await node.kill('SIGTERM')
    expect(await node.ended()).toEqual({ code: 0, signal: null })
    expect(await etcdOf(node)).toBeUndefined()

    await node.start().ready()
    const orphan = (await etcdOf(node)) as number
    await node.kill('SIGKILL')
    await node.start().ready()
    expect(alive(orphan)).toBe(false)
    expect((await requireState(node.paths)).clusterId).toBe(clusterId)
  })

  test('ends, and its etcd with it, when it fails while it runs', async () => {
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
    expect(await etcdOf(node)).toBeUndefined()
  })

  test('grows to three voters, waiting until etcd accepts each change', async () => {
    await cluster.dispose()
    cluster = await TestCluster.create(testEtcd())
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

  test('joining resumes after a SIGKILL at every step', async () => {
    const first = await cluster.node('one')
    await first.start().ready()
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
})

describe('reasons to refuse a node', () => {
  test('a used ticket, a wrong code, a taken port', async () => {
    const first = await cluster.node('one')
    await first.start().ready()
    const { ticket, code } = await first.invite()
    const second = await cluster.node('two')
    const wrong = second.start({ ticket, code: 'AAAA-AAAA-AAAA' })
    await wrong.ended()
    expect(wrong.events).toMatchObject([{ kind: 'failed', code: 'wrong-password' }])

    const third = await cluster.node('three')
    Object.assign(third.options, { port: first.options.port })
    await third.start({ ticket, code: code ?? '' }).ended()
    expect(third.events.at(-1)).toMatchObject({
      kind: 'failed',
      code: 'usage',
      message: expect.stringContaining('is taken'),
    })

    await second.start({ ticket, code: code ?? '' }).ready()
    const fourth = await cluster.node('four')
    await fourth.start({ ticket, code: code ?? '' }).ended()
    expect(fourth.events.at(-1)).toMatchObject({
      kind: 'failed',
      code: 'not-allowed',
      message: expect.stringContaining('already used'),
    })
    await until(() => !alive(fourth.pid))
  })
})
