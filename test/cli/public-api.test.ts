import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { connect } from '../../src/index.ts'
import type { Chat } from '../../src/index.ts'
import { done, password, people, start, temporaryFolder } from './in-process.ts'

const example = fileURLToPath(new URL('../../examples/echo-bot.ts', import.meta.url))
const fromSource = new URL('./conclave-from-source.js', import.meta.url).href

test('the example bot knocks, is let in, and answers', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await done(['create', 'demo'], { home })
  const bot = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', fromSource, example, 'demo'],
    {
      env: {
        PATH: process.env['PATH'],
        CONCLAVE_HOME: home,
        CONCLAVE_AS: 'parrot',
        CONCLAVE_PASSWORD: password,
        CONCLAVE_KDF: 'floor',
        NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  onTestFinished(() => void bot.kill('SIGKILL'))
  const [line] = (await once(createInterface({ input: bot.stdout }), 'line')) as [string]
  expect(line).toMatch(/^parrot [\d ]+: waiting$/)
  await done(['accept', 'demo', 'parrot'], { home, as: 'ada' })
  const following = start(['read', 'demo', '--follow'], { home, as: 'ada' })
  await following.find(({ event, target }) => event === 'accept' && target === 'parrot')
  // The bot answers what comes after it has begun to listen; a greeting may come too early for it.
  let answered = false
  const answer = following
    .find(({ from }) => from === 'parrot')
    .then((found) => {
      answered = true
      return found
    })
  while (!answered) await done(['send', 'demo', '!echo polly'], { home, as: 'ada' })
  expect(await answer).toMatchObject({ type: 'reply', text: 'polly' })
  await following.end('SIGINT')
  bot.kill('SIGTERM')
  expect(await once(bot, 'close')).toEqual([0, null])
})

test('the example is short', () => {
  expect(readFileSync(example, 'utf8').split('\n').length).toBeLessThan(40)
})

test('connect signs up, and the next time logs in', async () => {
  const home = temporaryFolder()
  const codes: string[] = []
  const open = (): Promise<Chat> =>
    connect({ home, as: 'robot', password, signUp: true, onRecoveryCode: (code) => codes.push(code) })
  const first = await open()
  const room = await first.create('lab')
  const { sent } = await room.send('one')
  expect(await sent).toMatchObject({ seq: 1 })
  await first.close()
  const second = await open()
  expect(second.self).toEqual(first.self)
  const again = await second.open('lab')
  expect((await again.history({ limit: 1 })).items).toMatchObject([{ kind: 'message', text: 'one', own: true }])
  await second.close()
  expect(codes).toHaveLength(1)
})

test('connect without signUp refuses a name that nobody has', async () => {
  await expect(connect({ home: temporaryFolder(), as: 'zelda', password })).rejects.toMatchObject({
    code: 'no-such-user',
  })
})
