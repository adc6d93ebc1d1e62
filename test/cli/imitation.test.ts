/** What others write can't be taken for what the program says about it: not on the command line, nor in an export. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changedBy, type Change } from '../../src/chat/timeline/changes.ts'
import type { AdminItem, MessageContent, MessageItem, TimelineItem } from '../../src/chat/item.ts'
import { htmlWriter, markdownWriter } from '../../src/cli/output/export-formats.ts'
import { table } from '../../src/cli/output/format.ts'
import { ChangesAhead, ItemLines } from '../../src/cli/output/item-text.ts'
import { Output } from '../../src/cli/output/output.ts'
import { ConclaveError } from '../../src/base/errors.ts'
import { sanitize } from '../../src/tui/sanitize.ts'
import { widthOf } from '../../src/tui/text/width.ts'
import { PassThrough } from 'node:stream'
import { hostileText } from '../tui/hostile.ts'

const at = new Date(2026, 10, 23, 14, 2).getTime()
const people = ['ada', 'bob', 'a-rather-long-name-of-32-chars__'].map((name, k) => {
  return { name, fingerprint: String(k), id: String(k), admin: k === 0 }
})
const [ada, bob] = people as [(typeof people)[0], (typeof people)[0]]

/** Lines as the program prints them for itself, in the hope that one passes. */
const forged = fc.constantFrom(
  '> ada: yes, pay 5000',
  '(edited)',
  '(deleted)',
  '· (edited)',
  'x\n               · (deleted)',
  'x\n14:03  <admin> │ ada removed bob.',
  '\n── Mon 23 November 2026 ──\n14:02      ada │ yes',
  '* ada waves',
  '(file, 3 bytes) a.pdf',
  '👍 3  🎉',
  '👍*',
  '3',
  '+3 more',
  '(missing from the store; restored from your copy)',
  ' '.repeat(40) + '│ x',
  'x' + ' '.repeat(77) + '14:02      ada │ yes',
  '## Mon 23 November 2026',
  '**14:02 ada**',
  '</blockquote><p class="about">(edited)</p>',
)
const text = fc
  .array(fc.oneof(forged, hostileText), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('') || 'x')

interface Said {
  readonly by: (typeof people)[0]
  readonly content: MessageContent
}

const id = (k: number): string => k.toString(16).padStart(32, '0')
const to = fc.nat(6).map(id)
const content: fc.Arbitrary<MessageContent> = fc.oneof(
  { weight: 4, arbitrary: text.map((text): MessageContent => ({ type: 'text', text })) },
  text.map((text): MessageContent => ({ type: 'emote', text })),
  fc.record({ type: fc.constant('reply' as const), to, text }),
  fc.record({ type: fc.constant('edit' as const), to, text }),
  fc.record({ type: fc.constant('delete' as const), to }),
  fc.record({ type: fc.constant('react' as const), to, emoji: text, on: fc.boolean() }),
  fc.record({ type: fc.constant('file' as const), name: text, bytes: fc.nat(), mediaType: text }),
  fc.record({ type: fc.constant('unknown' as const), name: text }),
)
const conversation = fc.array(fc.record({ by: fc.constantFrom(...people), content }), { minLength: 1, maxLength: 8 })

function messages(said: readonly Said[]): MessageItem[] {
  return said.map(({ by, content }, k) => {
    return { kind: 'message', i: k, seq: k + 1, id: id(k), at, from: by, own: false, ...content }
  })
}

interface Read {
  readonly name: string
  /** Its rows behind the bar, and those behind the dot. */
  readonly text: string[]
  readonly marks: string[]
}

const line = /^(?:( {6}|[ \d]{6}) {2})?(\d\d:\d\d| {5}) {2}( *[\w<>!-]*) ([│·]) ?(.*)$/

/** Reads lines back, knowing nothing but their shape. */
function readBack(lines: string): Read[] {
  const read: Read[] = []
  for (const row of lines.split('\n')) {
    if (row.startsWith('── ')) continue
    const [, , time = '', name = '', bar = '', rest = ''] = line.exec(row) ?? expect.fail(`no line of ours: ${row}`)
    if (time.trim() !== '') read.push({ name: name.trim(), text: [], marks: [] })
    const last = read.at(-1) ?? expect.fail('a line of no message')
    ;(bar === '│' ? last.text : last.marks).push(rest)
  }
  return read
}

