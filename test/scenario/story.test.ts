/** The story that Conclave is for, told by command line. Those who follow a room run in processes of their own. */
import { expect, test } from 'vitest'
import { conclave, done, temporaryFolder, type Line } from '../cli/in-process.ts'
import { start } from '../cli/program.ts'

const told = (lines: readonly Line[]): string[] =>
  lines.map(({ type, event, by, target, from, text }) =>
    type === 'admin' ? `${event} ${target ?? ''} by ${by}` : `${from}: ${text}`,
  )

test('sign up, create, knock, be let in, talk, be kicked, stay out; what was said stays', async () => {
  const home = temporaryFolder()
  const elsewhere = temporaryFolder()
  const store = `sqlite:${home}/shared.db`
  const at = {
    ada: { home, as: 'ada', store },
    bob: { home: elsewhere, as: 'bob', store },
    cyd: { home, as: 'cyd', store },
  }
  for (const [who, setting] of Object.entries(at)) await done(['signup', who], setting)
  // A name is taken once, from whichever machine.
  expect(await conclave(['signup', 'Ada'], { home: elsewhere, store })).toMatchObject({ code: 4 })

  await done(['create', 'demo'], at.ada)
  await done(['send', 'demo', 'Hello!'], at.ada)
  const follower = start(['read', 'demo', '--follow'], at.ada)
  await follower.find(({ text }) => text === 'Hello!')

  // Who was not let in reads nothing and sends nothing.
  expect(await conclave(['read', 'demo'], at.bob)).toMatchObject({ code: 4, stdout: '' })
  expect(await conclave(['join', 'demo'], at.bob)).toMatchObject({ code: 3 })
  const knock = await follower.find(({ event }) => event === 'knock')
  expect(knock).toMatchObject({ type: 'admin', target: 'bob' })
  expect(await conclave(['send', 'demo', 'let me in'], at.bob)).toMatchObject({ code: 4 })
  await done(['accept', 'demo', 'bob', '--trust-name'], at.ada)
  await done(['join', 'demo', '--wait', '120'], at.bob)

  // The newcomer reads what was said before, and talks.
  expect(told((await done(['read', 'demo'], at.bob)).lines)).toEqual([
    'create  by ada',
    'ada: Hello!',
    'accept bob by ada',
  ])
  await done(['send', 'demo', 'How is everyone doing?'], at.bob)
  await follower.find(({ text }) => text === 'How is everyone doing?')
  await conclave(['join', 'demo'], at.cyd)
  await done(['accept', 'demo', 'cyd', '--trust-name'], at.bob)
  await done(['join', 'demo', '--wait', '120'], at.cyd)
  await done(['send', 'demo', 'Fine.'], at.cyd)

  // Kicked while he listens: he is told by whom, and his program ends.
  const listening = start(['read', 'demo', '--follow'], at.bob)
  await listening.find(({ text }) => text === 'Fine.')
  await done(['kick', 'demo', 'bob'], at.ada)
  const ended = await listening.end()
  expect(ended.code).toBe(4)
  expect(ended.error).toMatchObject({ error: 'kicked', message: expect.stringContaining('ada') })
  expect(told(ended.lines).at(-1)).toBe('kick bob by ada')
  await done(['send', 'demo', 'Now that he is gone'], at.ada)

  const refused = await conclave(['send', 'demo', 'still here?'], at.bob)
  expect({ code: refused.code, error: refused.error.error }).toEqual({ code: 4, error: 'kicked' })
  const left = await conclave(['read', 'demo'], at.bob)
  expect(left.code).toBe(4)
  const story = [
    'create  by ada',
    'ada: Hello!',
    'accept bob by ada',
    'bob: How is everyone doing?',
    'accept cyd by bob',
    'cyd: Fine.',
    'kick bob by ada',
  ]
  expect(told(left.lines)).toEqual(story)
  expect(told((await done(['read', 'demo'], at.cyd)).lines)).toEqual([...story, 'ada: Now that he is gone'])

  // All of it was a restart already; the follower saw it as it happened.
  await follower.find(({ text }) => text === 'Now that he is gone')
  const followed = await follower.end('SIGINT')
  expect(followed.code).toBe(0)
  expect(told(followed.lines.filter(({ event }) => event !== 'knock'))).toEqual([...story, 'ada: Now that he is gone'])
  expect((await done(['members', 'demo'], at.cyd)).lines.map(({ name }) => name)).toEqual(['ada', 'cyd'])
  expect((await done(['verify', 'demo'], at.cyd)).first.head).toBe((await done(['verify', 'demo'], at.ada)).first.head)
})

test('name and passphrase are enough on another machine, and what was said is there', async () => {
  const [home, other] = [temporaryFolder(), temporaryFolder()]
  const store = `sqlite:${home}/shared.db`
  const { passphrase } = (await done(['signup', 'ada'], { home, store, password: null })).first
  const here = { home, store, as: 'ada', password: passphrase }
  await done(['create', 'demo'], here)
  await done(['send', 'demo', 'from here'], here)
  const there = { ...here, home: other }
  expect(await conclave(['login', 'ada'], { ...there, password: 'wrong' })).toMatchObject({ code: 6 })
  await done(['login', 'ada'], there)
  await done(['send', 'demo', 'from there'], there)
  for (const setting of [here, there]) {
    expect(told((await done(['read', 'demo'], setting)).lines)).toEqual([
      'create  by ada',
      'ada: from here',
      'ada: from there',
    ])
  }
})
