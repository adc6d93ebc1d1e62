import { expect, test } from 'vitest'
import { connect } from '../../src/index.ts'
import { conclave, done, password, temporaryFolder } from './in-process.ts'

/** Ada and Bob in a room, with a message of hers and two of his. */
async function demo(): Promise<{ home: string; ids: readonly string[] }> {
  const home = temporaryFolder()
  const ada = await connect({ home, as: 'ada', password, signUp: true })
  const bob = await connect({ home, as: 'bob', password, signUp: true })
  const room = await ada.create('demo')
  const admission = await bob.join('demo')
  await room.accept('bob', { trustNew: true })
  const theirs = await admission.wait()
  const ids: string[] = []
  for (const [from, text] of [
    [room, 'Helo!'],
    [theirs, 'Hi ada'],
    [theirs, 'spam'],
  ] as const) {
    const { id, sent } = await from.send(text)
    await sent
    ids.push(id)
  }
  await ada.close()
  await bob.close()
  return { home, ids }
}

test('reply, edit, delete and react name a message by its number or its id, and scripts read them', async () => {
  const { home, ids } = await demo()
  const [ada, bob] = [
    { home, as: 'ada' },
    { home, as: 'bob' },
  ]
  const [id = ''] = ids
  expect((await done(['edit', 'demo', '1', 'Hello!'], ada)).first).toMatchObject({ seq: 4 })
  await Promise.all([
    done(['send', 'demo', 'and welcome', '--reply', id], bob),
    done(['send', 'demo', 'waves', '--emote'], bob),
    done(['react', 'demo', id, 'yes'], bob),
    done(['react', 'demo', '2', '🎉'], ada).then(() => done(['react', 'demo', '2', '🎉', '--off'], ada)),
    // An admin deletes what others wrote.
    done(['delete', 'demo', '3'], ada),
  ])

  const said = (await done(['read', 'demo', '--from', '4'], ada)).lines
  const fields = said.map(({ from, type, to, text, emoji, on }) => ({ from, type, to, text, emoji, on }))
  expect(fields).toHaveLength(7)
  expect(fields).toEqual(
    expect.arrayContaining([
      { from: 'ada', type: 'edit', to: id, text: 'Hello!' },
      { from: 'bob', type: 'reply', to: id, text: 'and welcome' },
      { from: 'bob', type: 'emote', text: 'waves' },
      { from: 'bob', type: 'react', to: id, emoji: '👍', on: true },
      { from: 'ada', type: 'react', to: ids[1], emoji: '🎉', on: true },
      { from: 'ada', type: 'react', to: ids[1], emoji: '🎉', on: false },
      { from: 'ada', type: 'delete', to: ids[2] },
    ]),
  )
  const shown = (await done(['read', 'demo', '--numbers'], { ...ada, human: true })).stdout
  expect(shown).toMatch(/ 1 {2}\d\d:\d\d {6}ada │ Hello!\n +· \(edited\)\n +· 👍\n/)
  expect(shown).toMatch(/ 3 {2}\d\d:\d\d {6}bob · \(deleted\)\n/)
  expect(shown).toMatch(/ \d {2}\d\d:\d\d {6}bob · > ada: Hello!\n +│ and welcome\n/)
  expect(shown).toMatch(/ \d {2}\d\d:\d\d {6}bob · \* bob waves\n/)
  expect(shown).not.toMatch(/Helo|spam|🎉/)
})

test('what would have no effect is refused, and says why', async () => {
  const { home } = await demo()
  const refusal = async (as: string, ...args: readonly string[]) => {
    const { code, error } = await conclave(args, { home, as })
    return { code, error: error.error, hint: error.hint }
  }
  const answer = 'To reply to it: conclave send demo TEXT --reply'
  const numbers = expect.stringContaining('--numbers')
  expect(
    await Promise.all([
      refusal('ada', 'edit', 'demo', '2', 'mine now'),
      refusal('bob', 'delete', 'demo', '1'),
      refusal('ada', 'edit', 'demo', '99', 'x'),
      refusal('bob', 'react', 'demo', 'f'.repeat(32), 'yes'),
      refusal('ada', 'delete', 'demo', 'last'),
      refusal('ada', 'send', 'demo', 'x', '--reply', '0'),
      refusal('ada', 'react', 'demo', '1', 'great idea'),
      refusal('bob', 'rotate', 'demo'),
    ]),
  ).toMatchObject([
    { code: 4, error: 'not-allowed', hint: `${answer} 2` },
    { code: 4, error: 'not-allowed', hint: `${answer} 1` },
    { code: 2, error: 'usage', hint: numbers },
    { code: 2, error: 'usage', hint: numbers },
    { code: 2, error: 'usage', hint: numbers },
    { code: 2, error: 'usage', hint: numbers },
    { code: 2, error: 'usage' },
    { code: 4, error: 'not-allowed' },
  ])
})
