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
      ...paragraph(`You've asked to join ${page.roomName}. Someone in the room has to type`),
      [],
      [span(`      !${name}`, { bold: true })],
      [],
      ...paragraph("to let you in. You'll then see the whole history."),
      [],
      [span('   your fingerprint   ', { dim: true }), span(state.self?.fingerprint ?? '', { bold: true })],
      [span('   room ID            ', { dim: true }), span(groups(page.roomId.slice(0, 20)))],
      [],
      ...paragraph('The person who lets you in sees your fingerprint. To be sure, compare it by phone or in person.'),
    ],
    keys: 'Esc: back (keep request) · w: withdraw request',
    footer: { lines: [], cursor: undefined },
  })
}

function groups(text: string): string {
  return text.replace(/(.{4})(?=.)/g, '$1 ')
}
