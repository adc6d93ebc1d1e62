import { describe, it } from 'vitest'
import { connect, type Chat } from '../../src/index.ts'
import { home, start } from './person.ts'
import type { Terminal, TerminalOptions } from './terminal.ts'

const password = 'marmot-violin-pumice-84-ladder'

interface Scene {
  readonly folder: string
  /** Who acts from outside, with a program of their own. */
  readonly bob: Chat
  ada(options?: Partial<TerminalOptions>): Terminal
}

/** Ada, in `demo` and `other`, and Bob, who knows nobody yet. */
async function scene(): Promise<Scene> {
  const folder = home()
  const ada = await connect({ home: folder, as: 'ada', password, signUp: true })
  await ada.create('demo')
  await ada.create('other')
  await ada.close()
  const bob = await connect({ home: folder, as: 'bob', password, signUp: true })
  return {
    folder,
    bob,
    ada: (options = {}) =>
      start(folder, {
        args: ['--as', 'ada', 'chat', 'other'],
        ...options,
        env: { CONCLAVE_PASSWORD: password, ...options.env },
      }),
  }
}

async function inOther(terminal: Terminal): Promise<void> {
  await terminal.waitForMessage('ada created this room.')
}

describe.each([80, 120])('at %i columns', (columns) => {
  it('a request to join a room that is not open is seen and heard at once, in every program', async () => {
    const { bob, ada } = await scene()
    const first = ada({ columns })
    const second = ada({ columns })
    for (const terminal of [first, second]) await inOther(terminal)
    await bob.join('demo')
    for (const terminal of [first, second]) {
      await terminal.waitFor('bob asks to join demo', 10_000)
      await terminal.waitFor(/demo +\+1/, 10_000)
    }
    await bob.close()
  })
})
