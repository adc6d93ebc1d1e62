import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { notifyDefaults } from '../../src/chat/attention.ts'
import { notifyStore, readConfig, rememberCluster, roomPlacesStore } from '../../src/client/config.ts'
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
