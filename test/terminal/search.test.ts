import { expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { home, start } from './person.ts'
import { keys } from './terminal.ts'

const password = 'marmot-violin-pumice-84-ladder'

it.each([60, 120])(
  'a search goes to what it finds and back, and dates lead into the history, at %i columns',
  async (columns) => {
    const folder = home()
    {
      await using chat = await connect({ home: folder, as: 'ada', password, signUp: true })
      const demo = await chat.create('demo')
      const ops = await chat.create('ops')
      await (
        await ops.send('the kettle is in ops')
      ).sent
      await (
        await demo.send('a kettle, far up')
      ).sent
      for (let n = 1; n <= 400; n += 1) await demo.send(`line ${n}`)
      await (
        await demo.send('the newest')
      ).sent
    }
    const env = { CONCLAVE_PASSWORD: password }
    const ada = start(folder, { columns, args: ['--as', 'ada', 'chat', 'demo'], env })
    await ada.waitForMessage('the newest')

    ada.enter('/search -all KETTLE')
    await ada.waitFor('2 messages with KETTLE')
    ada.send(keys.enter)
    await ada.waitFor(/›\d\d:\d\d +ada │ a kettle, far up/)
    expect(ada.screen().join('\n')).toContain('line 5')
    ada.send(keys.ctrl('o'))
    await ada.waitForMessage('the newest')

    ada.enter('/search')
    await ada.waitFor('2 messages with KETTLE')
    ada.send(`${keys.down}${keys.enter}`)
    await ada.waitFor(/›\d\d:\d\d +ada │ the kettle is in ops/)
    ada.send(keys.ctrl('o'))
    await ada.waitForMessage('the newest')

    ada.send(keys.altHome)
    await ada.waitForMessage('ada created this room.')
    ada.enter('/jump #201')
    await ada.waitForMessage('line 200')
    ada.enter('/jump today')
    await ada.waitForMessage('ada created this room.')
  },
)
