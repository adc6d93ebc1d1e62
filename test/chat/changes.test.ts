import { expect, test } from 'vitest'
import { changedBy, counts, isChange, type Change } from '../../src/chat/timeline/changes.ts'
import type { Author, MessageContent, MessageItem } from '../../src/chat/item.ts'

const author = (id: string, admin = false): Author => ({ id, admin, name: id, fingerprint: `${id} now` })
const [ada, bob, cyd] = [author('ada'), author('bob'), author('cyd', true)] as const

function message(from: Author, content: MessageContent, own = false): MessageItem {
  return { kind: 'message', i: 1, seq: 1, id: 'a'.repeat(32), at: 0, from, own, ...content }
}

function change(from: Author, content: MessageContent, own = false): MessageItem & Change {
  const item = message(from, content, own)
  if (!isChange(item)) throw new Error('no change')
  return item
}

const to = 'a'.repeat(32)
const text = message(ada, { type: 'text', text: 'teh first' })
const edit = { type: 'edit', to, text: 'the first' } as const
const react = (emoji: string, on = true) => ({ type: 'react', to, emoji, on }) as const

test.each<[string, Author, MessageContent, boolean]>([
  ['the author edits', ada, edit, true],
  ['he edits with new keys', { ...ada, fingerprint: 'ada anew' }, edit, true],
  ['another edits', bob, edit, false],
  ['an admin edits', cyd, edit, false],
  ['the author deletes', ada, { type: 'delete', to }, true],
  ['another deletes', bob, { type: 'delete', to }, false],
  ['an admin deletes', cyd, { type: 'delete', to }, true],
  ['anybody reacts', bob, react('👍'), true],
])('what counts: %s', (_, from, content, wanted) => {
  expect(counts(change(from, content), text)).toBe(wanted)
})

test('what has no text is not edited, and a change is not changed', () => {
  expect(counts(change(ada, edit), message(ada, { type: 'file', name: 'a', bytes: 1, mediaType: 'a/b' }))).toBe(false)
  for (const content of [edit, react('👍'), { type: 'delete', to } as const]) {
    expect(counts(change(cyd, { type: 'delete', to }), message(ada, content))).toBe(false)
  }
})

test('the newest edit counts, a deletion for good, and each one’s last word on an emoji', () => {
  const changes = [
    change(ada, edit),
    change(bob, { ...edit, text: 'forged' }),
    change(ada, { ...edit, text: 'the very first' }),
    change(bob, react('👍')),
    change(bob, react('👍')),
    change(ada, react('👍')),
    change(bob, react('🎉')),
    change(bob, react('🎉', false)),
    change(ada, react('👎', false)),
  ]
  expect(changedBy(text, changes)).toEqual({
    text: 'the very first',
    deleted: false,
    reactions: [{ emoji: '👍', count: 2, own: false }],
  })
  const later = [...changes, change(cyd, { type: 'delete', to }), change(ada, edit), change(bob, react('👍'))]
  expect(changedBy(text, later)).toEqual({ text: undefined, deleted: true, reactions: [] })
})

test('one’s own change that is not sent yet is one’s own, whatever keys it has', () => {
  const mine = message(ada, { type: 'text', text: 'mine' }, true)
  expect(counts(change(author(''), edit, true), mine)).toBe(true)
  expect(counts(change(author(''), edit, true), text)).toBe(false)
  expect(changedBy(mine, [change(author(''), react('👍'), true)]).reactions).toMatchObject([{ own: true }])
})
