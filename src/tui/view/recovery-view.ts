/** What a store has lost, and what is being done about it: a few words for the status bar, and a line where one must act. */
import type { Recovery } from '../../chat/chat.ts'
import type { State } from '../state/state.ts'
import type { Line, Span, Style } from '../text/style.ts'
import { span } from '../text/style.ts'
import { wrap } from '../text/wrap.ts'

/** Of the open room first. */
function recoveryOf({ page, recoveries }: State): Recovery | undefined {
  return (page.kind === 'chat' ? page.room.recovery : undefined) ?? recoveries[0]
}

const isGrave = ({ kind }: Recovery): boolean => kind === 'frozen' || kind === 'damaged'

export function recoverySpans(state: State): readonly Span[] {
  const recovery = recoveryOf(state)
  if (recovery === undefined) return []
  const style: Style = isGrave(recovery) ? { colour: 'red', bold: true } : { colour: 'yellow' }
  return [span(recovery.short, style)]
}

/** Stands above the input for as long as nothing can be sent, or something is damaged. */
export function recoveryNotice(state: State, columns: number): readonly Line[] {
  const recovery = recoveryOf(state)
  if (recovery === undefined || !isGrave(recovery)) return []
  return wrap(`! ${recovery.text} ${recovery.hint}`, columns - 2).map((text): Line => [
    span(` ${text}`, { colour: 'red' }),
  ])
}
