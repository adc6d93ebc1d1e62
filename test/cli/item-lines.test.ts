import { expect, test } from 'vitest'
import type { AdminItem, MessageContent, MessageItem } from '../../src/chat/item.ts'
import { isoTime, itemObject } from '../../src/cli/output/item-json.ts'
import { ChangesAhead, ItemLines } from '../../src/cli/output/item-text.ts'

const ada = { name: 'ada', fingerprint: '1111 2222 3333 4444 5555 6666' }
const bob = { name: 'bob', fingerprint: '6666 5555 4444 3333 2222 1111' }
/** Local time, as the lines are. */
const at = new Date(2026, 10, 23, 14, 2).getTime()
const firstId = '0123456789abcdef'.repeat(2)
const laterId = 'fedcba9876543210'.repeat(2)

function message(content: MessageContent, id = firstId): MessageItem {
  return { kind: 'message', i: 17, seq: 12, id, at, from: { ...ada, id: 'ada', admin: false }, own: false, ...content }
}

function admin(fields: Partial<AdminItem>): AdminItem {
  return { kind: 'admin', i: 3, at, event: 'create', by: ada, ...fields }
}

test('a text as scripts read it', () => {
  expect(itemObject(message({ type: 'text', text: 'Hi' }))).toEqual({
    i: 17,
    seq: 12,
    id: firstId,
    at: new Date(at).toISOString(),
    from: 'ada',
    fingerprint: ada.fingerprint,
    type: 'text',
    text: 'Hi',
  })
})

test.each<MessageContent>([
  { type: 'emote', text: 'waves' },
  { type: 'reply', to: laterId, text: 'yes' },
  { type: 'edit', to: laterId, text: 'better' },
  { type: 'delete', to: laterId },
  { type: 'react', to: laterId, emoji: '👍', on: true },
  { type: 'file', name: 'a.pdf', bytes: 3, mediaType: 'application/pdf' },
  { type: 'unknown', name: 'poll' },
])('a $type carries its own fields', (content) => {
  expect(itemObject(message(content))).toMatchObject(content)
})

test('an admin line as scripts read it', () => {
  expect(itemObject(admin({ event: 'accept', target: bob }))).toEqual({
    i: 3,
    at: new Date(at).toISOString(),
    type: 'admin',
    event: 'accept',
    by: 'ada',
    byFingerprint: ada.fingerprint,
    target: 'bob',
    targetFingerprint: bob.fingerprint,
  })
})

test('a time that no clock shows does not end the program', () => {
  expect(isoTime(Number.MAX_SAFE_INTEGER)).toBe('+275760-09-13T00:00:00.000Z')
  expect(new ItemLines({}).lines(message({ type: 'text', text: 'x' }))).toContain('x')
  expect(new ItemLines({}).lines({ ...message({ type: 'text', text: 'x' }), at: Number.MAX_SAFE_INTEGER })).toContain(
    '--:--',
  )
})

test('lines are aligned, and a day begins with a divider', () => {
  const lines = new ItemLines({
    people: () => [
      { ...ada, id: 'ada' },
      { ...bob, name: 'bartholomew', id: 'bob' },
    ],
  })
  expect(lines.lines(message({ type: 'text', text: 'Hello!' }))).toBe(
    '── Mon 23 November 2026 ──\n14:02          ada │ Hello!',
  )
  expect(lines.lines(message({ type: 'text', text: 'again' }))).toBe('14:02          ada │ again')
})

test("a text's further lines stay behind the bar", () => {
  const lines = new ItemLines({})
  lines.lines(message({ type: 'text', text: 'first' }))
  expect(lines.lines(message({ type: 'text', text: 'x\n14:03  <admin> │ ada removed bob.' }))).toBe(
    '14:02      ada │ x\n               │ 14:03  <admin> │ ada removed bob.',
  )
})

test('a reply quotes what it answers, while that is known', () => {
  const lines = new ItemLines({})
  lines.lines(message({ type: 'text', text: 'How is everyone?\nReally.' }))
  expect(lines.lines(message({ type: 'reply', to: firstId, text: 'Fine.' }, laterId))).toBe(
    '14:02      ada · > ada: How is everyone?…\n               │ Fine.',
  )
  expect(lines.lines(message({ type: 'delete', to: 'ab'.repeat(16) }))).toContain('message abababab')
})

