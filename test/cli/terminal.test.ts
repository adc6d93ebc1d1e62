import { spawn } from '@lydell/node-pty'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { conclave, done, password, people, room, temporaryFolder } from './in-process.ts'
import { done as doneApart, program } from './program.ts'

interface Terminal {
  /** Everything on the screen so far, as it came. */
  readonly seen: () => string
  /** Resolves once the text has appeared behind what was awaited before. */
  readonly until: (text: string) => Promise<void>
  readonly type: (text: string) => void
  readonly ended: Promise<number>
}

/** The program with a person at the keyboard. */
function terminal(args: readonly string[], home: string, env: Readonly<Record<string, string>> = {}): Terminal {
  const pty = spawn(program, [...args], {
    cols: 100,
    rows: 30,
    env: {
      PATH: process.env['PATH'] ?? '',
      TERM: 'xterm-256color',
      CONCLAVE_HOME: home,
      NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
      ...env,
    },
  })
  onTestFinished(() => {
    try {
      process.kill(pty.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  })
  let seen = ''
  let read = 0
  const changed = new EventTarget()
  pty.onData((data) => {
    seen += data
    changed.dispatchEvent(new Event('data'))
  })
  return {
    seen: () => seen,
    async until(text) {
      for (;;) {
        const at = seen.indexOf(text, read)
        if (at !== -1) {
          read = at + text.length
          return
        }
        await once(changed, 'data')
      }
    },
    type: (text) => pty.write(text),
    ended: new Promise((resolve) => pty.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode))),
  }
}

test('signup offers a passphrase, and Enter takes it', async () => {
  const home = temporaryFolder()
  const { until, type, ended, seen } = terminal(['signup', 'ada'], home)
  await until('Press Enter to use it')
  type('\r')
  expect(await ended).toBe(0)
  const [passphrase = ''] = /[a-z]+(-[a-z]+){5}/.exec(seen()) ?? []
  await done(['rooms'], { home, password: passphrase })
})

test('signup takes a password of one’s own, typed twice and never shown; a weak one is asked for again', async () => {
  const home = temporaryFolder()
  const { until, type, ended, seen } = terminal(['signup', 'ada'], home)
  await until('Press Enter to use it')
  type('password1\r')
  await until('Too weak')
  await until('Press Enter to use it')
  type(`${password}\r`)
  await until('Repeat passphrase')
  type('something else\r')
  await until("didn't match")
  await until('Press Enter to use it')
  // A slip is taken back with backspace.
  type(`${password}x\u007f\r`)
  await until('Repeat passphrase')
  type(`${password}\r`)
  await until('recovery code')
  expect(await ended).toBe(0)
  expect(seen()).not.toContain('password1')
  expect(seen()).not.toContain(password)
  await done(['rooms'], { home })
})

test('a command asks for the password', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const { until, type, ended, seen } = terminal(['rooms'], home)
  await until('Passphrase for ada: ')
  type(`${password}\r`)
  await until('No rooms yet')
  expect(await ended).toBe(0)
  expect(seen()).not.toContain(password)
})

test('Ctrl-C at a question ends the program as a signal does', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const { until, type, ended } = terminal(['rooms'], home)
  await until('Passphrase for ada: ')
  type('\u0003')
  expect(await ended).toBe(130)
})

test('Ctrl-D at a question is no answer', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const { until, type, ended } = terminal(['rooms'], home)
  await until('Passphrase for ada: ')
  type('\u0004')
  expect(await ended).toBe(2)
})

test('kick asks, and does nothing unless the answer is yes', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  await room(home, 'demo', 'ada', 'bob')
  const env = { CONCLAVE_PASSWORD: password, CONCLAVE_AS: 'ada' }
  const members = async (): Promise<unknown[]> =>
    (await conclave(['members', 'demo'], { home, as: 'ada' })).lines.map(({ name }) => name)

  const unsure = terminal(['kick', 'demo', 'bob'], home, env)
  await unsure.until('Remove bob from demo?')
  unsure.type('\r')
  expect(await unsure.ended).toBe(4)
  expect(await members()).toEqual(['ada', 'bob'])

  const sure = terminal(['kick', 'demo', 'bob'], home, env)
  await sure.until('Remove bob from demo?')
  sure.type('y\r')
  expect(await sure.ended).toBe(0)
  expect(await members()).toEqual(['ada'])
})

test('passwd asks for the old one first, then for the new one twice', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  const { until, type, ended, seen } = terminal(['passwd'], home)
  await until('Passphrase for ada')
  type(`${password}\r`)
  await until('Press Enter to use it')
  type('tundra-kiosk-pewter-19-violet\r')
  await until('Repeat passphrase')
  type('tundra-kiosk-pewter-19-violet\r')
  expect(await ended).toBe(0)
  expect(seen()).toContain('recovery code')
  expect(seen()).not.toContain('tundra')
  await done(['rooms'], { home, password: 'tundra-kiosk-pewter-19-violet' })
})

test('login asks a new machine for the recovery code, and again where it is mistyped', async () => {
  const home = temporaryFolder()
  const { recoveryCode } = (await done(['signup', 'ada'], { home })).first
  const elsewhere = temporaryFolder()
  const env = { CONCLAVE_PASSWORD: password, CONCLAVE_STORE: `sqlite:${home}/store.db` }
  const { until, type, ended, seen } = terminal(['login', 'ada'], elsewhere, env)
  await until('Recovery code for ada')
  type('nonsense\r')
  await until('not a recovery code')
  await until('Recovery code for ada')
  type(`${recoveryCode.toLowerCase()}\r`)
  expect(await ended).toBe(0)
  expect(seen()).toContain((await done(['whoami'], { home })).first.fingerprint)
})

test('a key that was never seen is asked about, and a yes sends the message', async () => {
  const home = temporaryFolder()
  await people(home, 'ada', 'bob')
  const { fingerprint } = (await done(['whoami'], { home, as: 'bob' })).first
  const env = { CONCLAVE_PASSWORD: password, CONCLAVE_AS: 'ada' }
  const unsure = terminal(['dm', 'bob', 'Hi'], home, env)
  await unsure.until(fingerprint)
  unsure.type('n\r')
  expect(await unsure.ended).toBe(4)
  const sure = terminal(['dm', 'bob', 'Hi'], home, env)
  await sure.until(fingerprint)
  sure.type('y\r')
  await sure.until('Sent: number 1')
  expect(await sure.ended).toBe(0)
})

test('an unlocked identity enters the terminal interface without its password', async () => {
  const home = temporaryFolder()
  await people(home, 'ada')
  await done(['create', 'demo'], { home })
  await doneApart(['unlock', '--for', '10m'], { home })
  onTestFinished(async () => void (await conclave(['lock'], { home, password: null })))
  const { until, type, ended, seen } = terminal([], home)
  await until('demo')
  type('\u0003')
  await until('quit')
  type('\u0003')
  expect(await ended).toBe(0)
  expect(seen()).not.toMatch(/[Pp]assphrase/)
})
