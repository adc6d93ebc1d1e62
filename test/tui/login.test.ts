import { describe, expect, it } from 'vitest'
import { keys } from '../terminal/terminal.ts'
import { Drive } from './drive.ts'
import { FakeWorld, person } from './fake.ts'

function world(): FakeWorld {
  const fake = new FakeWorld()
  fake.known.push({ ...person('ada'), lastUsedAt: 2 }, { ...person('bob'), lastUsedAt: 1 })
  fake.passwords.set('ada', 'correct').set('bob', 'horse').set('zoe', 'elsewhere')
  return fake
}

async function start(fake: FakeWorld, given?: { as?: string; room?: string }): Promise<Drive> {
  const drive = new Drive(fake, { columns: 80, rows: 24 }, given)
  drive.perform({ do: 'find-identities' })
  await drive.settle()
  return drive
}

describe('logging in', () => {
  it('offers the identities of this home', async () => {
    const drive = await start(world())
    expect(drive.text()).toContain('Who are you?')
    await drive.type(keys.down + keys.enter)
    expect(drive.text()).toContain('Hello bob.')
    await drive.type('horse\r')
    expect(drive.state.self?.name).toBe('bob')
    expect(drive.state.page.kind).toBe('rooms')
  })

  it('never shows a password, nor keeps it once it opened the keys', async () => {
    const drive = await start(world())
    await drive.type('\r' + 'correct')
    expect(drive.text()).toContain('•••••••')
    expect(drive.text()).not.toContain('correct')
    await drive.type('\r')
    expect(JSON.stringify(drive.state)).not.toContain('correct')
  })

  it('says on the room list what is wrong with the store, also when that is long', async () => {
    const fake = world()
    fake.connection = { state: 'offline', detail: '2/5 nodes: start 1 more. You can read; what you send waits' }
    const drive = await start(fake)
    await drive.type('\rcorrect\r')
    expect(drive.text()).toContain('offline: 2/5 nodes: start 1 more. You can read; what you send waits')
  })

  it('says that a password was wrong, and asks again', async () => {
    const drive = await start(world())
    await drive.type('\rnonsense\r')
    expect(drive.text()).toContain('does not open these keys')
    await drive.type('correct\r')
    expect(drive.state.self?.name).toBe('ada')
  })

  it('greets nobody as new whose passphrase came with the command line', () => {
    const drive = new Drive(world(), { columns: 80, rows: 24 }, { as: 'ada' })
    drive.state = { ...drive.state, busy: { label: 'unlocking your keys…', frame: 0 } }
    expect(drive.text()).toContain('Hello ada.')
    expect(drive.text()).not.toContain('Welcome')
  })

  it('goes straight to the password of the name that was given', async () => {
    const drive = await start(world(), { as: 'ADA' })
    expect(drive.text()).toContain('Hello ada.')
  })

  it('enters the room that was given', async () => {
    const fake = world()
    fake.room('demo', person('ada'))
    const drive = await start(fake, { as: 'ada', room: 'demo' })
    await drive.type('correct\r')
    expect(drive.chat.room.name).toBe('demo')
  })

  it('fetches an identity from another machine', async () => {
    const drive = await start(world())
    await drive.type('zoe\r')
    expect(drive.text()).toContain('"zoe" isn\'t set up on this machine yet.')
    await drive.type(keys.down + keys.enter + 'elsewhere\r' + 'ABCD-1234\r')
    expect(drive.effects).toContainEqual({
      do: 'log-in',
      name: 'zoe',
      password: 'elsewhere',
      recoveryCode: 'ABCD-1234',
    })
    expect(drive.state.self?.name).toBe('zoe')
  })

  it('goes back with Escape, and out at last', async () => {
    const drive = await start(world())
    await drive.type('\rsecret' + keys.escape)
    expect(drive.text()).toContain('Who are you?')
    await drive.type(keys.escape)
    expect(drive.text()).toContain('Quit Conclave?')
    await drive.type('n')
    expect(drive.quit).toBe(false)
    await drive.type(keys.escape)
    await drive.type('y')
    expect(drive.quit).toBe(true)
  })
})

const suggestion = 'orbit canvas timber velvet monkey thrive'

/** The word or group that the screen asks for. */
function asked(drive: Drive, secret: string): string {
  const place = / (?:word|group) (\d) >/.exec(drive.text())?.[1]
  return secret.split(/[ -]/)[Number(place) - 1] ?? ''
}

