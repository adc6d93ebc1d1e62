import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unchanged } from '../../src/chat/timeline/changes.ts'
import type { MessageItem } from '../../src/chat/item.ts'
import { htmlWriter, markdownWriter } from '../../src/cli/output/export-formats.ts'
import { sanitize } from '../../src/tui/sanitize.ts'
import { hostileText } from '../tui/hostile.ts'
import { anyCharacter } from '../any-character.ts'

const from = { name: 'mallory', fingerprint: '0', id: '0', admin: false }
const said = (text: string): MessageItem => {
  return { kind: 'message', i: 1, seq: 1, id: '0'.repeat(32), at: 0, from, own: false, type: 'text', text }
}
const anything = fc.oneof(
  fc.string({ unit: anyCharacter }),
  hostileText,
  fc
    .array(fc.constantFrom(...'<>&"\'\\`*_[]()#+-=.!|~$:@\n 1aw\t/\u00a0'), { maxLength: 40 })
    .map((list) => list.join('')),
)

test('nothing that somebody wrote is more than text in HTML', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const [, body = ''] =
        /<blockquote dir="auto">([^]*)<\/blockquote><\/div><\/article>\n$/.exec(
          htmlWriter().message(said(text), unchanged, undefined),
        ) ?? []
      expect(body).not.toMatch(/[<>"']|&(?!#\d+;)/)
      expect(body.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))).toBe(sanitize(text))
      const head = htmlWriter().head({ name: text, topic: `${text}.`, id: '0' })
      expect(head.match(/</g)).toHaveLength(
        htmlWriter().head({ name: 'x', topic: 'x', id: '0' }).match(/</g)?.length ?? 0,
      )
    }),
  )
})

test('nothing that somebody wrote is more than text in Markdown', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const written = markdownWriter().message(said(text), unchanged, undefined)
      const [, body = ''] = /\*\*\d\d:\d\d mallory\*\*\n\n> ([^]*)\n\n$/.exec(written) ?? []
      const lines = body.split('\\\n> ')
      for (const line of lines) {
        expect(line).not.toMatch(/\n/)
        expect(line).not.toMatch(/^ |^$/)
        expect(line).not.toMatch(/(?<!\\)(?:\\\\)*[`*_[\]<>|~$&#]/)
        expect(line).not.toMatch(/^(?:[+\-=:]|\d+[.)])|(?<!\\):\/\/|\bwww\./i)
      }
      const plain = lines.map((line) => line.replace(/\\([!-/:-@[-`{-~])/g, '$1'))
      const blanksAside = (line: string): string => line.replace(/\s/g, ' ').trim()
      expect(plain.map(blanksAside)).toEqual(sanitize(text).split('\n').map(blanksAside))
    }),
  )
})
