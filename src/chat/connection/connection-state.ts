/**
 * Whether the store is reachable: (state, event) → state. Pure; `StoreConnection` drives it.
 *
 * `connecting`: it has not answered yet. `degraded`: a call failed and the store is being checked. `offline`: it failed
 * the check, which is repeated. `moved`: it is at another address for good.
 */
import type { Connection } from '../chat.ts'
import { problemOf, type StoreHealth } from './store-health.ts'

export type ConnectionState =
  | { readonly kind: 'connecting' | 'online' }
  | { readonly kind: 'degraded' | 'offline' | 'moved'; readonly error: unknown }

export type ConnectionEvent =
  | { readonly kind: 'answered' }
  /** `doubted`: it may be one room's trouble. `failed`: the store itself did not answer. */
  | { readonly kind: 'doubted' | 'failed' | 'moved'; readonly error: unknown }

export function nextState(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.kind === 'moved') return state
  switch (event.kind) {
    case 'answered':
      return state.kind === 'online' ? state : { kind: 'online' }
    case 'doubted':
      return state.kind === 'online' ? { kind: 'degraded', error: event.error } : state
    case 'failed':
      return { kind: 'offline', error: event.error }
    case 'moved':
      return { kind: 'moved', error: event.error }
  }
}

/** For a status line. A cluster without a majority answers but accepts no writes: that counts as offline. */
export function shownConnection(state: ConnectionState, health: StoreHealth): Connection {
  if (!health.writable && state.kind !== 'moved') return { state: 'offline', detail: health.describe() || 'offline' }
  const detail = 'error' in state ? problemOf(state.error) : state.kind === 'online' ? health.describe() : ''
  return { state: state.kind, detail: detail || state.kind }
}
