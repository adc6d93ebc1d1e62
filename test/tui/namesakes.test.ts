/** A former member and today's of the same name, on the screen. */
import { describe, expect, it } from 'vitest'
import { keys } from '../terminal/terminal.ts'
import { alan, bob, flat, inDemo } from './in-demo.ts'

const earlier = { name: 'bob', fingerprint: '9999 8888 7777 6666 5555 4444' }
const digits = bob.fingerprint.slice(0, 4)

describe('an earlier member with the name of one of today’s', () => {
  it('is told from them in every line that names them', async () => {
    const { demo, drive } = await inDemo({ columns: 120, rows: 30 }, { others: [alan, bob] })
    demo.say(earlier, 'send it to the new account')
    demo.say(bob, { type: 'reply', to: '1'.padStart(32, '0'), text: 'no' })
    demo.say(earlier, { type: 'emote', text: 'waves' })
    demo.admin('kick', alan, earlier)
    await drive.settle()
    const text = flat(drive)
    expect(text).toMatch(/bob 9999 │ send it/)
    expect(text).toContain('> bob 9999: send it')
    expect(text).toContain(`bob ${digits} ·`)
    expect(text).toContain('* bob 9999 waves')
    expect(text).toContain('removed bob 9999')
    expect(text).toContain(`bob ${digits}`)
  })

  it('keeps the digits where there is no room for the name', async () => {
    const { demo, drive } = await inDemo({ columns: 44, rows: 20 }, { others: [alan, bob] })
    const long = { name: 'bartholomew-the-2nd', fingerprint: earlier.fingerprint }
    demo.say({ ...long, fingerprint: '1234 5678 1234 5678 1234 5678' }, 'one')
    demo.say(long, 'two')
    await drive.settle()
    expect(drive.text()).toMatch(/1234.*one/)
    expect(drive.text()).toMatch(/9999.*two/)
  })

  it('is told from them among what a search finds', async () => {
    const { demo, drive } = await inDemo(undefined, { others: [alan, bob] })
    demo.say(earlier, 'the new account')
    await drive.type('/search account\r')
    expect(flat(drive)).toMatch(/bob 9999 +the new account/)
    await drive.type(`${keys.escape}/search -all account\r`)
    expect(flat(drive)).toMatch(/bob 9999 +the new account/)
  })
})

describe('/verify with a name and a fingerprint that was compared', () => {
  it('verifies that key, and refuses half of one', async () => {
    const { drive } = await inDemo()
    await drive.type(`/verify bob ${bob.fingerprint}\r`)
    expect(drive.effects).toContainEqual({ do: 'confirm-key', name: 'bob', fingerprint: bob.fingerprint })
    drive.effects.length = 0
    await drive.type('/verify bob 1234 5678\r')
    expect(flat(drive)).toContain('A fingerprint has 24 digits')
    expect(drive.effects).toEqual([])
  })
})
