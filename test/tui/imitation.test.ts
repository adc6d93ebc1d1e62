/** In the terminal, too, what others write can't be taken for what the program says about it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changedBy, type Change } from '../../src/chat/timeline/changes.ts'
import type { AdminItem, MessageItem } from '../../src/chat/item.ts'
import { Namesakes } from '../../src/chat/people/namesakes.ts'
import { sanitized } from '../../src/tui/state/sanitized.ts'
import { sanitize } from '../../src/tui/sanitize.ts'
import { textOfLine } from '../../src/tui/text/style.ts'
import { entryLines, type EntryContext } from '../../src/tui/view/entry-lines.ts'
import { nameColours } from '../../src/tui/view/name-colours.ts'
import { hostileText } from './hostile.ts'

const at = new Date(2026, 10, 23, 14, 2).getTime()
const bob = { name: 'bob', fingerprint: '2', id: '2', admin: false }
const first: MessageItem = {
  kind: 'message',
  i: 0,
  seq: 1,
  id: '0',
  at,
  from: bob,
  own: false,
  type: 'text',
  text: 'hi',
}
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '> bob: hi',
        '(edited)',
        '(deleted)',
        '· (edited)',
        '👍*',
        '\n',
        ' '.repeat(20),
        '* bob waves',
        '(queued)',
        '*b*',
        '||> bob: hi||',
        '\n> ',
        '```\n',
        '`',
      ),
      hostileText,
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join('') || 'x')

function shown(item: MessageItem | AdminItem, changes: readonly Change[] = []): string[] {
  const context: EntryContext = {
    columns: 50,
    nameColumns: 10,
    ownName: 'ada',
    online: true,
    top: 'top',
    unseen: undefined,
    pickedKey: undefined,
    uncoveredKey: undefined,
    doubtful: new Set<string>(),
    colourOf: nameColours([]),
    folded: {
      messages: new Map([['0', sanitized(first)]]),
      changed: (id) => (item.kind === 'message' && id === item.id ? changedBy(item, changes) : changedBy(first, [])),
      hidden: new Set(),
      waiting: new Set(),
      requests: new Map(),
      namesakes: new Namesakes(),
      isIgnored: () => false,
    },
  }
  // Without the day and what is above.
  return entryLines([{ key: 'k', place: 1, item: sanitized(item) }], 0, context)
    .slice(2)
    .map(textOfLine)
}

/** The rows behind the bar, and those behind the dot. */
function readBack(rows: readonly string[]): { text: string[]; marks: string[] } {
  const read = { text: [] as string[], marks: [] as string[] }
  for (const row of rows) {
    const [, bar = '', rest = ''] =
      /^ (?:14:02| {5}) {2} *(?:bob|<admin>)? *([│·]) (.*)$/.exec(row) ?? expect.fail(`no row of ours: ${row}`)
    ;(bar === '│' ? read.text : read.marks).push(rest)
  }
  return read
}

/** The text, less marks of its own formatting, and with blocks for what it hides. */
function isOf(shown: string, text: string): boolean {
  const characters = Array.from(shown)
  let at = 0
  for (const character of text) {
    if (characters[at] === character) at += 1
    else if (!/[*_|\\]/.test(character) && !text.includes('||')) return false
    while (characters[at] === '█' && text.includes('||')) at += 1
  }
  return at === characters.length
}

const withoutBlanks = (text: string): string => sanitize(text).replace(/\s/g, '')

test('the rows of a message tell its text from quotes, edits and reactions', () => {
  fc.assert(
    fc.property(text, text, (text, emoji) => {
      const item: MessageItem = { ...first, id: '1', type: 'reply', to: '0', text: 'before' }
      const edit: Change = sanitized({ type: 'edit', to: '1', text, from: bob, own: false })
      const react: Change = { type: 'react', to: '1', emoji, on: true, from: bob, own: false }
      const read = readBack(shown(item, [edit, sanitized(react)]))
      expect(isOf(withoutBlanks(read.text.join('')), withoutBlanks(text))).toBe(true)
      // Without marks it is all there.
      if (!/[*_|\\]/.test(text)) expect(withoutBlanks(read.text.join(''))).toBe(withoutBlanks(text))
      const [quote, edited, ...reaction] = read.marks
      expect([quote, edited]).toEqual(['> bob: hi', '(edited)'])
      expect(reaction[0]).toMatch(/^(?:"|\p{Emoji})/u)
      for (const row of reaction.slice(1)) expect(row).toMatch(/^ {2}/)
    }),
  )
})

test('a topic begins no row under <admin>', () => {
  fc.assert(
    fc.property(text, (detail) => {
      const rows = shown({ kind: 'admin', i: 3, at, event: 'topic', by: bob, detail })
      expect(rows[0]).toContain('<admin> │ bob set the topic:')
      for (const row of readBack(rows).text.slice(1)) expect(row).toMatch(/^ {2}/)
    }),
  )
})
