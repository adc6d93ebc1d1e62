/** The row above the line of input that says what the line is about to do to a message. Pure. */
import type { About, ChatPage } from '../state/state.ts'
import type { Line } from '../text/style.ts'
import { span } from '../text/style.ts'
import { truncate, widthOf } from '../text/width.ts'

const words: Readonly<Record<About['act'], readonly [doing: string, keys: string]>> = {
  reply: ['reply to', 'Esc: cancel'],
  edit: ['edit', 'Enter: save · Esc: cancel'],
  react: ['react to', 'Tab: suggestions · repeat to remove · Esc: cancel'],
}

export function aboutLines({ about }: ChatPage, columns: number): readonly Line[] {
  if (about === undefined) return []
  const [doing, keys] = words[about.act]
  const space = columns - doing.length - 3
  // The keys go where there is no room for both.
  const quote = truncate(about.quote, Math.max(20, space - keys.length - 4))
  const line: Line = [span(` ${doing} `, { colour: 'cyan', bold: true }), span(quote)]
  const width = doing.length + 2 + widthOf(quote)
  return [width + keys.length + 4 > columns ? line : [...line, span(`   ${keys}`, { dim: true })]]
}
