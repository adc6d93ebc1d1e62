import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { searchBlockRecords } from '../../src/base/limits.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import type { Content } from '../../src/protocol/content.ts'
import { ToldRoom } from './searched-room.ts'
import '../seeded-properties.ts'

const vocabulary = ['alpha', 'beta', 'Straße', 'STRASSE', 'ΟΔΟΣ', 'οδος', 'x', 'a\u00a0b', '¨', 'ﬁn', '👋🏽']
const asked = [...vocabulary, 'lph', 'a', 'fin', 'ss', '\u0308', 'nowhere']

const text = fc.array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 2 }).map((words) => words.join(' '))
const kinds = ['text', 'text', 'reply', 'file', 'edit', 'edit', 'edit', 'delete', 'react', 'unknown'] as const
/** A message among those that say nothing: `place` orders them, and `target` is the number of the one that it is about. */
const act = fc.record({
  by: fc.nat(1),
  kind: fc.constantFrom(...kinds),
  place: fc.nat(3 * searchBlockRecords),
  target: fc.nat(),
  text,
  together: fc.boolean(),
})
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never
const query = fc.record({
  words: fc.array(fc.constantFrom(...asked), { maxLength: 2 }),
  last: fc.option(fc.constantFrom(1, 2, 7), { nil: undefined }),
})
const file = { type: 'file', mediaType: 'text/plain', size: 1, digest: zeroHash, key: zeroHash } as const

async function toldOf(drawn: readonly Act[]): Promise<ToldRoom> {
  const told = await ToldRoom.by('ada', 'bob', 'cyd')
  const acts = drawn.toSorted((a, b) => a.place - b.place)
  let [at, k] = [0, 0]
  while (k < acts.length) {
    const { by, place, together } = acts[k] as Act
    for (; at < place; at += 1) told.post(2, { type: 'text', text: 'so' })
    const contents: Content[] = []
    do contents.push(contentOf(told, acts, k++))
    while (together && acts[k]?.by === by)
    told.post(by, ...contents)
  }
  for (; at < 3 * searchBlockRecords; at += 1) told.post(2, { type: 'text', text: 'so' })
  return told
}

/** What it is about may come later, or be itself. */
function contentOf(told: ToldRoom, acts: readonly Act[], k: number): Content {
  const { kind, text: words, target } = acts[k] as Act
  const to = told.id((acts[target % acts.length] as Act).by, acts.slice(0, target % acts.length))
  switch (kind) {
    case 'text':
      return { type: 'text', text: words }
    case 'reply':
    case 'edit':
      return { type: kind, to, text: words }
    case 'delete':
      return { type: 'delete', to }
    case 'react':
      return { type: 'react', to, emoji: '👍', on: true }
    case 'file':
      return { ...file, name: words }
    case 'unknown':
      return { type: 'unknown', name: 'poll', value: ['poll', words] }
  }
}

describe('a search by the index', () => {
  it('finds exactly what a walk over the whole history finds', { timeout: 120_000 }, async () => {
    const acts = fc.array(act, { minLength: 20, maxLength: 40 })
    const queries = fc.array(query, { minLength: 12, maxLength: 24 })
    let hits = 0
    const property = fc.asyncProperty(acts, queries, async (drawn, asks) => {
      const room = await (await toldOf(drawn)).room()
      for (const { words, last } of [...asks, ...asks]) hits += (await room.search(words, last)).length
    })
    await fc.assert(property, { numRuns: 8 })
    expect(hits).toBeGreaterThan(0)
  })
})
