import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sanitize } from '../../src/tui/sanitize.ts'
import { addressOf, linkedRows, linkId, linksIn } from '../../src/tui/text/links.ts'
import { textOfLine } from '../../src/tui/text/style.ts'
import { wrap } from '../../src/tui/text/wrap.ts'
import { view } from '../../src/tui/view/view.ts'
import { hostileText } from './hostile.ts'
import { alan, inDemo } from './in-demo.ts'

describe('links in a text', () => {
  it.each([
    ['see https://a.example/x?y=1#z.', ['https://a.example/x?y=1#z']],
    ['(http://a.example/b) and https://c.example', ['http://a.example/b', 'https://c.example']],
    ['https://x.example/a_(b) [https://y.example/[1]]', ['https://x.example/a_(b)', 'https://y.example/[1]']],
    ['HTTPS://A.EXAMPLE!', ['HTTPS://A.EXAMPLE']],
    ['ftp://a.example xhttps://b.example http:// javascript://c.example https://...', []],
    ['cut short: https://a.example/lon…', []],
  ])('%j', (text, urls) => {
    expect(linksIn(text).map(({ url }) => url)).toEqual(urls)
  })

  it('keep their address where wrapping breaks them', () => {
    const url = 'https://a.example/a/very/long/way/to/go?and=more'
    const text = `look   here: ${url}, and\n  at http://b.example`
    const rows = wrap(text, 20)
    const lines = linkedRows(text, rows, { bold: true })
    expect(lines.map(textOfLine)).toEqual(rows)
    const pieces = lines.flat().filter(({ style }) => style.link !== undefined)
    const of = (link: string): string =>
      pieces.flatMap(({ text: part, style }) => (style.link === link ? part : '')).join('')
    expect(of(url)).toBe(url)
    expect(of('http://b.example')).toBe('http://b.example')
    for (const { style } of pieces) expect(style).toMatchObject({ bold: true, underline: true })
  })

  it('leave every row as it was, whatever the text', () => {
    fc.assert(
      fc.property(hostileText, hostileText, fc.integer({ min: 8, max: 60 }), (before, after, columns) => {
        const text = sanitize(`${before} https://a.example/${after} ${before}`)
        const rows = wrap(text, columns)
        const lines = linkedRows(text, rows, {})
        expect(lines.map(textOfLine)).toEqual(rows)
        // What is underlined is what is linked, and nothing else.
        for (const { style, text: shown } of lines.flat()) {
          if (style.link !== undefined) expect(style.link).toContain(shown)
        }
      }),
    )
  })
})

describe('the address that a terminal is given', () => {
  it('is printable ASCII, whatever the text holds', () => {
    expect(addressOf('https://пример.example/ü?a=1;b')).toBe(
      'https://%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.example/%C3%BC?a=1;b',
    )
    expect(addressOf('https://a.example/\x1b\\\x07\x9c\n\ud800')).toBe('https://a.example/%1B\\%07%C2%9C%0A%EF%BF%BD')
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(addressOf(`https://${text}`) ?? 'https://').toMatch(/^https:\/\/[\x21-\x7e]*$/)
      }),
    )
  })

  it('is none where the text is too long, or something else', () => {
    expect(addressOf(`https://a.example/${'a'.repeat(2000)}`)).toBeUndefined()
    expect(addressOf(`https://a.example/${'漢'.repeat(300)}`)).toBeUndefined()
    expect(addressOf('file:///etc/passwd')).toBeUndefined()
    expect(addressOf('ssh://-oProxyCommand=x')).toBeUndefined()
  })

  it('takes work that is linear in the text, whatever follows it', () => {
    for (const end of [')', '(', '.', '()', '.)', ']']) {
      expect(linksIn(`http://a.example/x${end.repeat(400_000)}`)).toHaveLength(1)
    }
    expect(linkedRows('http://a '.repeat(40_000), ['http://a '.repeat(40_000)], {})[0]).toHaveLength(80_000)
  })

  it('has an id of letters and digits', () => {
    fc.assert(fc.property(hostileText, (text) => /^[0-9a-z]+$/.test(linkId(text))))
  })
})

describe.each([40, 60, 80, 120])('a message with a link at %i columns', (columns) => {
  it('leads to the whole address from each of its lines', async () => {
    const { demo, drive } = await inDemo({ columns, rows: 24 })
    const url = `https://a.example/${'way/'.repeat(40)}end`
    demo.topic = 'notes: https://t.example/x'
    demo.say(alan, `read ${url}, please`)
    demo.admin('topic', alan, undefined, demo.topic)
    await drive.settle()
    const spans = view(drive.state).rows.flat()
    const shown = (link: string): string =>
      spans.flatMap(({ style, text }) => (style.link === link ? text : '')).join('')
    expect(shown(url)).toBe(url)
    expect(shown('https://t.example/x')).toContain('https://t.example/x')
  })
})
