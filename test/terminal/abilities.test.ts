/** A terminal that answers what it is asked: its background, its keyboard; wherever its answer is cut. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { conclave, expectRestored, home, start } from './person.ts'
import { keys } from './terminal.ts'

const asked = '\x1b]11;?\x1b\\'
/** Dim text, with 256 colours. */
const dim = { dark: '\x1b[0;38;5;247m', light: '\x1b[0;38;5;241m' } as const

describe('the background', () => {
  it.each([
    ['dark', ['\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\']],
    ['light', ['\x1b]11;rgb:fdfd/f6f6/e3e3\x07']],
    ['light', ['\x1b', ']11;rg', 'b:ff/f', 'f/ff\x1b', '\\']],
  ] as const)('is %s after the answer %j, which types nothing', async (background, chunks) => {
    const terminal = start(home())
    await terminal.waitFor('name >')
    expect(terminal.output.split(asked)).toHaveLength(2)
    for (const chunk of chunks) {
      terminal.send(chunk)
      await sleep(20)
    }
    await terminal.waitForOutput(dim[background])
    terminal.send('ada')
    await terminal.waitFor(/name > ada$/m)
  })

  it('is not asked of a console, which would show the question', async () => {
    const terminal = start(home(), { env: { TERM: 'linux' } })
    await terminal.waitFor('name >')
    terminal.send('x')
    await terminal.waitFor('name > x')
    expect(terminal.output).not.toContain('\x1b]')
    expect(terminal.output).not.toContain('\x1b[?u')
    expect(terminal.output).not.toContain(';38;5;')
  })
})

it('the keyboard protocol is on where there is one, and off again in the shell', async () => {
  const terminal = start(home())
  await terminal.waitFor('name >')
  expect(terminal.output).not.toContain('\x1b[>5u')
  terminal.send('\x1b[?0u')
  await terminal.waitForOutput('\x1b[>5u')
  terminal.send('ada\x1b[97;5u\x1b[101;5uX')
  await terminal.waitFor(/name > adaX$/m)
  terminal.send('\x1b[117;5u')
  await terminal.waitUntilGone('adaX')
  terminal.send('\x1b[99;5u')
  await terminal.waitFor('Quit Conclave?')
  terminal.send(keys.ctrl('c'))
  await terminal.exit()
  expectRestored(terminal)
  expect(terminal.output.indexOf('\x1b[<u')).toBeLessThan(terminal.output.lastIndexOf('\x1b[?1049l'))
})

it('the keyboard protocol is off while the program is in the background, and on again after', async () => {
  const terminal = start(home(), { program: 'bash', args: ['--norc', '--noprofile', '--noediting', '-i'] })
  terminal.enter(`PS1='shell> '; '${conclave}'`)
  await terminal.waitFor('name >')
  terminal.send('\x1b[?0u')
  await terminal.waitForOutput('\x1b[>5u')
  terminal.send('ad\x1b[122;5u')
  await terminal.waitFor(/Stopped[^]*shell>/)
  expectRestored(terminal)
  expect(terminal.output).toMatch(/\x1b\[<u[^]*\x1b\[\?1049l/)
  terminal.enter('fg')
  await terminal.waitFor('name > ad')
  expect(terminal.output.split('\x1b[>5u')).toHaveLength(3)
  // Asked once.
  expect(terminal.output.split(asked)).toHaveLength(2)
  terminal.kill('SIGHUP')
  await terminal.exit()
})
