import { expect, test } from 'vitest'
import { conclave, done, people, room, temporaryFolder } from './in-process.ts'

const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

test('rooms --json counts what is for this person, and says what', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob', 'cyd')
  await room(home, 'demo', 'ada', 'bob')
  await done(['create', 'calm'], { home, as: 'ada' })
  await done(['send', 'demo', 'hello all'], { home, as: 'bob' })
  await done(['send', 'demo', 'ada, are you there?'], { home, as: 'bob' })
  await done(['send', 'demo', 'no hurry, ada'], { home, as: 'bob' })
  await conclave(['join', 'demo'], { home, as: 'cyd' })
  await done(['dm', 'ada', 'Hi', '--trust-new'], { home, as: 'cyd' })
  const { lines } = await done(['rooms'], { home, as: 'ada' })
  expect(lines).toMatchObject([
    { room: '@cyd', joined: false, forYou: 1, attention: [{ kind: 'first-direct', count: 1, since, by: 'cyd' }] },
    { room: 'calm', forYou: 0, attention: [] },
    {
      room: 'demo',
      mentions: 2,
      forYou: 3,
      attention: [
        { kind: 'request', count: 1, since, by: 'cyd' },
        { kind: 'mention', count: 2, since, by: 'bob' },
        { kind: 'message', count: 1, since, by: 'bob' },
      ],
    },
  ])
  const { stdout } = await done(['rooms'], { home, as: 'ada', human: true })
  expect(stdout).toMatch(/demo +2 members +3 unread, 1 join request, 2 mentions/)
  // An answer counts for everyone.
  await done(['accept', 'demo', 'cyd', '--trust-name'], { home, as: 'bob' })
  const { lines: after } = await done(['rooms'], { home, as: 'ada' })
  expect(after).toMatchObject([{ room: '@cyd' }, { room: 'calm' }, { room: 'demo', forYou: 2 }])
})

test('direct messages are for this person', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await done(['dm', 'bob', 'Hi', '--trust-new'], { home, as: 'ada' })
  await done(['dm', 'ada', 'Hello', '--trust-new'], { home, as: 'bob' })
  await done(['dm', 'ada', 'How are you?'], { home, as: 'bob' })
  expect((await done(['rooms'], { home, as: 'ada' })).lines).toMatchObject([
    { room: '@bob', unread: 2, mentions: 0, forYou: 2, attention: [{ kind: 'direct', count: 2, by: 'bob' }] },
  ])
})
