/** Waiting to be let into a room. Pure. */
import type { State, WaitingPage } from '../state/state.ts'
import type { Line } from '../text/style.ts'
import { span } from '../text/style.ts'
import { wrap } from '../text/wrap.ts'
import type { Frame } from './frame.ts'
import { pageFrame } from './page-frame.ts'

export function waitingView(state: State, page: WaitingPage): Frame {
  const width = Math.min(state.size.columns - 6, 68)
  const paragraph = (text: string): readonly Line[] => wrap(text, width).map((part): Line => [span(`   ${part}`)])
  const name = state.self?.name ?? ''
  return pageFrame(state, {
    title: `waiting for ${page.roomName}`,
    body: () => [
      [],
      ...paragraph(`You have knocked at ${page.roomName}. As soon as somebody inside types`),
      [],
      [span(`      !${name}`, { bold: true })],
      [],
      ...paragraph('you are in, and can read all that was said from the first message on.'),
      [],
      [span('   your fingerprint   ', { dim: true }), span(state.self?.fingerprint ?? '', { bold: true })],
      [span('   the room begins    ', { dim: true }), span(groups(page.roomId.slice(0, 20)))],
      [],
      ...paragraph('Whoever lets you in sees your fingerprint: compare it by another way, if it matters.'),
    ],
    keys: 'Esc goes back, the knock stays · w takes it back',
    footer: { lines: [], cursor: undefined },
  })
}

function groups(text: string): string {
  return text.replace(/(.{4})(?=.)/g, '$1 ')
}
