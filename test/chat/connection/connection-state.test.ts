import { describe, expect, test } from 'vitest'
import { ConclaveError } from '../../../src/base/errors.ts'
import {
  nextState,
  shownConnection,
  type ConnectionEvent,
  type ConnectionState,
} from '../../../src/chat/connection/connection-state.ts'
import { steadyHealth } from '../../../src/chat/connection/store-health.ts'

const error = new ConclaveError('unavailable', 'no answer', { retryable: true })
const states: Record<ConnectionState['kind'], ConnectionState> = {
  connecting: { kind: 'connecting' },
  online: { kind: 'online' },
  degraded: { kind: 'degraded', error },
  offline: { kind: 'offline', error },
  moved: { kind: 'moved', error },
}
const events: Record<ConnectionEvent['kind'], ConnectionEvent> = {
  answered: { kind: 'answered' },
  doubted: { kind: 'doubted', error },
  failed: { kind: 'failed', error },
  moved: { kind: 'moved', error },
}

test.each<[ConnectionState['kind'], Record<ConnectionEvent['kind'], ConnectionState['kind']>]>([
  ['connecting', { answered: 'online', doubted: 'connecting', failed: 'offline', moved: 'moved' }],
  ['online', { answered: 'online', doubted: 'degraded', failed: 'offline', moved: 'moved' }],
  ['degraded', { answered: 'online', doubted: 'degraded', failed: 'offline', moved: 'moved' }],
  ['offline', { answered: 'online', doubted: 'offline', failed: 'offline', moved: 'moved' }],
  ['moved', { answered: 'moved', doubted: 'moved', failed: 'moved', moved: 'moved' }],
])('from %s', (from, to) => {
  for (const [event, expected] of Object.entries(to)) {
    expect([event, nextState(states[from], events[event as ConnectionEvent['kind']]).kind]).toEqual([event, expected])
  }
})

describe('what a status line shows', () => {
  const health = steadyHealth('local store')
  test.each<[ConnectionState['kind'], string]>([
    ['connecting', 'connecting'],
    ['online', 'local store'],
    ['degraded', 'no answer'],
    ['offline', 'no answer'],
    ['moved', 'no answer'],
  ])('%s', (kind, detail) => {
    expect(shownConnection(states[kind], health)).toEqual({ state: kind, detail })
  })

  test('a cluster without a majority counts as offline, in its own words', () => {
    const lost = { ...health, writable: false, describe: () => '1/3 nodes: start 1 more' }
    expect(shownConnection(states.online, lost)).toEqual({ state: 'offline', detail: '1/3 nodes: start 1 more' })
    expect(shownConnection(states.moved, lost).state).toBe('moved')
  })
})
