import { describe, expect, it } from 'vitest'
import { mentionsKeptMax, unreadKeptMax } from '../../src/base/limits.ts'
import { isMention, UnreadMessages } from '../../src/chat/timeline/unread-messages.ts'
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
    const unread = new UnreadMessages('ada', () => false)
    unread.note([message(1, 'hi ada'), message(2, 'hi ada', true), message(3, 'hi ada')], 0)
    expect(unread.mentions).toBe(2)
    unread.read(1)
    expect(unread.mentions).toBe(1)
    unread.note([message(1, 'hi ada')], 1)
    expect(unread.mentions).toBe(1)
  })
})

describe('unread messages', () => {
  it('are noted once, however often their items come', () => {
    const unread = new UnreadMessages('ada', () => false)
    for (let time = 0; time < 2; time += 1) unread.note([message(1, 'hi ada'), message(2, 'hello')], 0)
    expect(seqs(unread)).toEqual({ forYou: [1], others: [2] })
  })

  it('are all for this person where two talk', () => {
    const unread = new UnreadMessages('ada', () => true)
    unread.note([message(1, 'hello'), message(2, 'hi ada'), message(3, 'well?')], 0)
    expect(seqs(unread)).toEqual({ forYou: [1, 2, 3], others: [] })
    expect(unread.mentions).toBe(1)
  })

  it('are all counted where two talk, up to a bound', () => {
    const unread = new UnreadMessages('ada', () => true)
    for (let seq = 1; seq <= mentionsKeptMax + 5; seq += 1) unread.note([message(seq, 'hello')], 0)
    expect(unread.forYou).toHaveLength(mentionsKeptMax)
    expect(unread.forYou.at(-1)?.seq).toBe(mentionsKeptMax + 5)
  })

  it('keep the oldest and the newest of many, and every mention among them', () => {
    const unread = new UnreadMessages('ada', () => false)
    unread.note([message(1, 'hi ada')], 0)
    for (let seq = 2; seq <= 500; seq += 1) unread.note([message(seq, 'hello')], 0)
    const { forYou, others } = seqs(unread)
    expect(forYou).toEqual([1])
    expect(others).toHaveLength(unreadKeptMax)
    expect([others[0], others.at(-1)]).toEqual([2, 500])
  })

  it('are noted again where the log was replaced', () => {
    const unread = new UnreadMessages('ada', () => false)
    unread.note([message(1, 'hi ada'), message(2, 'hi ada')], 0)
    unread.goBack(1)
    expect(unread.mentions).toBe(1)
    unread.note([message(2, 'hello')], 0)
    expect(seqs(unread)).toEqual({ forYou: [1], others: [2] })
  })
})

function message(seq: number, text: string, own = false): TimelineItem {
  const from = { name: 'bob', fingerprint: '1', id: '', admin: false }
  return { kind: 'message', type: 'text', i: seq, id: String(seq), at: seq, from, text, seq, own }
}

function seqs({ forYou, others }: UnreadMessages): { forYou: number[]; others: number[] } {
  return { forYou: forYou.map(({ seq }) => seq), others: others.map(({ seq }) => seq) }
}
