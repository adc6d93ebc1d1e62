/** What a restored store has lost, as it is shown in its place until it comes again. */
import { divergedItemsMax } from '../../base/limits.ts'
import type { LostItem } from '../item.ts'
import { itemsOf, type Viewer } from './items.ts'
import type { DivergedRecords } from '../reconcile/diverged-records.ts'

/** The newest of it, each message once. */
export async function lostItemsAt(lost: DivergedRecords, i: number, viewer: Viewer): Promise<readonly LostItem[]> {
  const items: LostItem[] = []
  const ids = new Set<string>()
  for (const { room, filed } of await lost.recordsAt(i)) {
    for (const item of filed.flatMap((one) => itemsOf(room, one, viewer))) {
      if (item.kind === 'warning' || item.kind === 'lost' || (item.kind === 'message' && ids.has(item.id))) continue
      if (item.kind === 'message') ids.add(item.id)
      items.push({ kind: 'lost', i, item })
    }
  }
  return items.slice(-divergedItemsMax)
}
