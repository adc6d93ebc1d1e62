/** Formatted messages in a room: what is drawn, copied, edited and quoted, and what stays hidden until it is asked for. */
import { describe, expect, it } from 'vitest'
import type { Span } from '../../src/tui/text/style.ts'
import { view } from '../../src/tui/view/view.ts'
import { keys } from '../terminal/terminal.ts'
import type { Drive } from './drive.ts'
import { ada, alan, bob, flat, inDemo } from './in-demo.ts'

const secret = 'it was ||the butler||, you see'
const hidden = `it was ${'█'.repeat(10)}, you see`

function spanOf(drive: Drive, text: string): Span | undefined {
  return view(drive.state)
    .rows.flat()
    .find((part) => part.text === text)
}

async function withSecret(columns = 100) {
  const scene = await inDemo({ columns, rows: 24 })
  scene.demo.say(alan, 'before')
  scene.demo.say(alan, secret)
  await scene.drive.settle()
  return scene
}

describe('a spoiler', () => {
  it('is hidden until its message is selected and s is pressed, and again once it is not', async () => {
    const { drive } = await withSecret()
    expect(drive.text()).toContain(hidden)
    await drive.type(keys.shiftUp)
    expect(drive.text()).toContain(hidden)
    expect(drive.text()).toContain('s show hidden')
    await drive.type('s')
    expect(drive.text()).toContain(secret)
    await drive.type('k')
    expect(drive.text()).not.toContain('butler')
    expect(drive.text()).not.toContain('s show hidden')
    await drive.type('j')
    expect(drive.text()).not.toContain('butler')
    await drive.type('s')
    expect(drive.text()).toContain('butler')
    await drive.type('s')
    expect(drive.text()).not.toContain('butler')
    await drive.type(`s${keys.escape}`)
    expect(drive.text()).not.toContain('butler')
    await drive.type(`${keys.shiftUp}ks`)
    expect(drive.text()).toContain('Nothing is hidden in this message.')
  })

  it('stays hidden where it is quoted, found, described or changed', async () => {
    const { drive, demo } = await withSecret()
    const message = demo.log.findLast((item) => item.kind === 'message')
    const id = message?.kind === 'message' ? message.id : ''
    demo.say(bob, { type: 'reply', to: id, text: 'no, ||the cook||!' })
    demo.say(bob, { type: 'emote', text: 'saw ||the gardener||' })
    await drive.type('/reply\r')
    expect(drive.text()).toContain('reply to * bob saw ████████████')
    await drive.type(keys.escape)
    await drive.type('/search you see\r')
    expect(drive.text()).toContain('1 message with you see')
    await drive.type(keys.escape)
    demo.say(alan, { type: 'edit', to: id, text: 'it was ||the baker||' })
    await drive.settle()
    expect(drive.text()).toContain(`> Alan: it was ${'█'.repeat(9)}`)
    expect(drive.text()).not.toMatch(/butler|cook|gardener|baker/)
    await drive.type(`${keys.shiftUp}s`)
    expect(drive.text()).toContain('* bob saw ||the gardener||')
  })
})

describe('formatting', () => {
  it('is drawn as styles, without its marks, also while a message is being sent', async () => {
    const { drive, demo } = await inDemo({ columns: 80, rows: 24 })
    demo.say(alan, 'a *bold* and _leaning_ `word`')
    await drive.settle()
    expect(drive.text()).toContain('a bold and leaning `word`')
    expect(spanOf(drive, 'bold')?.style.bold).toBe(true)
    expect(spanOf(drive, 'leaning')?.style.italic).toBe(true)
    expect(spanOf(drive, 'word')?.style.colour).toBe('cyan')
    demo.say(alan, 'ada: so *it* is')
    await drive.settle()
    expect(spanOf(drive, 'ada: so ')?.style.bold).toBe(true)
  })

  it('is in the line again when it is edited, and copied as it was written', async () => {
    const { drive, demo } = await inDemo()
    demo.say(ada, 'a *bold* ||word||')
    await drive.settle()
    await drive.type(`${keys.shiftUp}y`)
    expect(drive.effects.at(-1)).toEqual({ do: 'copy', what: 'message', text: 'a *bold* ||word||' })
    await drive.type('e')
    expect(drive.chat.editor.text).toBe('a *bold* ||word||')
  })

  it('is explained by /help', async () => {
    const { drive } = await inDemo({ columns: 100, rows: 140 })
    await drive.type('/help\r')
    expect(flat(drive)).toContain('Messages: *bold*, _italic_, `code`, ``` fences, > quotes,')
  })
})
