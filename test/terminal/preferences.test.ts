import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { home, start } from './person.ts'

const password = 'marmot-violin-pumice-84-ladder'
const focusIn = '\x1b[I'
const f5 = '\x1b[15~'

it.each([60, 120])(
  'what one program sets is in force in the other and after a restart, at %i columns',
  async (columns) => {
    const [folder, other] = [home(), home()]
    const store = `sqlite:${join(folder, 'store.db')}`
    await using ada = await connect({ home: folder, store, as: 'ada', password, signUp: true })
    await using bob = await connect({ home: other, store, as: 'bob', password, signUp: true })
    const demo = await ada.create('demo')
    const asking = await bob.join('demo')
    await expect.poll(() => demo.knocks.length).toBe(1)
    await demo.accept('bob', { fingerprint: bob.self.fingerprint })
    await asking.wait()
    const bobs = await bob.open(asking.roomId)
    await (
      await bobs.send('spam, spam, spam')
    ).sent

    const env = { CONCLAVE_PASSWORD: password }
    const args = ['--as', 'ada', 'chat', 'demo']
    const first = start(folder, { columns, args, env })
    const second = start(folder, { columns, args, env })
    await first.waitForMessage('spam')
    await second.waitForMessage('spam')

    first.enter('/set theme light')
    await first.waitFor('theme is light')
    first.enter('/alias tea It is tea time, $*')
    await first.waitFor('/tea runs:')
    first.enter('/bind f5 /tea everyone')
    await first.waitFor('F5 enters "/tea everyone".')
    first.enter('/ignore bob')
    await first.waitFor('is ignored')
    await first.waitUntilGone('spam')

    second.send(focusIn)
    await second.waitUntilGone('spam')
    second.send(f5)
    await second.waitForMessage('It is tea time, everyone')
    await first.waitForMessage('It is tea time, everyone')
    second.enter('/set theme')
    await second.waitFor('theme is light; the default is auto.')

    const file = join(folder, 'config.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('"light"', '"blue"'))
    second.send(focusIn)
    await second.waitFor(/terminal\.theme: one of\s+auto,\s+dark,\s+light,\s+none/)
    second.enter('/quit')
    expect((await second.exit()).code).toBe(0)
    const refused = start(folder, { columns, args, env })
    expect((await refused.exit()).code).toBe(2)
    writeFileSync(file, text)

    const again = start(folder, { columns, args, env })
    await again.waitForMessage('It is tea time, everyone')
    expect(again.text()).not.toContain('spam')
    again.enter('/unignore bob')
    await again.waitForMessage('spam')
  },
)
