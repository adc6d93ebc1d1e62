/** What was said before an admin led out of an epoch stays on the screen, also after a second such way and a restart. */
import { expect, it } from 'vitest'
import type { Bytes } from '../../src/base/bytes.ts'
import { LogState } from '../../src/chat/replay/log-state.ts'
import { Replica } from '../../src/chat/replica/replica.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import { recordHash } from '../../src/protocol/record.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { RoomBuilder, type User } from '../protocol/room-builder.ts'

const isSaid = (state: LogState, log: readonly Bytes[], rows: readonly Parameters<LogState['review']>[0][]) =>
  rows.map((row, i) => state.review(row, i === 0 ? zeroHash : recordHash(log[i - 1] as Bytes)).kind)

it('shows what was said in between, and who did what', async () => {
  const world = new RoomBuilder('skipped past')
  const [ada, bob, cyd] = (await Promise.all(['ada', 'bob', 'cyd'].map((name) => world.user(name)))) as [
    User,
    User,
    User,
  ]
  await world.create(ada)
  await world.join(ada, bob)
  await world.join(ada, cyd)
  await world.promote(ada, bob)
  for (const round of ['first', 'second']) {
    await world.rotate(ada)
    const base = world.room
    await world.topic(cyd, round)
    world.say(cyd, `the ${round} time`)
    await world.recover(bob, { type: 'rotate' }, base)
    expect(world.verdicts.at(-1)?.kind).toBe('valid')
  }
  world.say(cyd, 'after')
  const expected = world.verdicts.map((verdict) =>
    verdict.kind === 'valid' ? ('room' in verdict ? 'control' : 'message') : verdict.kind,
  )

  const home = new MemoryStore()
  const opened = async () => {
    const replica = new Replica(home, world.roomId)
    const state = new LogState(world.roomId, replica.seen)
    for (const keys of world.keyring.all()) state.keyring.add(keys)
    state.resume(await replica.load(), await replica.controls())
    return { replica, state }
  }
  const { replica, state } = await opened()
  for (const bytes of world.log) replica.append(state.apply(state.judge(bytes)).row, state.checkpoint)
  await replica.flush()
  const rows = await replica.rows(0, world.log.length, world.log.length)
  expect(isSaid(state, world.log, rows)).toEqual(expected)

  const again = await opened()
  expect(isSaid(again.state, world.log, rows)).toEqual(expected)
  expect(again.state.room?.members).toEqual(state.room?.members)
})
