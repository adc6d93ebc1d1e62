/** The keys of a sheet: scrolling, and closing it. Pure. */
import type { Input } from '../input/key.ts'
import { sheetSpace } from '../view/sheet-space.ts'
import { scrollSheet } from '../view/sheet-view.ts'
import type { Next, Sheet, State } from './state.ts'
import { next } from './next.ts'

/** Undefined for what means something elsewhere. */
export function sheetInput(state: State, sheet: Sheet, input: Input, keys?: 'only-scrolling'): Next | undefined {
  if (input.kind !== 'key') return undefined
  const { columns, rows } = sheetSpace(state)
  const scrolled = (lines: number): Next => next({ ...state, sheet: scrollSheet(sheet, lines, columns, rows) })
  switch (input.name) {
    case 'escape':
    case 'enter':
      return keys === undefined ? next({ ...state, sheet: undefined }) : undefined
    case 'up':
      return scrolled(-1)
    case 'down':
      return scrolled(1)
    case 'page-up':
      return scrolled(3 - rows)
    case 'page-down':
      return scrolled(rows - 3)
    default:
      return undefined
  }
}
