/** The examples as people run them: each in a process of its own, on the public API alone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { connect, type Chat, type MessageItem, type Room } from '../../src/index.ts'
import { password, temporaryFolder } from '../cli/program.ts'

const folder = fileURLToPath(new URL('../../examples/', import.meta.url))
const built = new URL('conclave-built.js', import.meta.url).href

interface Example {
  /** The next line that it prints which has this in it. */
  find(text: string): Promise<string>
  /** Ends it as Ctrl-C or a service manager does, and expects success. */
  stop(): Promise<void>
}

function launch(example: string, args: readonly string[], env: Readonly<Record<string, string>>): Example {
  const flags = ['--disable-warning=ExperimentalWarning', '--import', built]
  const child = spawn(process.execPath, [...flags, join(folder, example), ...args], {
    env: {
      PATH: process.env['PATH'],
      CONCLAVE_PASSWORD: password,
      NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async find(text) {
      for (;;) {
        const { value, done } = await lines.next()
        if (done) throw new Error(`${example} ended before it printed ${text}`)
        if (value.includes(text)) return value
      }
    },
    async stop() {
      child.kill('SIGTERM')
      expect(await closed).toEqual([0, null])
    },
  }
}

interface Setting {
  readonly home: string
  readonly ada: Chat
  readonly room: Room
}

async function setting(): Promise<Setting> {
  const home = temporaryFolder()
  const ada = await connect({ home, as: 'ada', password, signUp: true })
  onTestFinished(() => ada.close())
  return { home, ada, room: await ada.create('demo') }
}

/** Accepts the request of this name once it is there. */
async function admit(room: Room, name: string): Promise<void> {
  const asked = Promise.withResolvers<void>()
  const look = (): void => {
    if (room.knocks.some((knock) => knock.name === name)) asked.resolve()
  }
  const off = room.on('change', look)
  look()
  await asked.promise
  off()
  await room.accept(name, { trustNew: true })
}

/** The next message of this person that has this in its text. */
function hears(room: Room, name: string, text: string): Promise<MessageItem> {
  const heard = Promise.withResolvers<MessageItem>()
  room.on('message', (message) => {
    if (message.from.name === name && 'text' in message && message.text.includes(text)) heard.resolve(message)
  })
  return heard.promise
}

async function say(room: Room, text: string): Promise<void> {
  const { sent } = await room.send(text)
  await sent
}

test('the echo bot asks to join, is let in, and answers', async () => {
  const { home, room } = await setting()
  const bot = launch('echo-bot.ts', ['demo'], { CONCLAVE_HOME: home, CONCLAVE_AS: 'parrot' })
  expect(await bot.find('parrot')).toMatch(/^parrot [\d ]+: waiting$/)
  await admit(room, 'parrot')
  await bot.find('listening')
  const answer = hears(room, 'parrot', 'polly')
  await say(room, '!echo polly')
  expect(await answer).toMatchObject({ type: 'reply', text: 'polly' })
  await bot.stop()
})

test('the webhook posts what it receives, and refuses what has no token', async () => {
  const { home, room } = await setting()
  const hook = launch('webhook.ts', ['demo'], { CONCLAVE_HOME: home, CONCLAVE_AS: 'hook', WEBHOOK_TOKEN: 'secret' })
  await admit(room, 'hook')
  const url = await hook.find('http://')
  const posted = hears(room, 'hook', 'Build')
  const headers = { authorization: 'Bearer secret' }
  expect((await fetch(url, { method: 'POST', body: 'no token' })).status).toBe(401)
  expect((await fetch(url, { method: 'POST', headers, body: 'x'.repeat(9000) })).status).toBe(413)
  expect((await fetch(url, { method: 'POST', headers, body: 'Build 17 failed' })).status).toBe(202)
  expect(await posted).toMatchObject({ type: 'text', text: 'Build 17 failed' })
  await hook.stop()
})

test('the archive holds every message once, also over a restart', async () => {
  const { home, room } = await setting()
  const file = join(home, 'demo.jsonl')
  const env = { CONCLAVE_HOME: home, CONCLAVE_AS: 'ada' }
  await say(room, 'one')
  const first = launch('archive.ts', ['demo', file], env)
  await first.find('archived 1')
  await say(room, 'two')
  await first.find('archived 2')
  await first.stop()
  await say(room, 'three')
  const second = launch('archive.ts', ['demo', file], env)
  await second.find('archived 3')
  await second.stop()
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { seq: 1, text: 'one', from: 'ada' },
    { seq: 2, text: 'two', from: 'ada' },
    { seq: 3, text: 'three', from: 'ada' },
  ])
})

test('the reminder answers when the time has come', async () => {
  const { home, room } = await setting()
  const bot = launch('reminder.ts', ['demo'], { CONCLAVE_HOME: home, CONCLAVE_AS: 'clock' })
  await admit(room, 'clock')
  await bot.find('listening')
  const answer = hears(room, 'clock', 'tea')
  await say(room, '!remind 0s tea')
  expect(await answer).toMatchObject({ type: 'reply', text: 'ada: tea' })
  await bot.stop()
})

test('the dashboard shows each room, and what changes in it', async () => {
  const { home, ada, room } = await setting()
  const lab = await ada.create('lab')
  const board = launch('dashboard.ts', ['demo', 'lab'], { CONCLAVE_HOME: home, CONCLAVE_AS: 'ada' })
  await board.find('"room":"lab"')
  await lab.setTopic('pulsars')
  await board.find('"topic":"pulsars"')
  await say(room, 'hello')
  expect(JSON.parse(await board.find('"newest":"ada: hello"'))).toMatchObject({ room: 'demo', members: 1 })
  await board.stop()
})

test('the echo bot is short', () => {
  expect(readFileSync(join(folder, 'echo-bot.ts'), 'utf8').split('\n').length).toBeLessThan(40)
})
