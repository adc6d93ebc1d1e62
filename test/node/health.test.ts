import { describe, expect, test } from 'vitest'
import { describeForChat } from '../../src/client/cluster-health.ts'
import { clusterHealth, describeHealth, isWritable, lagOf } from '../../src/node/health/health.ts'
import type { MemberStatus, MemberReport } from '../../src/node/cluster/cluster-client.ts'

function member(n: number, answer: Partial<MemberReport> | undefined, learner = false): MemberStatus {
  const base = { id: n.toString(16).padStart(16, '0'), name: `n${n}`, learner, peerUrls: [], endpoints: [] }
  if (answer === undefined) return { ...base, answer: undefined }
  const usual: MemberReport = {
    clusterId: 'c'.padStart(16, '0'),
    version: '3.5.33',
    leader: '1'.padStart(16, '0'),
    term: 2,
    raftIndex: 100,
    raftAppliedIndex: 100,
    databaseBytes: 1,
    databaseBytesInUse: 1,
    alarms: [],
    latencyMs: 1,
  }
  return { ...base, answer: { ...usual, ...answer } }
}

function cluster(answering: number, voters: number, answer: Partial<MemberReport> = {}): MemberStatus[] {
  return Array.from({ length: voters }, (_, k) => member(k + 1, k < answering ? answer : undefined))
}

describe('health', () => {
  test.each([
    [1, 1, true, 0, '1/1 node, can lose none'],
    [2, 2, true, 0, '2/2 nodes, can lose none'],
    [1, 2, false, 0, '1/2 nodes, no quorum: read-only'],
    [3, 3, true, 1, '3/3 nodes, can lose 1'],
    [2, 3, true, 0, '2/3 nodes, can lose none more'],
    [1, 3, false, 0, '1/3 nodes, no quorum: read-only'],
    [5, 5, true, 2, '5/5 nodes, can lose 2'],
    [4, 5, true, 1, '4/5 nodes, can lose 1 more'],
    [2, 5, false, 0, '2/5 nodes, no quorum: read-only'],
    [7, 7, true, 3, '7/7 nodes, can lose 3'],
  ])('%i of %i voters answer', (answering, voters, hasQuorum, canLose, text) => {
    const health = clusterHealth(cluster(answering, voters))
    expect(health).toMatchObject({ voters, reachable: answering, hasQuorum, canLose })
    expect(describeHealth(health)).toBe(text)
  })

  test('an alarm of any member stops all writes', () => {
    const full = clusterHealth([...cluster(2, 2), member(3, { alarms: ['NOSPACE'] })])
    expect([full.alarms, isWritable(full)]).toEqual([['NOSPACE'], false])
    expect(describeHealth(full)).toBe('3/3 nodes, store full: read-only')
    const corrupt = clusterHealth(cluster(3, 3, { alarms: ['CORRUPT'] }))
    expect(describeHealth(corrupt)).toBe('3/3 nodes, CORRUPT: read-only')
    expect(describeForChat(full)).toBe('3/3 nodes, store full: read-only. You can read; what you send waits')
    expect(isWritable(clusterHealth(cluster(2, 3)))).toBe(true)
  })

  test('learners do not count as voters', () => {
    const members = [...cluster(3, 3), member(9, {}, true)]
    expect(clusterHealth(members)).toMatchObject({ voters: 3, learners: 1, canLose: 1 })
  })

  test('a majority without a leader is not a quorum', () => {
    expect(clusterHealth(cluster(3, 3, { leader: undefined }))).toMatchObject({ hasQuorum: false, leader: undefined })
  })

  test('the leader is that of the newest term', () => {
    const old = member(1, { term: 2, leader: '1'.padStart(16, '0') })
    const fresh = [2, 3].map((n) => member(n, { term: 3, leader: '2'.padStart(16, '0') }))
    expect(clusterHealth([old, ...fresh]).leader).toBe('n2')
  })

  test('members that hide their status from people count, and form a quorum if a read succeeds there', () => {
    const reserved = (n: number, serves: boolean) => ({ ...member(n, undefined), reserved: serves })
    const four = [reserved(1, true), reserved(2, false), reserved(3, true), reserved(4, true), member(5, undefined)]
    const health = clusterHealth(four)
    expect(health).toMatchObject({ reachable: 4, hasQuorum: true, canLose: 1, leader: undefined })
    expect(describeHealth(health)).toBe('4/5 nodes, can lose 1 more')
    const cutOff = [reserved(1, false), reserved(2, false), member(3, undefined)]
    expect(clusterHealth(cutOff)).toMatchObject({ reachable: 2, hasQuorum: false, canLose: 0 })
  })

  test('no members', () => {
    expect(clusterHealth([])).toMatchObject({ voters: 0, hasQuorum: false, canLose: 0 })
  })

  test('lag is relative to the most advanced log', () => {
    const members = [member(1, { raftIndex: 120 }), member(2, { raftAppliedIndex: 90 }), member(3, undefined)]
    expect(members.map((one) => lagOf(one, members))).toEqual([20, 30, undefined])
  })
})
