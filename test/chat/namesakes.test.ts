/** People of one name, or of names that look alike, are never shown under the same words. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AdminItem, MessageItem } from '../../src/chat/item.ts'
import { Namesakes } from '../../src/chat/people/namesakes.ts'

const bob = { name: 'bob', id: '1', fingerprint: '1111 2222 3333 4444 5555 6666' }
const other = { name: 'bob', id: '2', fingerprint: '9999 8888 7777 6666 5555 4444' }

test('one alone is shown under their name, also with new keys', () => {
  const namesakes = new Namesakes([bob, { ...bob, fingerprint: other.fingerprint }])
  expect(namesakes.nameOf(bob)).toBe('bob')
  expect(namesakes.nameOf({ name: 'ada', fingerprint: '0000' })).toBe('ada')
})

test('two are told apart by the first digits of their keys, as also those whose names look alike', () => {
  const alike = { ...other, name: 'B0b' }
  const namesakes = new Namesakes([bob, alike])
  expect([bob, alike].map((one) => namesakes.nameOf(one))).toEqual(['bob 1111', 'B0b 9999'])
})

test('a key that was made to begin as another does is shown further', () => {
  const made = { ...other, fingerprint: bob.fingerprint.replace('3333', '7777') }
  const namesakes = new Namesakes([bob, made])
  expect([bob, made].map((one) => namesakes.nameOf(one))).toEqual(['bob 1111 2222 3333', 'bob 1111 2222 7777'])
})

test('items are shown under these names; a request keeps the name that is typed', () => {
  const namesakes = new Namesakes([bob, other])
  const message = { kind: 'message', from: bob } as MessageItem
  expect(namesakes.shown(message).from.name).toBe('bob 1111')
  const kick = { kind: 'admin', event: 'kick', at: 0, by: bob, target: other } as AdminItem
  expect(namesakes.shown(kick)).toMatchObject({ by: { name: 'bob 1111' }, target: { name: 'bob 9999' } })
  const knock = { ...kick, event: 'knock' } as const
  expect(namesakes.shown(knock)).toBe(knock)
})

const few = fc.constantFrom('1111', '2222')
const people = fc.array(
  fc
    .record({
      name: fc.constantFrom('bob', 'Bob', 'b0b', 'ada'),
      id: fc.constantFrom('1', '2', '3', '4'),
      digits: fc.tuple(few, few, few, few, few),
    })
    // One key is one person's.
    .map(({ name, id, digits }) => ({ name, id, fingerprint: [...digits, id.repeat(4)].join(' ') })),
  { maxLength: 12 },
)

test('of any people, two of different ids have different names', () => {
  fc.assert(
    fc.property(people, (all) => {
      const namesakes = new Namesakes(all)
      const shown = all.map((one) => namesakes.nameOf(one).toLowerCase().replace('0', 'o'))
      all.forEach((one, a) => {
        all.forEach((two, b) => {
          if (one.id !== two.id) expect(shown[a]).not.toBe(shown[b])
        })
      })
    }),
  )
})
