/**
 * The reader that was written from docs/protocol.md alone, run on a room that the real program made: it prints what
 * `conclave read ROOM --json` prints.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import { connect, type Chat, type Room } from '../../../src/index.ts'
import { logKey, logRange } from '../../../src/protocol/paths.ts'
import { SqliteStore } from '../../../src/store/sqlite/store.ts'
import { conclave, done, password, temporaryFolder, type Line } from '../../cli/in-process.ts'
import { exportKeys } from './export-keys.ts'

const folder = fileURLToPath(new URL('../../../examples/second-reader/', import.meta.url))

/** A process of its own, which is given the store's file and the keys. */
async function readAgain(home: string, as: string): Promise<Line[]> {
  const input = await exportKeys(home, as, 'demo', password)
  const args = ['--disable-warning=ExperimentalWarning', join(folder, 'main.ts'), join(home, 'store.db')]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))
}

/** Of the admin lines: who did what, when, where. The rest, fingerprints and warnings are for people. */
const common = (lines: readonly Line[]): object[] =>
  lines.flatMap((line) => {
    if (line.type === 'warning') return []
    const { i, at, type, event, by } = line as Line & { at: string }
    const { fingerprint: _fingerprint, ...message } = line
    return [type === 'admin' ? { i, at, type, event, by } : message]
  })

/** Puts bytes at the end of the log, as anyone can who reaches the store: new ones, or those of an earlier record. */
async function append(home: string, roomId: Bytes, value: Bytes | number): Promise<number> {
  const store = await SqliteStore.open(join(home, 'store.db'))
  try {
    const { start, end } = logRange(roomId)
    const { entries } = await store.range(start, end, {})
    const bytes = typeof value === 'number' ? entries[value]!.value : value
    await store.commit({ then: [{ kind: 'put', key: logKey(roomId, entries.length), value: bytes }] })
    return entries.length
  } finally {
    await store.close()
  }
}

const say = async (room: Room, ...contents: Parameters<Room['send']>[0][]): Promise<string> => {
  let last = ''
  for (const content of contents) last = (await (await room.send(content)).sent).id
  return last
}

it('is less than 440 lines, and has nothing of Conclave in it', () => {
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(files.join('').match(/\n/g)?.length).toBeLessThan(440)
  expect(files.join('')).not.toMatch('prettier-ignore')
  const imports = [...files.join('').matchAll(/\b(?:from|import\()\s*'([^']+)'/g)].map(([, from]) => from ?? '')
  const others = new Set(imports.filter((from) => !/^\.\/\w+\.ts$/.test(from)))
  expect([...others].sort()).toEqual(['cborg', 'hpke', 'node:crypto', 'node:sqlite', 'node:stream/consumers'])
})

it('prints what the program prints, for everyone who is or was in the room', async () => {
  const home = temporaryFolder()
  await done(['signup', 'ada'], { home })
  const chats = new Map<string, Chat>()
  onTestFinished(async () => {
    for (const chat of chats.values()) await chat.close()
  })
  const chat = async (as: string): Promise<Chat> => {
    const known = chats.get(as) ?? (await connect({ home, as, password, signUp: true }))
    chats.set(as, known)
    return known
  }
  const demo = async (as: string): Promise<Room> => (await chat(as)).open('demo')
  const join = async (as: string, acceptedBy: string): Promise<Room> => {
    const admission = await (await chat(as)).join('demo')
    const inside = await demo(acceptedBy)
    await inside.refresh()
    await inside.accept(as, { trustNew: true })
    return admission.wait()
  }

  const room = await (await chat('ada')).create('demo')
  const id = fromHex(room.id)
  await say(room, 'one', '\ufeffBöb? 👋\u0000\u001b[2J')
  const bobs = await join('bob', 'ada')
  await join('cyd', 'bob')
  const first = await say(bobs, 'a first version')
  await say(
    bobs,
    { type: 'edit', to: first, text: 'a second version' },
    { type: 'reply', to: first, text: 'an answer' },
    { type: 'react', to: first, emoji: '🦦', on: true },
    { type: 'emote', text: 'waves' },
    { type: 'delete', to: first },
    'x'.repeat(16_384),
  )
  await bobs.setTopic('tea')

  // Records that count for nothing: what is none, and two that were valid in another place.
  const voids = []
  for (const junk of [fromHex('c0ffee'), fromHex('83010203'), 2, 3]) voids.push(await append(home, id, junk))

  await room.promote('bob')
  await (await chat('bob')).rekey()
  await say(bobs, 'with new keys')
  await bobs.refresh()
  await bobs.kick('cyd')
  await say(room, 'cyd is gone')
  await room.setPolicy({ acceptBy: 'admins' })
  await (await chat('eve')).join('demo')
  await room.refresh()
  await room.reject('eve')
  const dans = await join('dan', 'bob')
  await say(dans, 'what did I miss?')
  await room.refresh()
  await room.leave()
  await dans.refresh()
  await say(dans, 'who is left?')
  await bobs.refresh()
  await bobs.rotate()
  await dans.refresh()
  await say(dans, 'the end')
  for (const open of chats.values()) await open.close()
  chats.clear()

  for (const as of ['bob', 'dan', 'ada', 'cyd']) {
    const { code, lines } = await conclave(['read', 'demo'], { home, as })
    const isIn = as === 'bob' || as === 'dan'
    expect(code, as).toBe(isIn ? 0 : 4)
    const again = await readAgain(home, as)
    expect(again, as).toEqual(common(lines))
    const texts = again.map(({ text }) => text)
    expect(texts).toContain('with new keys')
    expect(texts.includes('cyd is gone')).toBe(as !== 'cyd')
    expect(texts.includes('the end')).toBe(isIn)
    if (isIn) expect(lines.flatMap(({ type, i }) => (type === 'warning' ? [i] : []))).toEqual(voids)
  }
})