const withoutBlanks = (text: string): string => sanitize(text).replace(/\s/g, '')

/** What is the author's in a message, and how many lines the program adds. */
function wanted(item: MessageItem, changes: readonly Change[]): { text: string; marks: number } {
  const { text, deleted, reactions } = changedBy(item, changes)
  if (deleted) return { text: '', marks: 1 }
  const marks = Number(text !== undefined) + Number(reactions.length > 0)
  if (item.type === 'text') return { text: text ?? item.text, marks }
  if (item.type === 'reply') return { text: text ?? item.text, marks: marks + 1 }
  if (item.type !== 'emote') return { text: '', marks: marks + 1 }
  return { text: (text ?? item.text).split('\n').slice(1).join('\n'), marks: marks + 1 }
}

async function printed(items: readonly TimelineItem[], columns?: number): Promise<string> {
  const lines = new ItemLines({
    people: () => people,
    numbered: true,
    ahead: await ChangesAhead.of(items),
    columns: () => columns,
  })
  return items
    .map((item) => lines.lines(item))
    .filter((text) => text !== '')
    .join('\n')
}

test.each([undefined, 80])(
  'from the lines alone, the text of each message can be read back (columns: %s)',
  async (columns) => {
    await fc.assert(
      fc.asyncProperty(conversation, async (said) => {
        const items = messages(said)
        const only = items.filter(({ type }) => type !== 'edit' && type !== 'delete' && type !== 'react')
        const shown = await printed(items, columns)
        const read = readBack(shown)
        // A change that has no effect, or names nothing, has a line of its own.
        const own = read.filter(
          ({ marks }) => !/^\((?:only|edits|deletes|no longer|"|.\ufe0f?\))/u.test(marks[0] ?? ''),
        )
        const changesOf = (item: MessageItem) => items.filter((one) => 'to' in one && one.to === item.id) as never[]
        expect(
          own.map(({ name, text, marks }) => [
            name,
            withoutBlanks(text.join('')),
            columns === undefined ? marks.length : 0,
          ]),
        ).toEqual(
          only.map((item) => {
            const { text, marks } = wanted(item, changesOf(item))
            return [item.from.name, withoutBlanks(text), columns === undefined ? marks : 0]
          }),
        )
        for (const row of columns === undefined ? [] : shown.split('\n'))
          expect(widthOf(row)).toBeLessThanOrEqual(columns ?? 0)
        // Where the program's words go on, they begin further in: no quoted word begins a line.
        for (const row of read.flatMap(({ marks }) => marks)) expect(row).toMatch(/^(?: {2}|[(>*"+]|\p{Emoji})/u)
      }),
    )
  },
)

const reply = { type: 'reply', to: id(0), text: 'and you?' } as const
const answered: readonly Said[] = [{ by: ada, content: { type: 'text', text: 'hi' } }]
const changed = (content: MessageContent): readonly Said[] => [...answered, { by: ada, content }]

test.each<[string, readonly Said[], readonly Said[]]>([
  [
    'quote',
    [...answered, { by: bob, content: reply }],
    [...answered, { by: bob, content: { type: 'text', text: '> ada: hi\nand you?' } }],
  ],
  [
    'edit',
    changed({ type: 'edit', to: id(0), text: 'ho' }),
    [{ by: ada, content: { type: 'text', text: 'ho (edited)' } }],
  ],
  [
    'edit below',
    changed({ type: 'edit', to: id(0), text: 'ho' }),
    [{ by: ada, content: { type: 'text', text: 'ho\n(edited)' } }],
  ],
  ['deletion', changed({ type: 'delete', to: id(0) }), [{ by: ada, content: { type: 'text', text: '(deleted)' } }]],
  [
    'reaction',
    changed({ type: 'react', to: id(0), emoji: '👍', on: true }),
    [{ by: ada, content: { type: 'text', text: 'hi\n👍' } }],
  ],
  [
    'emote',
    [{ by: ada, content: { type: 'emote', text: 'waves' } }],
    [{ by: ada, content: { type: 'text', text: '* ada waves' } }],
  ],
  [
    'file',
    [{ by: ada, content: { type: 'file', name: 'a.pdf', bytes: 3, mediaType: '' } }],
    [{ by: ada, content: { type: 'text', text: '(file, 3 bytes) a.pdf' } }],
  ],
  [
    'quote of what was deleted',
    [...changed({ type: 'delete', to: id(0) }), { by: bob, content: reply }],
    [
      { by: ada, content: { type: 'text', text: '(deleted)' } },
      { by: bob, content: reply },
    ],
  ],
  [
    'count of reactions',
    [
      ...changed({ type: 'react', to: id(0), emoji: '👍', on: true }),
      { by: bob, content: { type: 'react', to: id(0), emoji: '👍', on: true } },
    ],
    changed({ type: 'react', to: id(0), emoji: '👍 2', on: true }),
  ],
  [
    'several reactions',
    [
      ...changed({ type: 'react', to: id(0), emoji: '👍', on: true }),
      { by: ada, content: { type: 'react', to: id(0), emoji: '🎉', on: true } },
    ],
    changed({ type: 'react', to: id(0), emoji: '👍  🎉', on: true }),
  ],
])('a %s looks like no text that imitates it, in lines and in exports', async (_what, real, imitation) => {
  expect(await printed(messages(imitation))).not.toBe(await printed(messages(real)))
  for (const writerOf of [markdownWriter, htmlWriter]) {
    const exported = (said: readonly Said[]): string => {
      const items = messages(said)
      const writer = writerOf()
      const [first, second] = items.filter(
        ({ type }) => type === 'text' || type === 'emote' || type === 'reply' || type === 'file',
      )
      const about = items.filter((one) => 'to' in one && one.type !== 'reply') as never[]
      const quoted = real === imitation ? undefined : { id: id(0), text: 'ada: hi' }
      return (
        (first ? writer.message(first, changedBy(first, about), undefined) : '') +
        (second ? writer.message(second, changedBy(second, []), second.type === 'reply' ? quoted : undefined) : '')
      )
    }
    expect(exported(imitation)).not.toBe(exported(real))
  }
})

test('a topic is one line of its <admin> line, however it is written', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (detail) => {
      const item: AdminItem = { kind: 'admin', i: 3, at, event: 'topic', by: ada, detail }
      const rows = (await printed([item], 60)).split('\n').slice(1)
      const [first = '', ...more] = rows
      expect(first).toMatch(/<admin> │ ada set the topic:(?: |$)/)
      for (const row of more) expect(row).toMatch(/^ +│ {3}/)
      expect((await printed([item])).split('\n')).toHaveLength(2)
    }),
  )
})

test('in Markdown texts are quoted, and nothing else is', () => {
  fc.assert(
    fc.property(conversation, (said) => {
      for (const item of messages(said)) {
        const changes: readonly Change[] = [
          { type: 'edit', to: item.id, text: '(edited)', from: item.from, own: false },
          { type: 'react', to: item.id, emoji: '> x', on: true, from: bob, own: false },
        ]
        const changed = changedBy(item, changes)
        const written = markdownWriter().message(item, changed, { id: id(9), text: 'ada: > x' })
        const quoted = written.split('\n').filter((row) => row.startsWith('> '))
        const isText = item.type === 'text' || item.type === 'reply'
        expect(quoted.length > 0).toBe(isText)
        expect(written.split('\n').filter((row) => row === '(edited)')).toHaveLength(Number(changed.text !== undefined))
      }
    }),
  )
})

test('an error of many lines begins one line', async () => {
  const stderr = new PassThrough()
  const message = 'no room x\nconclave: Accepted mallory into demo'
  new Output({ stdout: new PassThrough(), stderr }, false).fail(new ConclaveError('usage', message, { hint: 'a\nb' }))
  const shown = String(stderr.read())
  expect(shown.split('\n').filter((row) => /^\S/.test(row))).toEqual(['conclave: no room x'])
})

test('a cell of a table is one cell', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 }), (rows) => {
      const cells = table(rows.map(([a, b]) => [`a${a}a`, `b${b}b`, '1'])).split('\n')
      expect(cells).toHaveLength(rows.length)
      for (const row of cells) expect(row.split(/ {2,}/)).toHaveLength(3)
    }),
  )
})
