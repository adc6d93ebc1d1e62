/** What the lines of a timeline's entries depend on, besides the entries themselves. */
import type { Folded } from '../state/fold.ts'
import type { Gutter } from './gutter.ts'
import type { Twins } from './shown-name.ts'

export interface EntryContext extends Gutter {
  readonly ownName: string
  /** Whether the store answers: then what is on its way is no news. */
  readonly online: boolean
  /** What stands above the oldest entry of the window. */
  readonly top: string
  /** The entry that the "new" line stands above. */
  readonly newKey: string | undefined
  /** The entry that is picked. */
  readonly pickedKey: string | undefined
  readonly folded: Folded
  readonly twins: Twins
}
