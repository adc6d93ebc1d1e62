import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect } from '../../src/index.ts'
import { conclave, done, password, people, temporaryFolder } from './in-process.ts'

/** A room with a reply, an edit, a deletion and a reaction in it. */
async function talkedIn(home: string): Promise<void> {
  const chat = await connect({ home, as: 'ada', password })
  const room = await chat.create('demo')
  const say = async (content: Parameters<typeof room.send>[0]): Promise<string> => {
    return (await (await room.send(content)).sent).id
  }
  const first = await say('<b>Hello</b> *world*')
  const second = await say('a secret')
  await say({ type: 'reply', to: first, text: 'and back' })
  await say({ type: 'edit', to: first, text: 'Hello, <i>all</i>' })
  await say({ type: 'delete', to: second })
  await say({ type: 'react', to: first, emoji: '👍', on: true })
  await chat.close()
}

test('export writes a room in three formats, and search finds what is in it', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await talkedIn(home)
  const read = await done(['read', 'demo'], { home })
  expect((await done(['export', 'demo', '--format', 'jsonl'], { home })).stdout).toBe(read.stdout)

  const file = join(home, 'room.html')
  writeFileSync(file, 'what was there before')
  chmodSync(file, 0o644)
  const result = await done(['export', 'demo', '--format', 'html', '--output', file], { home })
  expect(result.lines).toEqual([{ ok: true, room: 'demo', file, messages: 3 }])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const html = readFileSync(file, 'utf8')
  expect(html).toMatch(/^<!doctype html>[^]*<\/html>\n$/)
  expect(html).toContain("default-src 'none'")
  expect(html).toContain(
    'Hello, &#60;i&#62;all&#60;/i&#62;</blockquote><p class="about">(edited)</p><p class="about">👍 1</p>',
  )
  expect(html).not.toMatch(/a secret|<b>Hello|<i>all/)

  const { stdout } = await done(['export', 'demo', '--format', 'markdown'], { home, human: true })
  expect(stdout).toMatch(/^# demo\n/)
  expect(stdout).toMatch(/ada\*\*\n\nreplies to ada: Hello, \\<i\\>all\\<\/i\\>\n\n> and back\n/)
  expect(stdout).toMatch(/ada\*\*\n\n\(deleted\)\n/)

  const found = await done(['search', 'demo', 'HELLO', 'all'], { home })
  expect(found.lines).toMatchObject([{ seq: 1, from: 'ada', type: 'text', text: 'Hello, <i>all</i>', edited: true }])
  expect((await done(['search', 'demo', 'secret'], { home })).lines).toEqual([])
  expect((await done(['search', 'demo', 'and', '--last', '1'], { home, human: true })).stdout).toMatch(
    / 3 {2}\d\d:\d\d +ada · > .*\n +│ and back\n$/,
  )
})

test('what can’t be written is refused, and leaves nothing behind', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await done(['create', 'demo'], { home })
  const before = readdirSync(home).toSorted()
  for (const args of [
    ['--format', 'html', '--output', join(home, 'identities')],
    ['--format', 'html', '--output', join(home, 'missing', 'file')],
    ['--format', 'pdf'],
    ['--format', 'html'],
  ]) {
    const { code, stdout, error } = await conclave(['export', 'demo', ...args], { home })
    expect({ code, stdout, error: error.error }, args.join(' ')).toEqual({ code: 2, stdout: '', error: 'usage' })
  }
  expect(readdirSync(home).toSorted()).toEqual(before)
})
