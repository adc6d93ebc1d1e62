import { describe, expect, it } from 'vitest'
import { expectRestored, home, signUp, start, takePassphrase } from './person.ts'
import type { Terminal } from './terminal.ts'
import { keys } from './terminal.ts'

/** What has been said and done in the room, without the times: these differ by a minute when one passes. */
function told(terminal: Terminal): readonly string[] {
  return terminal.messages().map((message) => message.replace(/^\d\d:\d\d /, ''))
}

async function bothShow(people: readonly Terminal[], message: string): Promise<void> {
  for (const person of people) await person.waitForMessage(message)
}

async function quit(terminal: Terminal): Promise<void> {
  terminal.enter('/quit')
  expect(await terminal.exit()).toEqual({ code: 0, signal: 0 })
  expectRestored(terminal)
}

describe.each([80, 120])('two people in two terminals of %i columns', (columns) => {
  it('meet: one knocks, the other accepts, they talk, and one is kicked', async () => {
    const folder = home()
    const ada = start(folder, { columns })
    const adasPassphrase = await signUp(ada, 'ada')
    ada.enter('Demo')
    await ada.waitForMessage('ada created this room.')
    ada.enter('Said before anybody came')
    await ada.waitForMessage('ada │ Said before anybody came')

    const bob = start(folder, { columns, args: ['--as', 'bob'] })
    await bob.waitFor('Sign up as bob')
    bob.send(keys.enter)
    const bobsPassphrase = await takePassphrase(bob)
    await bob.waitFor(/Demo/)
    bob.send(keys.enter)
    await bob.waitFor("You've asked to join Demo")
    expect(bob.text()).not.toContain('Said before anybody came')

    const knock = await ada.waitForMessage('bob asks to join')
    const fingerprint = /(?:[0-9a-z]{4,}[ -]){3,}[0-9a-z]{4,}/.exec(knock)?.[0] ?? 'no fingerprint in the line'
    expect(fingerprint).not.toBe('no fingerprint in the line')
    ada.enter('!bob')
    await bothShow([ada, bob], '<admin> │ ada let bob in.')
    await bob.waitForMessage('ada │ Said before anybody came')

    bob.enter('Hello Ada')
    await bothShow([ada, bob], 'bob │ Hello Ada')
    ada.enter('Hello Bob, 你好')
    await bothShow([ada, bob], 'ada │ Hello Bob, 你好')
    bob.enter('/me waves')
    await bothShow([ada, bob], 'waves')
    // What was said until now is the same for both, in one order, whoever came when.
    const from = (lines: readonly string[]): readonly string[] =>
      lines.slice(lines.findIndex((line) => line.includes('let bob in')))
    expect(from(told(bob))).toEqual(from(told(ada)))

    bob.send(keys.allRooms)
    await bob.waitFor(/Your rooms\n.*Demo/)
    ada.enter('While Bob looks at his rooms')
    await ada.waitForMessage('ada │ While Bob looks at his rooms')
    await bob.waitFor(/Demo.*1/)
    bob.send(keys.enter)
    await bob.waitForMessage('ada │ While Bob looks at his rooms')

    ada.enter('/kick bob')
    await ada.waitFor(/\(y\/n\)/)
    ada.send('y')
    await bothShow([ada, bob], '<admin> │ ada removed bob.')
    ada.enter('Now we are alone')
    await ada.waitForMessage('ada │ Now we are alone')
    bob.enter('Let me in')
    const refused = await bob.waitFor('You are not in Demo, so nothing can be sent.')
    // What he wrote is still his, and stands where it can be copied from.
    expect(refused.at(-1)).toBe(' > Let me in')
    bob.send(keys.ctrl('u'))
    await quit(bob)
    await quit(ada)

    const again = start(folder, { columns, args: ['--as', 'ada', 'chat', 'Demo'] })
    await again.waitFor('passphrase >')
    again.enter(adasPassphrase)
    await again.waitForMessage('ada │ Now we are alone')
    await again.waitForMessage('bob │ Hello Ada')
    expect(told(again).join('\n')).not.toContain('Let me in')
    await quit(again)

    const bobAgain = start(folder, { columns, args: ['--as', 'bob', 'chat', 'Demo'] })
    await bobAgain.waitFor('passphrase >')
    bobAgain.enter(bobsPassphrase)
    await bobAgain.waitForMessage('<admin> │ ada removed bob.')
    await bobAgain.waitForMessage('bob │ Hello Ada')
    expect(bobAgain.output).not.toContain('Now we are alone')
    await quit(bobAgain)
  })
})
