/** Renders a state as the rows of the screen, and as the title of its window. Pure. */
import { countForYou } from '../../chat/attention.ts'
import type { State } from '../state/state.ts'
import { chatView } from './chat-view.ts'
import type { Frame } from './frame.ts'
import { loginView } from './login-view.ts'
import { roomsView, waitingView } from './rooms-view.ts'

export function view(state: State): Frame {
  const { page } = state
  switch (page.kind) {
    case 'login':
      return loginView(state, page)
    case 'rooms':
      return roomsView(state, page)
    case 'waiting':
      return waitingView(state, page)
    case 'chat':
      return chatView(state, page)
  }
}

/** Where this person is, and how much waits for them. */
export function titleOf({ page, rooms, self }: State): string {
  if (self === undefined) return 'Conclave'
  const count = countForYou(rooms)
  const place = page.kind === 'chat' ? `${page.room.name} · Conclave` : 'Conclave'
  return count === 0 ? place : `(${count}) ${place}`
}
