/** The columns and rows that a sheet has on a page. Pure. */
import type { State } from '../state/state.ts'
import { chatLayout } from './chat-layout.ts'

export function sheetSpace(state: State): { readonly columns: number; readonly rows: number } {
  if (state.page.kind !== 'chat') return { columns: state.size.columns, rows: Math.max(1, state.size.rows - 5) }
  const { chatColumns, rows } = chatLayout(state, state.page)
  return { columns: chatColumns, rows }
}
