/** Renders a state as the rows of the screen. Pure. */
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
