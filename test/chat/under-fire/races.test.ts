import { expect, test } from 'vitest'
import { setImmediate as turn } from 'node:timers/promises'
import type { Room } from '../../../src/chat/chat.ts'
import { isConclaveError } from '../../../src/base/errors.ts'
import type { Dice } from '../../protocol/seeded.ts'
import { enter, messages, person, texts, until, wholeHistory } from '../world.ts'
import { agreed } from './agreed.ts'
import { busyWorld } from './busy-world.ts'
import { drawnFor, roundsOr } from './drawn.ts'

const rounds = roundsOr(5, 200)
const roundsARoom = 20

async function turns(dice: Dice, most: number): Promise<void> {
  for (let left = dice.below(most + 1); left > 0; left -= 1) await turn()
}

function codeOf(outcome: PromiseSettledResult<unknown> | undefined): string {
  if (outcome?.status === 'fulfilled') return 'done'
  return isConclaveError(outcome?.reason) ? outcome.reason.code : String(outcome?.reason)
}

test(`of two admins who kick each other the first wins, and the other is refused (${rounds} rounds)`, async () => {
  const dice = drawnFor('mutual kicks')
  const place = busyWorld(dice)
  const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
  const wins = { ada: 0, bob: 0 }
  for (let round = 0; round < rounds;) {
    const roomOf = { ada: await ada.chat.create(`room-${round}`), bob: undefined as unknown as Room }
    roomOf.bob = await enter(bob, roomOf.ada)
    const witness = await enter(cyd, roomOf.ada)
    let kicks = 0
    await roomOf.ada.promote('bob')
    for (let k = 0; k < roundsARoom && round < rounds; k += 1, round += 1) {
      const [first, second] = await Promise.allSettled([
        turns(dice, 12).then(() => roomOf.ada.kick('bob')),
        turns(dice, 12).then(() => roomOf.bob.kick('ada')),
      ])
      const won = first.status === 'fulfilled' ? 'ada' : 'bob'
      const lost = won === 'ada' ? 'bob' : 'ada'
      wins[won] += 1
      kicks += 1
      expect(codeOf(won === 'ada' ? first : second)).toBe('done')
      expect(['kicked', 'not-allowed']).toContain(codeOf(won === 'ada' ? second : first))
      await until(roomOf[lost], () => roomOf[lost].standing === 'kicked')
      expect(roomOf[lost].endedBy?.name).toBe(won)
      await until(witness, () => witness.members.length === 2)
      await enter(lost === 'bob' ? bob : ada, roomOf[won])
      await roomOf[won].promote(lost)
      await until(roomOf[lost], () => roomOf[lost].members.some(({ name, role }) => name === lost && role === 'admin'))
    }
    const story = await agreed(async () => [roomOf.ada, roomOf.bob, witness])
    expect(story.filter((line) => line.startsWith('kick'))).toHaveLength(kicks)
  }
  process.stdout.write(`mutual kicks: ada ${wins.ada}, bob ${wins.bob}\n`)
})

test(`who is kicked while he lets somebody in either did it before, or is refused (${rounds} rounds)`, async () => {
  const dice = drawnFor('kick against accept')
  const place = busyWorld(dice)
  const [ada, bob, cyd] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
  let accepts = 0
  for (let round = 0; round < rounds;) {
    const room = await ada.chat.create(`room-${round}`)
    const theirs = await enter(bob, room)
    let guest: Room | undefined
    for (let k = 0; k < roundsARoom && round < rounds; k += 1, round += 1) {
      const admission = await cyd.chat.join(room.name)
      await until(theirs, () => theirs.knocks.length > 0)
      const [kick, accept] = await Promise.allSettled([
        turns(dice, 60).then(() => room.kick('bob')),
        turns(dice, 8).then(() => theirs.accept('cyd', { trustNew: true })),
      ])
      expect(codeOf(kick)).toBe('done')
      expect(['done', 'kicked', 'not-allowed']).toContain(codeOf(accept))
      if (codeOf(accept) === 'done') accepts += 1
      else await room.accept('cyd', { trustNew: true })
      guest = await admission.wait()
      await until(theirs, () => theirs.standing === 'kicked')
      expect(room.members.map(({ name }) => name)).toEqual(['ada', 'cyd'])
      await guest.leave()
      await enter(bob, room)
    }
    await agreed(async () => [room, theirs])
  }
  process.stdout.write(`kick against accept: ${accepts} accepts of ${rounds} came first\n`)
})

test(`a leaver’s messages stand before his leave, or fail (${rounds} rounds)`, async () => {
  const dice = drawnFor('leave against send')
  const place = busyWorld(dice)
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  let [stood, fell] = [0, 0]
  for (let round = 0; round < rounds;) {
    const room = await ada.chat.create(`room-${round}`)
    let theirs = await enter(bob, room)
    const lines: string[] = []
    for (let k = 0; k < roundsARoom && round < rounds; k += 1, round += 1) {
      const leaving = turns(dice, 40).then(() => theirs.leave())
      const outcomes: Promise<boolean>[] = []
      for (let at = 0; theirs.standing === 'member' && at < 40; at += 1) {
        const line = `line ${round}.${at}`
        const { id, sent } = await theirs.send(line).catch((error: unknown) => {
          if (isConclaveError(error, 'not-member')) return { id: '', sent: undefined }
          throw error
        })
        if (sent === undefined) break
        const outcome = sent.then(
          () => lines.push(line) > 0,
          async (error: unknown) => {
            expect(error).toMatchObject({ code: 'not-member' })
            expect(theirs.pending.find((item) => item.id === id)).toMatchObject({ state: 'failed' })
            await theirs.drop(id)
            return false
          },
        )
        outcomes.push(outcome)
        await turns(dice, 3)
      }
      const { i } = await leaving
      const results = await Promise.all(outcomes)
      stood += results.filter(Boolean).length
      fell += results.length - results.filter(Boolean).length
      expect(theirs.pending).toEqual([])
      await room.refresh()
      const own = messages(await wholeHistory(room)).filter(({ from }) => from.name === 'bob')
      expect(own.filter((item) => item.i > i)).toEqual([])
      theirs = await enter(bob, room)
      // Where he comes back his earlier place counts no more.
      await room.refresh()
    }
    expect(texts(await wholeHistory(room))).toEqual(lines)
    await agreed(async () => [room, theirs])
  }
  process.stdout.write(`leave against send: ${stood} stood, ${fell} failed\n`)
})