describe('a log-in that failed', () => {
  it.each(['no-such-user', 'usage', 'wrong-password', 'unavailable'])('stays where it was: %s', async (code) => {
    const drive = await start(world())
    await drive.type(`zo\r${keys.down}\relsewhere\rABCD-1234\r`)
    drive.happen({ kind: 'failed', code, text: 'What happened.', hint: 'What to do.' })
    expect(drive.text()).toContain('Log in as zo on this machine')
    expect(drive.text()).toContain('ABCD-1234')
    expect(drive.text()).toContain('•••••••••')
    expect(drive.text()).toContain('! What happened.')
  })

  it('with a misspelt name leads to no sign-up', async () => {
    const drive = await start(world())
    await drive.type(`zo\r${keys.down}\relsewhere\r\r`)
    await drive.type('\r\r\r')
    expect(drive.text()).toContain('Log in as zo on this machine')
  })
})

describe('signing up', () => {
  it('asks a word back, and a doubled Enter creates nothing', async () => {
    const fake = new FakeWorld()
    const drive = await start(fake)
    await drive.type('carol\r\r\r\r')
    expect(drive.text()).toContain(suggestion)
    await drive.type('\r\r\r')
    expect(drive.text()).not.toContain(suggestion)
    expect(drive.text()).toMatch(/Type word \d of your passphrase/)
    await drive.type('nonsense\r')
    expect(drive.text()).toMatch(/That is not word \d of your passphrase\./)
    await drive.type(keys.escape)
    expect(drive.text()).toContain(suggestion)
    expect(fake.passwords.size).toBe(0)
    await drive.type('\r')
    await drive.type(`${asked(drive, suggestion)}\r`)
    expect(fake.passwords.get('carol')).toBe(suggestion)
  })

  it('takes the suggested passphrase with Enter', async () => {
    const drive = await start(new FakeWorld())
    await drive.type('carol\r\r')
    expect(drive.text()).toContain('orbit canvas timber velvet monkey thrive')
    await drive.type('\r')
    await drive.type(`${asked(drive, suggestion)}\r`)
    expect(drive.effects).toContainEqual(expect.objectContaining({ do: 'sign-up', name: 'carol', chosen: false }))
    expect(drive.state.page.kind).toBe('rooms')
    expect(JSON.stringify(drive.state)).not.toContain('orbit')
  })

  it('refuses a weak password with advice, and shows the recovery code for a good one', async () => {
    const drive = await start(new FakeWorld())
    await drive.type('carol\r\rshort\r')
    expect(drive.text()).toContain('too weak')
    expect(drive.text()).toContain('It is short')
    await drive.type('long enough for this\rlong enough for that\r')
    expect(drive.text()).toContain("The two didn't match.")
    await drive.type('long enough for this\rlong enough for this\r')
    expect(drive.text()).toContain('K4QD-99ZX-PPLM-2TRC-JW3H-0VAY')
    await drive.type(keys.escape)
    expect(drive.text()).toContain('Write down the code first.')
    await drive.type('\r\r\r')
    expect(drive.text()).not.toContain('K4QD')
    await drive.type('WRNG\r')
    expect(drive.text()).toMatch(/That is not group \d of your recovery code\./)
    await drive.type(keys.escape)
    expect(drive.text()).toContain('K4QD-99ZX-PPLM-2TRC-JW3H-0VAY')
    await drive.type('\r')
    await drive.type(`${asked(drive, 'K4QD-99ZX-PPLM-2TRC-JW3H-0VAY').toLowerCase()}\r`)
    expect(drive.state.page.kind).toBe('rooms')
    expect(JSON.stringify(drive.state)).not.toContain('long enough')
  })

  it('says that a name is taken, and asks for another', async () => {
    const drive = await start(world())
    await drive.type('zoe\r\r')
    await drive.type('\r')
    await drive.type(`${asked(drive, suggestion)}\r`)
    expect(drive.text()).toContain('the name zoe is taken')
    expect(drive.text()).toContain('name > zoe')
  })

  it('refuses what can be no name', async () => {
    const drive = await start(world())
    await drive.type('no spaces here\r')
    expect(drive.text()).toContain("isn't a valid name")
  })
})
