/** Pages of the history come when they come: what is on the screen is what was asked for last. */
import { describe, expect, it } from 'vitest'
import { keys } from '../terminal/terminal.ts'
import type { HistoryQuery } from '../../src/chat/chat.ts'
import { bob, inDemo } from './in-demo.ts'

/** A long history, at its newest message. */
async function long() {
  const inside = await inDemo()
  const { demo, drive } = inside
  await drive.type('/rooms\r')
  for (let n = 1; n <= 700; n += 1) demo.say(bob, `message ${n}.`)
  demo.readUpTo = demo.seq
  await drive.type('demo\r')
  expect(drive.text()).toContain('message 700.')
  return inside
}

/** Questions of this kind wait until they are let go. */
function held(demo: Awaited<ReturnType<typeof long>>['demo'], isHeld: (query: HistoryQuery) => boolean): () => void {
  const history = demo.history.bind(demo)
  const { promise, resolve } = Promise.withResolvers<void>()
  demo.history = async (query) => {
    const page = await history(query)
    if (isHeld(query)) await promise
    return page
  }
  return resolve
}

describe('a key that leads elsewhere while a page is loading', () => {
  it.each([
    ['Ctrl-O', keys.ctrl('o')],
    ['Alt+End', keys.altEnd],
  ])('is not lost: %s', async (_, back) => {
    const { drive } = await long()
    await drive.type(`${keys.altHome}${back}`)
    expect(drive.text()).toContain('message 700.')
    expect(drive.chat.timeline.moreAfter).toBe(false)
    // Both ways again.
    await drive.type(`${keys.altHome}`)
    expect(drive.text()).toContain('created this room')
    await drive.type(back)
    expect(drive.text()).toContain('message 700.')
  })

  it('takes the place of one that leads elsewhere, too', async () => {
    const { demo, drive } = await long()
    const release = held(demo, ({ fromIndex }) => fromIndex === 0)
    void drive.type(keys.altHome)
    void drive.type('/jump #350\r')
    await new Promise((resolve) => setImmediate(resolve))
    release()
    await drive.settle()
    expect(drive.text()).toContain('message 350.')
    await drive.type(keys.pageDown)
    expect(drive.text()).not.toContain('created this room')
  })
})

it('what is read again of a window that was left does not replace the present one', async () => {
  const { demo, drive } = await long()
  await drive.type(keys.altHome)
  const release = held(demo, ({ limit, fromIndex }) => fromIndex === 0 && limit === 500)
  drive.happen({ kind: 'renewed' })
  await new Promise((resolve) => setImmediate(resolve))
  void drive.type(keys.ctrl('o'))
  await expect.poll(() => drive.text()).toContain('message 700.')
  release()
  await drive.settle()
  expect(drive.text()).toContain('message 700.')
  expect(drive.chat.timeline.entries.at(-1)?.item).toMatchObject({ text: 'message 700.' })
})
