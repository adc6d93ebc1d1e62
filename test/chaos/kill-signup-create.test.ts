import { expect, it } from 'vitest'
import { conclave, done, people, temporaryFolder } from '../cli/in-process.ts'
import { done as doneApart } from '../cli/program.ts'
import { roundsOr } from '../chat/under-fire/drawn.ts'
import { killed, randomOf, takes } from './kill.ts'

const rounds = roundsOr(2, 50)

it(`survives SIGKILL in the middle of signing up, ${rounds} times`, async () => {
  const random = randomOf('signup')
  const home = temporaryFolder()
  const withinMs = await takes(() => doneApart(['signup', 'ada'], { home }))
  for (let round = 0; round < rounds; round += 1) {
    const name = `user${round}`
    const { lines } = await killed(['signup', name], { home }, random, withinMs)
    const again = await conclave(['signup', name], { home })
    if (again.code !== 0) {
      // Only what had been done is refused; and then it is whole.
      expect(again.error.error, `round ${round}`).toBe('name-taken')
      await done(['login', name], { home })
    }
    const { first } = await done(['whoami'], { home, as: name })
    if (lines[0] !== undefined) expect(first.fingerprint).toBe(lines[0].fingerprint)
  }
})

it(`survives SIGKILL in the middle of creating a room, ${rounds} times`, async () => {
  const random = randomOf('create')
  const home = temporaryFolder()
  await people(home, 'ada')
  const withinMs = await takes(() => doneApart(['create', 'demo'], { home, as: 'ada' }))
  for (let round = 0; round < rounds; round += 1) {
    const name = `room${round}`
    const { lines } = await killed(['create', name], { home, as: 'ada' }, random, withinMs)
    const again = await conclave(['create', name], { home, as: 'ada' })
    if (lines.length > 0) expect(again.code, `round ${round}: acknowledged, so it is there`).toBe(4)
    if (again.code !== 0) expect(again.error.error).toBe('name-taken')
    await done(['send', name, 'works'], { home, as: 'ada' })
  }
})
