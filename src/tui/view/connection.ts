/** The store, in a word or a few. */
import type { Connection } from '../../chat/chat.ts'
import type { Span } from '../text/style.ts'
import { span } from '../text/style.ts'

export function connectionSpan({ state, detail }: Connection): Span {
  if (state === 'online') return span(detail, { dim: true })
  const text = detail === '' || detail.startsWith(state) ? detail || state : `${state}: ${detail}`
  return span(text, { colour: state === 'offline' ? 'red' : 'yellow', bold: state === 'offline' })
}
