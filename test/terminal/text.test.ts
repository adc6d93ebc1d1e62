import { expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { home, start } from './person.ts'
import { keys } from './terminal.ts'

const password = 'marmot-violin-pumice-84-ladder'

it.each([60, 120])(
  'messages are formatted, spoilers uncovered and bare mode entered at %i columns',
  async (columns) => {
    const folder = home()
    {
      await using chat = await connect({ home: folder, as: 'ada', password, signUp: true })
      const demo = await chat.create('demo')
      await demo.send('a *bold* word and _another_\n```\n  let  x\n```')
      await (
        await demo.send('it was ||the butler||')
      ).sent
    }
    const ada = start(folder, {
      columns,
      args: ['--as', 'ada', 'chat', 'demo'],
      env: { CONCLAVE_PASSWORD: password },
    })
    await ada.waitForMessage('it was ██████████')
    expect(ada.text()).toContain('a bold word and another')
    expect(ada.text()).toContain('│   let  x'.slice(columns < 60 ? 2 : 0))
    const row = ada.screen().findIndex((line) => line.includes('a bold word'))
    const line = ada.emulator.buffer.active.getLine(row)
    const column = ada.screen()[row]?.indexOf('bold') ?? -1
    expect(line?.getCell(column)?.isBold()).not.toBe(0)
    expect(line?.getCell(column + 'bold word and '.length)?.isItalic()).not.toBe(0)
    expect(line?.getCell(column + 'bold '.length)?.isBold()).toBe(0)

    ada.send(keys.shiftUp)
    await ada.waitFor('s show hidden')
    ada.send('s')
    await ada.waitFor('it was ||the butler||')
    ada.send(keys.escape)
    await ada.waitUntilGone('butler')

    ada.send(`one :tea${keys.tab}`)
    await ada.waitFor('🍵 tea')
    ada.send(keys.alt('l'))
    await ada.waitFor((screen) => screen.includes('it was ██████████') && screen.includes('  let  x'))
    expect(ada.text()).not.toContain('│')
    await ada.waitFor(() => ada.emulator.modes.mouseTrackingMode === 'none')
    ada.send(' two')
    await ada.waitFor('> one 🍵 two')
    await ada.waitFor(() => ada.emulator.modes.mouseTrackingMode !== 'none')
  },
)
