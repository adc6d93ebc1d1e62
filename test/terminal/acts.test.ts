import { expect, test } from 'vitest'
import { connect } from '../../src/index.ts'
import { home, start } from './person.ts'
import type { Terminal } from './terminal.ts'
import { keys } from './terminal.ts'

/** Passes every check, and is nobody's. */
const password = 'marmot-violin-pumice-84-ladder'

/** Ada and Bob at two terminals of different widths, in a room of hers. */
async function inDemo(): Promise<{ ada: Terminal; bob: Terminal; both: (message: string) => Promise<void> }> {
  const folder = home()
  const chats = [
    await connect({ home: folder, as: 'ada', password, signUp: true }),
    await connect({ home: folder, as: 'bob', password, signUp: true }),
  ] as const
  const room = await chats[0].create('demo')
  const admission = await chats[1].join('demo')
  await room.accept('bob', { trustNew: true })
  await admission.wait()
  for (const chat of chats) await chat.close()
  const env = { CONCLAVE_PASSWORD: password }
  const ada = start(folder, { args: ['--as', 'ada', 'chat', 'demo'], env })
  const bob = start(folder, { columns: 120, rows: 36, args: ['--as', 'bob', 'chat', 'demo'], env })
  const both = async (message: string): Promise<void> => {
    for (const person of [ada, bob]) await person.waitForMessage(message)
  }
  await both('ada let bob in.')
  return { ada, bob, both }
}

test('two people answer, mend, take back and applaud what they said', async () => {
  const { ada, bob, both } = await inDemo()
  bob.enter('How is everyone?')
  await both('bob │ How is everyone?')
  ada.send(`${keys.shiftUp}rFine.`)
  await ada.waitFor('reply to bob: How is everyone?')
  ada.send(keys.enter)
  await both('ada · > bob: How is everyone? Fine.')
  ada.enter('/edit Fine, thanks.')
  await both('Fine, thanks. (edited)')

  bob.send(`${keys.alt('m')}+`)
  await bob.waitFor('react to ada: Fine, thanks.')
  bob.send(`${keys.tab}${keys.enter}`)
  await ada.waitForMessage('Fine, thanks. (edited) 👍')
  await bob.waitForMessage('Fine, thanks. (edited) 👍*')
  bob.enter('a slip')
  await both('bob │ a slip')
  ada.send(`${keys.shiftUp}e`)
  await ada.waitFor('Only bob can edit that message.')
  ada.send(keys.escape)
  bob.enter('/delete')
  await bob.waitFor('Delete "bob: a slip" for everyone?')
  bob.send('y')
  await both('bob · (deleted)')
  expect(ada.text()).not.toContain('a slip')
})

test('two people change rules and keys, and who was kicked comes back after a question', async () => {
  const { ada, bob, both } = await inDemo()
  bob.enter('/policy admins')
  await bob.waitFor('Only an admin of demo can do that.')
  bob.send(keys.ctrl('u'))
  ada.enter('/policy admins unlisted')
  await both('ada changed the rules: only admins can let people in; the room is unlisted.')
  ada.enter('/rotate')
  await ada.waitFor('Rotate the keys of demo?')
  ada.send('y')
  await both("ada changed the room's keys.")
  bob.enter('/rekey')
  await bob.waitFor('Replace your keys in every room?')
  bob.send('y')
  await bob.waitFor('You have new keys, in 1 room.')
  await both('bob has new keys')
  ada.enter('/verify bob')
  await ada.waitFor('Your safety number:')
  ada.enter('yes')
  await ada.waitFor('bob is verified.')

  ada.enter('/kick bob')
  await ada.waitFor('Remove bob from demo?')
  ada.send('y')
  await both('ada removed bob.')
  ada.enter('Said meanwhile')
  await ada.waitForMessage('ada │ Said meanwhile')
  bob.enter('/join')
  await ada.waitForMessage(
    'bob was removed before. Only an admin can let them back in; they can then read what they missed.',
  )
  ada.enter('!bob')
  await ada.waitFor('Let bob back into demo?')
  ada.send('y')
  await both('ada let bob in. They were removed before, and can read what they missed.')
  await bob.waitForMessage('ada │ Said meanwhile')
})
