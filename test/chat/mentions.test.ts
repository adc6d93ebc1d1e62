import { describe, expect, it } from 'vitest'
import { isMention, Mentions } from '../../src/chat/timeline/mentions.ts'
import type { TimelineItem } from '../../src/chat/item.ts'

describe('a mention', () => {
  it.each([
    ['ada, look', true],
    ['look, @Ada!', true],
    ['for ADA', true],
    ['Adam and Canada', false],
    ['ada-lovelace', false],
    ['nothing here', false],
  ])('%s: %s', (text, wanted) => expect(isMention(text, 'Ada')).toBe(wanted))

  it('counts until it is read, and never what one wrote oneself', () => {
    const message = (seq: number, own: boolean) =>
      ({ kind: 'message', type: 'text', text: 'hi ada', seq, own }) as unknown as TimelineItem
    const mentions = new Mentions('ada')
    mentions.note([message(1, false), message(2, true), message(3, false)], 0)
    expect(mentions.count).toBe(2)
    mentions.read(1)
    expect(mentions.count).toBe(1)
    mentions.note([message(1, false)], 1)
    expect(mentions.count).toBe(1)
  })
})
