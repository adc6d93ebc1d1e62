import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { memoryHistoryRevisionsMax } from '../../src/base/limits.ts'
import { CompactedError } from '../../src/store/compacted.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { Place, take } from '../conformance/place.ts'
import { storeConformance } from '../conformance/suite.ts'

storeConformance('memory', {
  capabilities: new MemoryStore().capabilities,
  open: async () => {
    const store = new MemoryStore()
    return {
      open: async () => store.another(),
      compact: (handle, revision) => (handle as MemoryStore).compact(revision),
      end: () => store.close(),
    }
  },
})

test('the history of a memory store is bounded, and what it forgot is reported', async () => {
  const place = new Place(new MemoryStore())
  for (let n = 0; n <= memoryHistoryRevisionsMax; n += 1) await place.commit(place.put('a', String(n)))
  await expect(take(place.watch(1), 1)).rejects.toBeInstanceOf(CompactedError)
  const [last] = await take(place.watch(memoryHistoryRevisionsMax + 1), 1)
  expect(last?.events).toMatchObject([{ kind: 'put', entry: { value: utf8(String(memoryHistoryRevisionsMax)) } }])
})
