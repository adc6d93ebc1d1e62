/**
 * Whatever honest people do at once, over a store that delays, fails and loses answers: when it is quiet again, all who are
 * in a room see the same room, members and messages, and so does whoever reads it anew with nothing but his keys.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { isConclaveError, type ErrorCode } from '../../../src/base/errors.ts'
import type { Room, Sent } from '../../../src/chat/chat.ts'
import type { Dice } from '../../protocol/seeded.ts'
import { enter, messages, person, wholeHistory, type Being } from '../world.ts'
import { agreed } from './agreed.ts'
import { busyWorld } from './busy-world.ts'
import { drawnFor, roundsOr } from './drawn.ts'

const rounds = roundsOr(2, 80)
const actsEach = 12

/** What somebody is told who wanted something that is not, or no longer, to be had. */
const refusals: readonly ErrorCode[] = [
  'usage',
  'not-member',
  'not-allowed',
  'rejected',
  'kicked',
  'no-such-room',
  'no-such-user',
  'closed',
  'unavailable',
]

interface Player {
  readonly being: Being
  readonly sent: Sent[]
}

type Act = (room: Room, player: Player, dice: Dice) => Promise<unknown>

const anybody = (room: Room, dice: Dice): string => dice.pick(room.members).name
const ownMessage = ({ sent }: Player, dice: Dice): string => (sent.length === 0 ? '00' : dice.pick(sent).id)

async function say(room: Room, player: Player, content: Parameters<Room['send']>[0]): Promise<void> {
  player.sent.push(await room.send(content))
}

const speaks: Act = (room, player) => say(room, player, `${player.being.name} ${player.sent.length}`)
const acts: readonly Act[] = [
  speaks,
  speaks,
  speaks,
  (room, player, dice) => say(room, player, { type: 'edit', to: ownMessage(player, dice), text: 'better' }),
  (room, player, dice) => say(room, player, { type: 'delete', to: ownMessage(player, dice) }),
  (room, player, dice) => say(room, player, { type: 'react', to: ownMessage(player, dice), emoji: '👍', on: true }),
  (room, { being }) => room.setTopic(`${being.name}’s`),
  (room) => room.rotate(),
  (room, _player, dice) => room.promote(anybody(room, dice)),
  (room, _player, dice) => room.promote(anybody(room, dice)),
  (room, _player, dice) => room.demote(anybody(room, dice)),
  (room, _player, dice) => room.kick(anybody(room, dice)),
  (room) => room.setPolicy({ acceptBy: room.policy.acceptBy === 'admins' ? 'members' : 'admins' }),
  (room) => room.leave(),
]

/** Lets in whoever knocks, does something of his own, or knocks himself if he is not in. */
async function act(id: string, player: Player, dice: Dice): Promise<void> {
  for (let turns = dice.below(20); turns > 0; turns -= 1) await turn()
  try {
    const room = await player.being.chat.open(id).catch(() => undefined)
    if (room?.standing !== 'member') {
      await player.being.chat.join(id)
      return
    }
    const [knock] = room.knocks
    if (knock !== undefined) await room.accept(knock.name, { trustNew: true })
    await dice.pick(acts)(room, player, dice)
  } catch (error) {
    if (!isConclaveError(error) || !refusals.includes(error.code)) throw error
  }
}

interface Inside {
  readonly name: string
  readonly room: Room
}

/** Those who are in. */
async function inside(id: string, players: readonly Player[]): Promise<readonly Inside[]> {
  const rooms: Inside[] = []
  for (const { being } of players) {
    const room = await being.chat.open(id).catch(() => undefined)
    if (room?.standing !== 'member') continue
    await room.refresh()
    if (room.members.some(({ name }) => name === being.name)) rooms.push({ name: being.name, room })
  }
  return rooms
}

function isAdmin({ name, room }: Inside): boolean {
  return room.members.some((member) => member.name === name && member.role === 'admin')
}

/** All of them see the same. @returns those who are in */
async function settled(id: string, players: readonly Player[]): Promise<readonly Inside[]> {
  await agreed(async () => (await inside(id, players)).map(({ room }) => room))
  return inside(id, players)
}

test(`everybody ends up in the same room, whatever they do at once and whatever is lost on the way (${rounds} rounds)`, async () => {
  const dice = drawnFor('interleaving')
  const weather = { loss: 0 }
  const place = busyWorld(dice, weather)
  const players: Player[] = []
  for (const name of ['ada', 'bob', 'cyd', 'dan']) players.push({ being: await person(place, name), sent: [] })
  const tally = { acknowledged: 0, refused: 0, records: 0, members: 0 }

  for (let round = 0; round < rounds; round += 1) {
    const [founder, ...others] = players as [Player, ...Player[]]
    const room = await founder.being.chat.create(`room-${round}`)
    for (const { being } of others) await enter(being, room)
    for (const player of players) player.sent.length = 0

    weather.loss = dice.pick([0, 0.02, 0.05])
    await Promise.all(
      players.map(async (player) => {
        for (let k = 0; k < actsEach; k += 1) await act(room.id, player, dice)
      }),
    )
    weather.loss = 0
    const sent = players.flatMap((player) => player.sent)
    const outcomes = await Promise.allSettled(sent.map((one) => one.sent))
    const left = await settled(room.id, players)
    const host = left.find(isAdmin)?.room
    if (host === undefined) continue
    // Whoever is let in now reads all of it.
    const guest = { being: await person(place, `guest-${round}`), sent: [] }
    await enter(guest.being, host)
    await settled(room.id, [...players, guest])

    const history = await wholeHistory(host)
    // What was acknowledged is there, once; what was refused is not.
    const ids = messages(history).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [at, { id }] of sent.entries()) {
      const isAcknowledged = outcomes[at]?.status === 'fulfilled'
      if (isAcknowledged) expect(ids).toContain(id)
      else expect(ids).not.toContain(id)
      tally[isAcknowledged ? 'acknowledged' : 'refused'] += 1
    }
    tally.records += (history.at(-1)?.i ?? 0) + 1
    tally.members += host.members.length
  }
  process.stdout.write(`interleaving: ${JSON.stringify(tally)}\n`)
  expect(tally.acknowledged).toBeGreaterThan(rounds)
})
