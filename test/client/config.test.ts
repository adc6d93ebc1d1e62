import { spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { notifyDefaults } from '../../src/chat/attention.ts'
import { preferenceDefaults } from '../../src/chat/preferences.ts'
import { notifyStore, preferencesStore, readConfig, rememberCluster, roomPlacesStore } from '../../src/client/config.ts'
import { temporaryFolder } from '../cli/in-process.ts'

const [demo, ops] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string]

test('what is announced is kept, beside the store, and by several programs at once', async () => {
  const home = temporaryFolder()
  const [first, second] = [notifyStore(home), notifyStore(home)]
  expect(await first.read()).toEqual(notifyDefaults)
  await first.save({ room: { id: demo, level: 'none' } })
  await rememberCluster(home, ['127.0.0.1:1'])
  await second.save({ room: { id: ops, level: 'all' } })
  await first.save({ doNotDisturb: true })
  expect(await readConfig(home)).toEqual({
    store: 'etcds://127.0.0.1:1',
    notify: { level: 'mentions', doNotDisturb: true, rooms: { [demo]: 'none', [ops]: 'all' } },
  })
  await second.save({ level: 'all', doNotDisturb: false, room: { id: demo, level: undefined } })
  expect(await first.read()).toEqual({ level: 'all', doNotDisturb: false, rooms: { [ops]: 'all' } })
  expect(readFileSync(join(home, 'config.json'), 'utf8')).toMatch(/^{\n {2}"store"/)
})

test('where rooms stand is kept beside it, by several programs at once', async () => {
  const home = temporaryFolder()
  const [first, second] = [roomPlacesStore(home), roomPlacesStore(home)]
  expect(await first.read()).toEqual({})
  await notifyStore(home).save({ level: 'all' })
  await first.save({ [demo]: { number: 1, pinned: false } })
  await second.save({ [ops]: { number: 2, pinned: true } })
  await first.save({ [demo]: { number: 3, pinned: false } })
  expect(await second.read()).toEqual({ [demo]: { number: 3, pinned: false }, [ops]: { number: 2, pinned: true } })
  expect((await readConfig(home)).notify?.level).toBe('all')
  writeFileSync(join(home, 'config.json'), JSON.stringify({ rooms: { [demo]: { number: 4 } } }))
  expect(await first.read()).toEqual({ [demo]: { number: 4, pinned: false } })
})

test('changes of one program at the same time are all kept', async () => {
  const home = temporaryFolder()
  const [places, notify] = [roomPlacesStore(home), notifyStore(home)]
  const ids = Array.from({ length: 20 }, (_, n) => n.toString(16).padStart(64, '0'))
  await Promise.all([
    ...ids.map((id, n) => places.save({ [id]: { number: n + 1, pinned: false } })),
    notify.save({ doNotDisturb: true }),
    rememberCluster(home, ['127.0.0.1:1']),
  ])
  expect(Object.keys(await places.read())).toEqual(ids)
  expect(await readConfig(home)).toMatchObject({ store: 'etcds://127.0.0.1:1', notify: { doNotDisturb: true } })
})

test('what is written by hand may be a part', async () => {
  const home = temporaryFolder()
  writeFileSync(join(home, 'config.json'), '{"notify": {"level": "none"}}')
  expect(await notifyStore(home).read()).toEqual({ ...notifyDefaults, level: 'none' })
})

const configModule = fileURLToPath(new URL('../../src/client/config.ts', import.meta.url))
const connectionModule = fileURLToPath(new URL('../../src/store/sqlite/connection.ts', import.meta.url))

function program(source: string, ...args: readonly string[]) {
  return spawn(process.execPath, ['--input-type=module', '-e', source, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('changes of several programs at the same time are all kept', async () => {
  const home = temporaryFolder()
  const source = `
    import { preferencesStore, roomPlacesStore } from ${JSON.stringify(configModule)}
    const [home, name] = process.argv.slice(1)
    for (let n = 0; n < 10; n += 1) {
      await preferencesStore(home).save({ aliases: { [name + n]: '/help' } })
      await roomPlacesStore(home).save({ [(name + n).padStart(64, '0')]: { number: n + 1, pinned: false } })
    }`
  const names = ['a', 'b', 'c', 'd']
  const codes = names.map((name) => new Promise((resolve) => program(source, home, name).on('exit', resolve)))
  expect(await Promise.all(codes)).toEqual(names.map(() => 0))
  const wanted = names.flatMap((name) => Array.from({ length: 10 }, (_, n) => `${name}${n}`))
  const { terminal, rooms } = await readConfig(home)
  expect(Object.keys(terminal?.aliases ?? {}).toSorted()).toEqual(wanted)
  expect(Object.keys(rooms ?? {}).toSorted()).toEqual(wanted.map((name) => name.padStart(64, '0')))
  for (const file of ['config.json', 'config.lock']) expect(statSync(join(home, file)).mode & 0o077).toBe(0)
})

test('a program that is killed while it changes the file stops no other', async () => {
  const home = temporaryFolder()
  const store = preferencesStore(home)
  await store.save({ mouse: false })
  const holder = program(
    `import { Connection } from ${JSON.stringify(connectionModule)}
    const connection = await Connection.open(process.argv[1])
    await connection.write(() => {
      process.stdout.write('held')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`,
    join(home, 'config.lock'),
  )
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  const saved = vi.fn()
  const saving = store.save({ theme: 'dark' }).then(saved)
  await store.read()
  expect(saved).not.toHaveBeenCalled()
  holder.kill('SIGKILL')
  await saving
  expect(await store.read()).toEqual({ ...preferenceDefaults, mouse: false, theme: 'dark' })
})

test('preferences are changed an entry at a time', async () => {
  const home = temporaryFolder()
  const [first, second] = [preferencesStore(home), preferencesStore(home)]
  expect(await first.read()).toEqual(preferenceDefaults)
  await first.save({ aliases: { w: '/whois $*' }, keys: { f5: '/rooms' } })
  await second.save({ aliases: { b: '/back' }, ignored: { '0000 1111 2222 3333 4444 5555': 'bob' } })
  await first.save({ aliases: { w: undefined }, keys: { f5: undefined } })
  expect(await second.read()).toEqual({
    ...preferenceDefaults,
    aliases: { b: '/back' },
    ignored: { '0000 1111 2222 3333 4444 5555': 'bob' },
  })
})

test('keys in the file may be written as people write them', async () => {
  const home = temporaryFolder()
  writeFileSync(
    join(home, 'config.json'),
    JSON.stringify({ terminal: { keys: { 'Alt+S': 'select', 'ctrl-t': '/topic' } } }),
  )
  expect((await preferencesStore(home).read()).keys).toEqual({ 'alt+s': 'select', 'ctrl+t': '/topic' })
})

test.each<[string, string]>([
  ['{"terminal": {"theme": "blue"}}', 'terminal.theme: one of auto, dark, light, none'],
  ['{"terminal": {"mouse": "on"}}', 'terminal.mouse: true or false'],
  ['{"terminal": {"colour": "x"}}', 'terminal.colour: unknown; known are theme, mouse, aliases, keys, ignored'],
  ['{"terminal": {"alias": {}}}', 'terminal.alias: unknown; did you mean terminal.aliases?'],
  [
    '{"terminal": {"aliases": {"a b": "/x"}}}',
    'terminal.aliases.a b: a name of 1 to 64 characters, without spaces and /',
  ],
  ['{"terminal": {"aliases": {"w": ""}}}', 'terminal.aliases.w: not empty'],
  ['{"terminal": {"aliases": []}}', 'terminal.aliases: an object, {…}'],
  ['{"terminal": {"keys": {"alt+": "/x"}}}', 'terminal.keys.alt+: a key such as alt+s, ctrl+o or f5'],
  ['{"terminal": {"keys": {"Enter": "/x"}}}', 'terminal.keys.Enter: It is needed for typing or for leaving'],
  ['{"terminal": {"ignored": {"bob": "bob"}}}', 'terminal.ignored.bob: a fingerprint: six groups of four digits'],
  ['{"stroe": "x"}', 'stroe: unknown; did you mean store?'],
  ['{"notify": {"level": "loud"}}', 'notify.level: one of all, mentions, none'],
  [`{"notify": {"rooms": {"demo": "none"}}}`, 'notify.rooms.demo: a room ID'],
  [`{"rooms": {"${demo}": {"number": 0}}}`, `rooms.${demo}.number: at least 1`],
  [
    `{"rooms": {"${demo}": {"number": 1, "pined": true}}}`,
    `rooms.${demo}.pined: unknown; did you mean rooms.${demo}.pinned?`,
  ],
  ['[]', 'it: an object, {…}'],
  ['{"store": "a"\n"rooms": {}}', 'not JSON (line 2, column 1)'],
  ['{', 'not JSON'],
  ['{"store": "", "stroe": 1}', 'store: not empty; stroe: unknown; did you mean store?'],
])('%s is refused with its place', async (text, wanted) => {
  const home = temporaryFolder()
  const file = join(home, 'config.json')
  writeFileSync(file, text)
  const refused = { code: 'usage', message: expect.stringContaining(`${file} is invalid: ${wanted}`) }
  await expect(readConfig(home)).rejects.toMatchObject(refused)
  await expect(notifyStore(home).save({ level: 'all' })).rejects.toMatchObject(refused)
  expect(readFileSync(file, 'utf8')).toBe(text)
})
