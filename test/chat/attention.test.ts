import { describe, expect, it } from 'vitest'
import {
  byUrgency,
  countForYou,
  invitationAttention,
  isAnnounced,
  news,
  notifyDefaults,
  roomAttention,
  withoutPeople,
  type Attention,
  type AttentionKind,
  type NotifySettings,
} from '../../src/chat/attention.ts'

const bob = { name: 'bob', fingerprint: '1111' }
const cyd = { name: 'cyd', fingerprint: '2222' }
const calm = { direct: false, requests: [], forYou: [], others: [], unread: 0 }
const unread = (seq: number, from = bob) => ({ seq, at: seq * 100, from })

interface Room {
  readonly id: string
  readonly attention: readonly Attention[]
}

function room(id: string, facts: Partial<Parameters<typeof roomAttention>[0]>): Room {
  return { id, attention: roomAttention({ ...calm, ...facts }) }
}

const asking = (...ats: readonly number[]) => room('demo', { requests: ats.map((at) => ({ ...bob, at })) })

describe('what waits in a room', () => {
  it.each<[string, Partial<Parameters<typeof roomAttention>[0]>, readonly (readonly [AttentionKind, number])[]]>([
    ['nothing', {}, []],
    ['a request to join', { requests: [{ ...bob, at: 5 }] }, [['request', 1]]],
    ['a mention', { forYou: [unread(3)], unread: 3 }, [['mention', 1]]],
    [
      'a mention among others',
      { forYou: [unread(3)], others: [unread(1), unread(2)], unread: 3 },
      [
        ['mention', 1],
        ['message', 2],
      ],
    ],
    ['direct messages', { direct: true, forYou: [unread(1), unread(2)], unread: 2 }, [['direct', 2]]],
    ['more messages than are kept', { others: [unread(1), unread(900)], unread: 900 }, [['message', 900]]],
    [
      'all of it, the most urgent first',
      { requests: [{ ...bob, at: 5 }], forYou: [unread(3)], others: [unread(2)], unread: 2 },
      [
        ['request', 1],
        ['mention', 1],
        ['message', 1],
      ],
    ],
  ])('%s', (_what, facts, wanted) => {
    expect(roomAttention({ ...calm, ...facts }).map(({ kind, count }) => [kind, count])).toEqual(wanted)
  })

  it('says since when, and who came last', () => {
    const [one] = roomAttention({ ...calm, forYou: [unread(3), unread(7, cyd)], unread: 7 })
    expect(one).toMatchObject({ kind: 'mention', count: 2, since: 300, newest: 700, by: cyd, ids: ['7'] })
    expect(one?.shares).toEqual([
      { by: bob, count: 1, since: 300, newest: 300, ids: ['3'] },
      { by: cyd, count: 1, since: 700, newest: 700, ids: ['7'] },
    ])
  })

  it('without some people, is what the others have left', () => {
    const requests = [
      { ...bob, at: 1 },
      { ...cyd, at: 2 },
    ]
    const all = roomAttention({
      ...calm,
      requests,
      forYou: [unread(3), unread(7, cyd)],
      others: [unread(5)],
      unread: 7,
    })
    const left = withoutPeople(all, (fingerprint) => fingerprint === cyd.fingerprint)
    expect(left.map(({ kind, count, by, newest, ids }) => [kind, count, by.name, newest, ids])).toEqual([
      ['request', 1, 'bob', 1, [`${bob.fingerprint} 1`]],
      ['mention', 1, 'bob', 300, ['3']],
      ['message', 5, 'bob', 500, ['5']],
    ])
    expect(left[2]).toBe(all[2])
    expect(withoutPeople(all, () => true)).toEqual([])
    expect(withoutPeople(all, () => false)).toEqual(all)
  })

  it.each([
    [true, 'first-direct'],
    [false, 'invitation'],
  ])('an invitation (direct: %s) is a %s', (direct, kind) => {
    expect(invitationAttention({ direct, at: 9, by: { ...bob, known: false } })).toMatchObject([
      { kind, count: 1, since: 9, by: bob, known: false },
    ])
  })
})

it('the most urgent comes first, equally urgent in the order of the rooms', () => {
  const invited: Room = {
    id: 'new',
    attention: invitationAttention({ direct: false, at: 9, by: { ...bob, known: true } }),
  }
  const first: Room = {
    id: '@new',
    attention: invitationAttention({ direct: true, at: 9, by: { ...bob, known: true } }),
  }
  const rooms = [
    room('a', { others: [unread(1)], unread: 1 }),
    room('b', { direct: true, forYou: [unread(1)], unread: 1 }),
    room('c', { forYou: [unread(1)], unread: 1 }),
    room('d', { forYou: [unread(1)], others: [unread(2)], unread: 2 }),
    first,
    invited,
    room('g', { requests: [{ ...bob, at: 1 }] }),
  ]
  expect(byUrgency(rooms).map(({ room: { id }, attention: { kind } }) => `${id} ${kind}`)).toEqual([
    'g request',
    'new invitation',
    '@new first-direct',
    'c mention',
    'd mention',
    'b direct',
    'a message',
    'd message',
  ])
  expect(countForYou(rooms)).toBe(6)
})

describe('news', () => {
  it.each<[string, Room, Room, readonly AttentionKind[]]>([
    ['a first request', room('demo', {}), asking(1), ['request']],
    ['the same request', asking(1), asking(1), []],
    ['another one in place of an answered one', asking(1), asking(2), ['request']],
    ['one of two is answered', asking(1, 2), asking(2), []],
    [
      'a second message',
      room('demo', { others: [unread(1)] }),
      room('demo', { others: [unread(1), unread(2)] }),
      ['message'],
    ],
    ['messages are read', room('demo', { others: [unread(1), unread(2)] }), room('demo', { others: [unread(2)] }), []],
    ['all is read', room('demo', { forYou: [unread(1)] }), room('demo', {}), []],
    [
      'a mention after a message',
      room('demo', { others: [unread(1)] }),
      room('demo', { others: [unread(1)], forYou: [unread(2)] }),
      ['mention'],
    ],
    [
      'the same number in another room',
      room('other', { forYou: [unread(1)] }),
      room('demo', { forYou: [unread(1)] }),
      ['mention'],
    ],
  ])('%s', (_what, before, now, wanted) => {
    expect(news([before], [now]).map(({ attention }) => attention.kind)).toEqual(wanted)
  })
})

describe('what is announced', () => {
  const mention = room('demo', { forYou: [unread(1)] })
  const message = room('demo', { others: [unread(1)] })
  const request = asking(1)
  const settings = (change: Partial<NotifySettings>): NotifySettings => ({ ...notifyDefaults, ...change })
  it.each<[NotifySettings, Room, boolean]>([
    [settings({}), mention, true],
    [settings({}), request, true],
    [settings({}), message, false],
    [settings({ level: 'all' }), message, true],
    [settings({ level: 'none' }), mention, false],
    [settings({ level: 'none' }), request, false],
    [settings({ rooms: { demo: 'none' } }), mention, false],
    [settings({ rooms: { demo: 'all' } }), message, true],
    [settings({ level: 'none', rooms: { demo: 'mentions' } }), mention, true],
    [settings({ rooms: { other: 'none' } }), mention, true],
    [settings({ level: 'all', doNotDisturb: true }), request, false],
  ])('%j: %j', (given, one, wanted) => {
    expect(byUrgency([one]).map((noticed) => isAnnounced(noticed, given))).toEqual([wanted])
  })
})
