import { expect, it } from 'vitest'
import { conclave, done, people, room, temporaryFolder, type Line } from '../cli/in-process.ts'
import { roundsOr } from '../chat/under-fire/drawn.ts'
import { done as doneApart, start } from '../cli/program.ts'

const names = ['ada', 'bob', 'cyd', 'dan'] as const
const each = roundsOr(100, 500)
const eachFollowed = roundsOr(40, 400)

async function messages(home: string, as: string): Promise<readonly Line[]> {
  const { lines } = await done(['read', 'demo', '--last', '100000'], { home, as })
  return lines.filter(({ type }) => type === 'text')
}

const textsOf = (name: string, count: number) => Array.from({ length: count }, (_, k) => `${name} ${k}`)

it('keeps all messages that four people send at once, each once and in one order', async () => {
  const home = temporaryFolder()
  await people(home, ...names, 'eve')
  await room(home, 'demo', 'ada', 'bob', 'cyd', 'dan')
  const sent = await Promise.all(
    names.map((as) => {
      const input = textsOf(as, each)
        .map((text) => `${text}\n`)
        .join('')
      return doneApart(['send', 'demo', '-'], { home, as, input })
    }),
  )
  // Accepted afterwards: a newcomer reads it all.
  expect((await conclave(['join', 'demo'], { home, as: 'eve' })).code).toBe(3)
  await done(['accept', 'demo', 'eve', '--trust-name'], { home, as: 'cyd' })
  await done(['join', 'demo', '--wait', '120'], { home, as: 'eve' })

  const read = await messages(home, 'ada')
  expect(read.length).toBe(4 * each)
  expect(new Set(read.map(({ id }) => id)).size).toBe(4 * each)
  expect(read.map(({ seq }) => seq)).toEqual(read.map((_, k) => k + 1))
  names.forEach((name, k) => {
    const own = read.filter(({ from }) => from === name)
    expect(own.map(({ text }) => text)).toEqual(textsOf(name, each))
    expect(sent[k]?.lines.map(({ seq, id }) => ({ seq, id }))).toEqual(own.map(({ seq, id }) => ({ seq, id })))
  })
  expect(await messages(home, 'eve')).toEqual(read)
  await done(['verify', 'demo'], { home, as: 'eve' })
})

it('shows two followers all that three write meanwhile, in one order', async () => {
  const home = temporaryFolder()
  const writers = ['ada', 'bob', 'cyd'] as const
  await people(home, ...writers, 'dan', 'eve')
  await room(home, 'demo', 'ada', 'bob', 'cyd', 'dan', 'eve')
  const followers = ['dan', 'eve'].map((as) => start(['read', 'demo', '--from', '1', '--follow'], { home, as }))
  await Promise.all(
    writers.map(async (as) => {
      const input = textsOf(as, eachFollowed)
        .map((text) => `${text}\n`)
        .join('')
      await doneApart(['send', 'demo', '-'], { home, as, input })
    }),
  )
  const seen = await Promise.all(
    followers.map(async (follower) => {
      const lines: Line[] = []
      while (lines.length < 3 * eachFollowed) lines.push(await follower.find(({ type }) => type === 'text'))
      return lines
    }),
  )
  await done(['send', 'demo', 'the end'], { home, as: 'ada' })
  for (const follower of followers) {
    // Nothing came twice in between.
    expect((await follower.find(({ type }) => type === 'text')).text).toBe('the end')
    expect((await follower.end('SIGTERM')).code).toBe(0)
  }
  const [first = [], second = []] = seen
  expect(first).toEqual(second)
  expect(first.map(({ seq }) => seq)).toEqual(first.map((_, k) => k + 1))
  for (const as of writers) {
    expect(first.filter(({ from }) => from === as).map(({ text }) => text)).toEqual(textsOf(as, eachFollowed))
  }
})
