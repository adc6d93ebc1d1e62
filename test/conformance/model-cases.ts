import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/store/memory.ts'
import type { CommitResult, Entry, Store, Transaction } from '../../src/store/store.ts'
import { Place } from './place.ts'
import type { Context } from './suite.ts'

/** Names close to each other, so that compares, ranges and writes meet often. */
const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const value = fc.constantFrom('', 'x', 'y')

/** A transaction as data: revisions are given relative to the place's first, which differs from store to store. */
interface Plan {
  readonly if: readonly {
    readonly name: string
    readonly until?: string
    readonly value?: string
    readonly age?: number
  }[]
  readonly then: readonly Step[]
  readonly else: readonly Step[]
}
interface Step {
  readonly kind: 'put' | 'delete' | 'read'
  readonly name: string
  readonly until?: string | undefined
  readonly value: string
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('put', 'delete', 'read'),
  name,
  until: fc.option(name, { nil: undefined }),
  value,
})
const compare = fc.oneof(
  fc.record({ name, until: name }),
  fc.record({ name, value }),
  fc.record({ name, age: fc.nat({ max: 6 }) }),
)
const plan: fc.Arbitrary<Plan> = fc.record({
  if: fc.array(compare, { maxLength: 2 }),
  then: fc.array(step, { maxLength: 4 }),
  else: fc.array(step, { maxLength: 3 }),
})

function transactionOf(place: Place, planned: Plan, base: number): Transaction {
  const operations = (steps: readonly Step[]): Transaction['then'] =>
    steps.map((each) => {
      if (each.kind === 'put') return place.put(each.name, each.value)
      const end = each.until === undefined || each.until <= each.name ? {} : { end: place.key(each.until) }
      return { kind: each.kind, key: place.key(each.name), ...end }
    })
  return {
    if: planned.if.map((each) => {
      const key = place.key(each.name)
      if (each.until !== undefined) return { kind: 'empty', key, end: place.key(`${each.until}~`) }
      if (each.value !== undefined) return { kind: 'value', key, value: place.put('', each.value).value }
      return { kind: 'revision', key, modRevision: each.age ? base + each.age : 0 }
    }),
    then: operations(planned.then),
    else: operations(planned.else),
  }
}

/** What a store made of the plans, in terms that two stores share. */
async function play(store: Store, plans: readonly Plan[]): Promise<unknown> {
  const place = new Place(store)
  const base = (await place.commit(place.put('start'))).revision
  const entry = (each: Entry) => [
    place.nameOf(each.key),
    Buffer.from(each.value).toString(),
    each.createRevision - base,
    each.modRevision - base,
  ]
  const results: unknown[] = []
  for (const planned of plans) {
    const outcome = await store.commit(transactionOf(place, planned, base)).then(
      ({ ok, revision, reads }: CommitResult) => [ok, revision - base, reads.map((read) => read.map(entry))],
      (error: unknown) => (error as { code: unknown }).code,
    )
    results.push(outcome)
  }
  await place.commit(place.put('zz'))
  const history: unknown[] = []
  for await (const batch of place.watch(base)) {
    history.push([batch.revision - base, batch.events.map((event) => place.told(event))])
    if (batch.events.some((event) => place.told(event) === 'put zz=zz')) break
  }
  const { entries } = await store.range(place.start, place.end)
  return { results, history, entries: entries.map(entry) }
}

export function modelCases(context: Context): void {
  describe('random transactions', () => {
    test('end as in the memory store: answers, history and entries', async () => {
      const model = new MemoryStore()
      await fc.assert(
        fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 16 }), async (plans) => {
          expect(await play(context.place.store, plans)).toEqual(await play(model, plans))
        }),
        { numRuns: 30 },
      )
    })
  })
}
