import { expect, it } from 'vitest'
import { conclave, done, people, room, temporaryFolder } from '../cli/in-process.ts'
import { done as doneApart } from '../cli/program.ts'
import { roundsOr } from '../chat/under-fire/drawn.ts'
import { killed, randomOf, takes } from './kill.ts'

const accepts = roundsOr(1, 25)
const sends = roundsOr(2, 80)

it(`survives SIGKILL in the middle of accepting, ${accepts} times`, async () => {
  const random = randomOf('accept')
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  const withinMs = await takes(() => doneApart(['create', 'demo'], { home, as: 'ada' }))
  for (let round = 0; round < accepts; round += 1) {
    await conclave(['join', 'demo'], { home, as: 'bob' })
    await killed(['accept', 'demo', 'bob', '--trust-name'], { home, as: 'ada' }, random, withinMs)
    const again = await conclave(['accept', 'demo', 'bob', '--trust-name'], { home, as: 'ada' })
    // The second one finds nobody at the door where the first one was done.
    if (again.code !== 0) expect(again.error.error, `round ${round}`).toBe('no-such-user')
    await done(['join', 'demo', '--wait', '120'], { home, as: 'bob' })
    await done(['send', 'demo', `in ${round}`], { home, as: 'bob' })
    await done(['kick', 'demo', 'bob'], { home, as: 'ada' })
  }
  const { lines } = await done(['read', 'demo', '--last', '1000'], { home, as: 'ada' })
  const texts = lines.filter(({ type }) => type === 'text').map(({ text }) => text)
  expect(texts).toEqual(Array.from({ length: accepts }, (_, round) => `in ${round}`))
  await done(['verify', 'demo'], { home, as: 'ada' })
})

it(`survives SIGKILL in the middle of sending, ${sends} times: what was acknowledged is there, and once`, async () => {
  const random = randomOf('send')
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await room(home, 'demo', 'ada', 'bob')
  const withinMs = await takes(() => doneApart(['read', 'demo'], { home, as: 'ada' }))
  const acknowledged: string[] = []
  const tried: string[] = []
  for (let round = 0; round < sends; round += 1) {
    const as = round % 2 === 0 ? 'ada' : 'bob'
    const count = round % 4 < 2 ? 1 : 60
    const texts = Array.from({ length: count }, (_, k) => `${round}-${k}`)
    tried.push(...texts)
    const input = texts.map((text) => `${text}\n`).join('')
    const args = count === 1 ? ['send', 'demo', texts[0] as string] : ['send', 'demo', '-']
    const { lines } = await killed(args, { home, as, input }, random, withinMs)
    acknowledged.push(...texts.slice(0, lines.length))
  }
  // What dead processes left in the outbox goes out with the next ones.
  await done(['send', 'demo', 'last of ada'], { home, as: 'ada' })
  await done(['send', 'demo', 'last of bob'], { home, as: 'bob' })
  const { lines } = await done(['read', 'demo', '--last', '100000'], { home, as: 'bob' })
  const read = lines.filter(({ type }) => type === 'text')
  const texts = read.map(({ text }) => text)
  expect(new Set(texts).size).toBe(texts.length)
  expect(acknowledged.filter((text) => !texts.includes(text))).toEqual([])
  expect(texts.filter((text) => !tried.includes(text))).toEqual(['last of ada', 'last of bob'])
  expect(read.map(({ seq }) => seq)).toEqual(read.map((_, k) => k + 1))
  await done(['verify', 'demo'], { home, as: 'ada' })
})
