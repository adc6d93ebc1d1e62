import { describe, expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { home, start } from './person.ts'
import { keys } from './terminal.ts'

/** Passes every check, and is nobody's. */
const password = 'marmot-violin-pumice-84-ladder'

/** Ada in a room of hers, and others who have accounts. Resolves with the fingerprints of those. */
async function inDemo(columns: number, others: readonly string[]) {
  const folder = home()
  const fingerprints: string[] = []
  for (const name of ['ada', ...others]) {
    await using chat = await connect({ home: folder, as: name, password, signUp: true })
    if (name === 'ada') await chat.create('demo')
    fingerprints.push(chat.self.fingerprint)
  }
  const env = { CONCLAVE_PASSWORD: password }
  const ada = start(folder, { columns, args: ['--as', 'ada', 'chat', 'demo'], env })
  await ada.waitForMessage('ada created this room.')
  return { folder, ada, fingerprints: fingerprints.slice(1) }
}

/** The text of the screen without its line breaks, so that it can be searched at any width. */
const flat = (screen: readonly string[]): string => screen.join(' ').replace(/ +/g, ' ')

describe.each([60, 80, 120])('at %i columns', (columns) => {
  it('a question takes no key that was typed before it was drawn, and no text is lost', async () => {
    const { ada, fingerprints } = await inDemo(columns, ['dan'])
    ada.send('/invite dan\ryes, at eight')
    await ada.waitFor('First contact with dan.')
    const asked = await ada.waitFor((screen) => screen.at(-1) === ' > yes, at eight')
    expect(flat(asked)).toContain(`Fingerprint: ${fingerprints[0] ?? ''}.`)
    expect(asked.join('\n')).toContain('type "yes" >')
    // Neither a key nor Enter is a yes.
    ada.send('y\r')
    ada.send('no\r')
    await ada.waitUntilGone('First contact with dan.')
    expect(ada.screen().at(-1)).toBe(' > yes, at eight')
    ada.send(keys.enter)
    await ada.waitForMessage('ada │ yes, at eight')
    expect(ada.text()).not.toContain('invited')

    ada.enter('/invite dan')
    await ada.waitFor('type "yes" >')
    ada.enter('yes')
    await ada.waitForMessage('ada invited dan.')
  })

  it('a fingerprint that does not match is an alarm', async () => {
    const { ada, fingerprints } = await inDemo(columns, ['dan'])
    const wrong = '1111 2222 3333 4444 5555 6666'
    ada.enter(`/invite dan ${wrong}`)
    await ada.waitFor("WARNING: dan's key does NOT have the fingerprint")
    await ada.waitFor(`you gave  ${wrong}`)
    const alarm = await ada.waitFor(`this is   ${fingerprints[0] ?? ''}`)
    expect(flat(alarm)).toContain('dan was not invited.')
    ada.enter('yes')
    ada.enter('seen')
    await ada.waitUntilGone('WARNING')
    expect(ada.text()).not.toContain('ada invited dan.')
  })

  it('Escape stays in the room, a filter creates nothing by accident, and /dm sends', async () => {
    const { ada } = await inDemo(columns, ['dan'])
    ada.send('a draft')
    await ada.waitFor('> a draft')
    ada.send(keys.escape)
    await ada.waitFor('Alt+K: rooms')
    ada.send(keys.allRooms)
    await ada.waitFor(/Your rooms\n.*demo/)
    ada.enter('dmeo')
    await ada.waitFor('Create a new room called dmeo?')
    ada.send('n')
    await ada.waitUntilGone('Create a new room called dmeo?')
    ada.send(keys.ctrl('u'))
    await ada.waitFor(/Your rooms\n.*demo/)
    ada.send(keys.escape)
    await ada.waitForMessage('ada created this room.')
    expect(ada.screen().at(-1)).toBe(' > a draft')
    ada.send(keys.ctrl('u'))
    ada.enter('/dm dan see you at eight')
    await ada.waitFor('type "yes" >')
    ada.enter('yes')
    await ada.waitForMessage('ada │ see you at eight')
    expect(ada.screen()[0]).toMatch(/^ @dan/)
    ada.send(keys.allRooms)
    const rooms = await ada.waitFor(/Your rooms\n.*@dan/)
    expect(rooms.join('\n')).not.toContain('dmeo')
  })
})