test('a request to join is shown with the gesture that accepts it, and the fingerprint', () => {
  const lines = new ItemLines({})
  const text = lines.lines(admin({ event: 'knock', by: bob }))
  expect(text).toContain('<admin> │ bob asks to join (')
  expect(text).toContain(`(${bob.fingerprint}) — !bob to accept`)
})

test.each([
  ['accept', 'ada let bob in.'],
  ['reject', "ada declined bob's request to join."],
  ['kick', 'ada removed bob.'],
] as const)('%s names both', (event, text) => {
  expect(new ItemLines({}).lines(admin({ event, target: bob }))).toContain(`<admin> │ ${text}`)
})

test('what became of a message before it is printed is printed with it; what comes later is a line', async () => {
  const first = message({ type: 'text', text: 'teh first' })
  const edit = (text: string, id: string): MessageItem => message({ type: 'edit', to: firstId, text }, id)
  const forged: MessageItem = {
    ...edit('forged', 'c'.repeat(32)),
    from: { ...bob, id: 'bob', admin: false },
  }
  const known = [first, edit('the first', laterId), forged]
  const lines = new ItemLines({ ahead: await ChangesAhead.of(known) })
  expect(known.map((item) => lines.lines(item).replace(/^── .*\n/, ''))).toEqual([
    '14:02      ada │ the first\n               · (edited)',
    '',
    '14:02      bob · (only ada can edit it) ada: the first',
  ])
  expect(lines.lines(edit('the very first', 'd'.repeat(32)))).toContain('· (edits) ada: the first\n')
  expect(lines.lines(message({ type: 'reply', to: firstId, text: 'yes' }, 'e'.repeat(32)))).toContain(
    '> ada: the very first\n',
  )
  expect(lines.lines(message({ type: 'delete', to: firstId }, 'f'.repeat(32)))).toContain('· (deletes) ')
  expect(lines.lines(message({ type: 'reply', to: firstId, text: 'no' }, 'a'.repeat(32)))).toContain(
    '· > ada (deleted)\n',
  )
})

test.each<[Partial<AdminItem>, string]>([
  [{ event: 'create' }, 'ada created this room.'],
  [{ event: 'knock', target: bob, returning: 'kicked' }, 'bob was removed before.'],
  [
    { event: 'knock', target: bob, known: '1234' },
    'this is NOT the key you know (1234): someone may be impersonating bob.',
  ],
  [
    { event: 'accept', target: bob, returning: 'kicked' },
    'ada let bob in. They were removed before, and can read what they missed.',
  ],
  [
    { event: 'accept', target: bob, returning: 'left' },
    'ada let bob in. They had left, and can read what they missed.',
  ],
  [{ event: 'accept', target: bob, returning: 'present' }, 'ada gave bob the room’s keys again.'],
  [{ event: 'accept', by: bob, target: bob }, 'bob joined (invited).'],
  [{ event: 'invite', target: bob }, 'ada invited bob.'],
  [{ event: 'leave' }, 'ada left.'],
  [{ event: 'rotate' }, 'ada changed the room’s keys.'],
  [{ event: 'rekey', target: { name: 'ada', fingerprint: '7777' } }, 'ada has new keys (7777).'],
  [{ event: 'promote', target: bob }, 'ada made bob an admin.'],
  [{ event: 'demote', target: bob }, 'ada removed bob as admin.'],
  [
    { event: 'policy', detail: 'admins accept, unlisted, rotate 30d' },
    'only admins can let people in; the room is unlisted.',
  ],
  [
    { event: 'policy', detail: 'members accept, listed, rotate 30d, version 2' },
    'The room now uses version 2: update Conclave to keep reading.',
  ],
  [{ event: 'topic', detail: 'Friday' }, 'ada set the topic: Friday'],
  [{ event: 'topic', detail: '' }, 'ada removed the topic.'],
  [{ event: 'repair' }, 'ada restored access to the room’s earlier keys.'],
])('an admin line for people: %o', (fields, text) => {
  const shown = new ItemLines({}).lines(admin(fields)).replaceAll("'", '’')
  expect(shown.replace(/\n +│ /g, ' ')).toContain(text)
})
