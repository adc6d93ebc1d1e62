/** Emoji by their names: in a message after a colon, and as reactions. */
import { describe, expect, it } from 'vitest'
import { emojiOf, offeredEmoji } from '../../src/tui/text/emoji.ts'
import type { Drive } from './drive.ts'
import { inDemo } from './in-demo.ts'

function sent(drive: Drive): unknown {
  return drive.effects.findLast((effect) => effect.do === 'send')?.content
}

describe('in a message, Tab after a colon and a name', () => {
  it('offers emoji with their names, the one of just that name first', async () => {
    const { drive } = await inDemo()
    await drive.type('more :tea\t')
    expect(drive.text()).toMatch(/🍵 tea {2}🫖 teapot {2}🧑‍🏫 teacher/)
    expect(drive.chat.editor.text).toBe('more 🍵')
    await drive.type('\t')
    expect(drive.chat.editor.text).toBe('more 🫖')
    await drive.type(' please\r')
    expect(sent(drive)).toEqual({ type: 'text', text: 'more 🫖 please' })
  })

  it('takes the only one at once, also with a colon behind it and right after other text', async () => {
    const { drive } = await inDemo()
    await drive.type('done!:tada:\t')
    expect(drive.chat.editor.text).toBe('done!🎉')
    expect(drive.chat.completion).toBeUndefined()
  })

  it('leaves a time of day, an address and an unknown name alone', async () => {
    for (const text of ['at 10:30', 'http://host:80', 'say :nosuchemoji', 'std::vec']) {
      const { drive } = await inDemo()
      await drive.type(`${text}\t`)
      expect(drive.chat.editor.text).toBe(text)
    }
  })

  it('without Tab is sent as text', async () => {
    const { drive } = await inDemo()
    await drive.type('well :tada: done\r')
    expect(sent(drive)).toEqual({ type: 'text', text: 'well :tada: done' })
  })
})

describe('a reaction', () => {
  it('is named by a word of ours, by a name that others use, or is the character itself', () => {
    expect(['party', ':heart:', 'tada', ':joy:', '100', '-1', '🦊', 'x', ':x:'].map(emojiOf)).toEqual(
      ['🎉', '❤️', '🎉', '😂', '💯', '👎', '🦊', 'x', '❌'], // prettier-ignore
    )
    expect(['no such', 'constructor', ':nosuchemoji:', '', ':'].map(emojiOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      ':',
    ])
  })

  it('is offered by the beginning of a name, each emoji once; without a letter, a few are', () => {
    expect(offeredEmoji('').map(({ name }) => name)).toEqual([
      'yes',
      'heart',
      'laugh',
      'party',
      'wow',
      'sad',
      'thanks',
      'done',
      'look',
      'no',
    ])
    const hearts = offeredEmoji(':hear')
    expect(hearts.slice(0, 2)).toMatchObject([{ name: 'heart' }, { name: 'hearts' }])
    expect(hearts.map(({ name }) => name)).toContain('blue_heart')
    expect(new Set(hearts.map(({ emoji }) => emoji)).size).toBe(hearts.length)
  })
})
