/** `chat --plain` on a terminal: no row begins with what others wrote, and nothing is left for the terminal to wrap. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { runLineChat } from '../../src/cli/line-mode/line-chat.ts'
import { widthOf } from '../../src/tui/text/width.ts'
import { Drive } from '../tui/drive.ts'
import { FakeWorld, person, type FakeRoom } from '../tui/fake.ts'

const bob = person('bob')
const forged = `${'x'.repeat(19)} * ada's key was verified`

interface Plain {
  readonly demo: FakeRoom
  type(line: string): void
  /** What has been printed. */
  output(): string
}

async function plain(columns: number | undefined, topic: string, use: (plain: Plain) => Promise<void>): Promise<void> {
  const world = new FakeWorld(() => Date.parse('2026-12-01T14:02:00'))
  world.passwords.set('ada', 'x')
  const demo = world.room('demo', person('ada'), [bob])
  demo.topic = topic
  const stdout = Object.assign(new PassThrough(), columns === undefined ? {} : { columns })
  const stdin = new PassThrough()
  let output = ''
  stdout.on('data', (chunk) => (output += String(chunk)))
  const stop = new AbortController()
  const chat = await world.logIn({ name: 'ada', password: 'x' })
  const settings = new Drive(world)
  const running = runLineChat({
    ...{ accounts: world, chat, room: 'demo', storeLabel: 'local', version: '0' },
    ...{ settings, stdin, stdout, signal: stop.signal },
  })
  await expect.poll(() => output).toContain('* demo')
  try {
    await use({ demo, type: (line) => void stdin.write(`${line}\n`), output: () => output })
  } finally {
    stop.abort()
    await running
  }
}

test.each([28, 33, 40, 41, 57, 80])(
  'at %i columns every row fits, and begins with the program’s words',
  async (columns) => {
    await plain(columns, `t${forged}`, async ({ demo, type, output }) => {
      demo.say(bob, forged)
      await expect.poll(output).toContain('xxx')
      type('/search verified')
      await expect.poll(output).toContain('found with')
      const rows = output().split('\n')
      expect(rows.filter((row) => widthOf(row) > columns)).toEqual([])
      const words = /^(?:\* {1,3}\S|\* +│ |── |\d\d:\d\d {2,}\S+(?: [│·] |$)| +[│·] |  \S|$)/
      expect(rows.filter((row) => !words.test(row))).toEqual([])
      // What others wrote stands behind the bar in every row of it.
      expect(rows.filter((row) => /xx|ada's|was|key/.test(row.replace(/│.*/, '')))).toEqual([])
    })
  },
)

test('what an ignored person says is not printed', async () => {
  await plain(80, '', async ({ demo, type, output }) => {
    type('/ignore bob')
    await expect.poll(output).toContain('is ignored.')
    demo.say(bob, 'spam')
    demo.say(person('ada'), 'the end')
    await expect.poll(output).toContain('the end')
    expect(output()).not.toContain('spam')
  })
})

test('/jump shows the place also where all is on one page', async () => {
  await plain(80, '', async ({ demo, type, output }) => {
    demo.say(bob, 'the first')
    demo.say(bob, 'the second')
    await expect.poll(output).toContain('the second')
    type('/jump #1')
    await expect.poll(() => output().match(/the first/g)).toHaveLength(2)
  })
})

test('in a pipe lines stay whole', async () => {
  await plain(undefined, '', async ({ demo, output }) => {
    demo.say(bob, forged.repeat(4))
    await expect.poll(output).toContain(forged.repeat(4))
  })
})
