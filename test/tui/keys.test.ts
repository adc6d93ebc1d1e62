import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Input, Sent } from '../../src/tui/input/key.ts'
import { key } from '../../src/tui/input/key.ts'
import { decodeKeys, flushKeys, idleKeyDecoder } from '../../src/tui/input/keys.ts'
import { anyCharacter } from '../any-character.ts'

function decode(...chunks: string[]): readonly Sent[] {
  let decoder = idleKeyDecoder
  const inputs: Sent[] = []
  for (const chunk of chunks) {
    const decoded = decodeKeys(decoder, chunk)
    decoder = decoded.decoder
    inputs.push(...decoded.inputs)
  }
  return [...inputs, ...flushKeys(decoder).inputs]
}

const text = (value: string): Input => ({ kind: 'text', text: value })
const paste = (value: string): Input => ({ kind: 'paste', text: value })

describe('keys', () => {
  it('tells text from the Enter that came in the same chunk', () => {
    expect(decode('hello\r')).toEqual([text('hello'), key('enter')])
    expect(decode('a\nb')).toEqual([text('a'), key('j', { ctrl: true }), text('b')])
  })

  it('knows the keys that move, with their modifiers', () => {
    expect(decode('\x1b[A\x1bOB\x1b[1;5C\x1b[1;3D\x1b[H\x1b[4~\x1b[5~\x1b[6;3~\x1b[Z')).toEqual([
      key('up'),
      key('down'),
      key('right', { ctrl: true }),
      key('left', { alt: true }),
      key('home'),
      key('end'),
      key('page-up'),
      key('page-down', { alt: true }),
      key('tab', { shift: true }),
    ])
  })

  it('knows Ctrl and Alt with letters', () => {
    expect(decode('\x01\x17\x1ba\x1b\r\x1b\x7f\x7f')).toEqual([
      key('a', { ctrl: true }),
      key('w', { ctrl: true }),
      key('a', { alt: true }),
      key('enter', { alt: true }),
      key('backspace', { alt: true }),
      key('backspace'),
    ])
    expect(decode('\x1b1')).toEqual([key('1', { alt: true })])
  })

  it('takes a lone Escape for the key, once nothing follows', () => {
    expect(decodeKeys(idleKeyDecoder, '\x1b').inputs).toEqual([])
    expect(decode('\x1b')).toEqual([key('escape')])
    expect(decode('\x1b', '\x1b')).toEqual([key('escape'), key('escape')])
    expect(decode('\x1b[')).toEqual([key('[', { alt: true })])
    expect(decode('\x1b/quit')).toEqual([key('escape'), text('/quit')])
  })

  it('reads the same whatever the chunks', () => {
    const stream =
      'héllo漢\r\x1b[1;5C\x1b[200~a\x1b[Ab\r\nc\x1b[201~\x1bx\x1b[5~\x1bOA\x1b[<64;3;4M\x1b[O\x1b[I\x1b]11;rgb:0/0/0\x07z'
    const joined = (inputs: readonly Sent[]) =>
      inputs.reduce<Sent[]>((all, input) => {
        const last = all.at(-1)
        if (last?.kind === 'text' && input.kind === 'text') all[all.length - 1] = text(last.text + input.text)
        else all.push(input)
        return all
      }, [])
    const whole = joined(decode(stream))
    expect(whole).toContainEqual(paste('a\x1b[Ab\r\nc'))
    expect(whole).toContainEqual({ kind: 'mouse', act: 'wheel-up', row: 3, column: 2 })
    expect(whole.at(-1)).toEqual(text('z'))
    expect(whole.slice(-3, -1)).toEqual([
      { kind: 'focus', focused: false },
      { kind: 'focus', focused: true },
    ])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 8 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
        const chunks = places.slice(1).map((end, index) => stream.slice(places[index], end))
        expect(joined(decode(...chunks))).toEqual(whole)
      }),
    )
  })

  it('never takes a paste for keys', () => {
    expect(decode('\x1b[200~rm -rf\r\x1b[201~')).toEqual([paste('rm -rf\r')])
    expect(decode('\x1b[200~one', ' two\x1b[20', '1~x')).toEqual([paste('one two'), text('x')])
    // Right after Escape, too.
    expect(decode('\x1b\x1b[200~rm -rf\r\x1b[201~')).toEqual([key('escape'), paste('rm -rf\r')])
  })

  it('swallows what it does not know, and nothing behind it', () => {
    expect(decode('\x1b[?1;2c\x1b[99~\x1bP1+r\x1b\\a')).toEqual([text('a')])
    expect(decode('\x1b[12\rb')).toEqual([key('enter'), text('b')])
  })

  it('knows the left button and the wheel, and where they were', () => {
    expect(decode('\x1b[<0;1;1M\x1b[<0;1;1m\x1b[<64;120;9M\x1b[<65;5;40M\x1b[<80;5;40M')).toEqual([
      { kind: 'mouse', act: 'press', row: 0, column: 0 },
      { kind: 'mouse', act: 'wheel-up', row: 8, column: 119 },
      { kind: 'mouse', act: 'wheel-down', row: 39, column: 4 },
      { kind: 'mouse', act: 'wheel-up', row: 39, column: 4 },
    ])
    // As terminals send it that don't know SGR coordinates.
    expect(decode('\x1b[M !\x22a\x1b[M`!!b')).toEqual([
      { kind: 'mouse', act: 'press', row: 1, column: 0 },
      text('a'),
      { kind: 'mouse', act: 'wheel-up', row: 0, column: 0 },
      text('b'),
    ])
  })

  it('takes other buttons, modifiers, movement and garbage of the mouse for nothing', () => {
    for (const report of ['1;1;1M', '2;1;1M', '4;1;1M', '8;1;1M', '16;1;1M', '32;1;1M', '66;1;1M', '128;1;1M']) {
      expect(decode(`\x1b[<${report}`), report).toEqual([])
    }
    for (const report of ['0;0;1M', '0;1;0M', '0;1M', '0;1;1;1M', ';;M', 'M', '0;-1;1M', '0;99999999;1M', '0;1;1h']) {
      expect(
        decode(`\x1b[<${report}x`).filter((input) => input.kind !== 'text'),
        report,
      ).toEqual([])
    }
  })

  it('takes no part of a report for text, wherever the line to the terminal stalls', () => {
    const report = '\x1b[<0;12;34M'
    for (let cut = 1; cut < report.length; cut += 1) {
      for (let second = cut; second < report.length; second += 1) {
        const flushed = flushKeys(decodeKeys(idleKeyDecoder, report.slice(0, cut)).decoder)
        const more =
          second > cut && cut > 2 ? flushKeys(decodeKeys(flushed.decoder, report.slice(cut, second)).decoder) : flushed
        const { inputs } = decodeKeys(more.decoder, `${report.slice(cut > 2 ? second : cut)}x`)
        expect(inputs, `${cut} ${second}`).toEqual([{ kind: 'mouse', act: 'press', row: 33, column: 11 }, text('x')])
      }
    }
    // What a person types after a cut one is not lost.
    const cut = flushKeys(decodeKeys(idleKeyDecoder, '\x1b[<0;1').decoder)
    expect(decodeKeys(cut.decoder, 'hello 4M').inputs).toEqual([text('hello 4M')])
  })

  it('understands the CSI u form', () => {
    expect(decode('\x1b[13;2u\x1b[97;5u\x1b[27u\x1b[27;5;106~')).toEqual([
      key('enter', { shift: true }),
      key('a', { ctrl: true }),
      key('escape'),
      key('j', { ctrl: true }),
    ])
  })

  it('understands the keys of kitty, on other layouts and on the keypad', () => {
    // Ctrl-_ and Ctrl-/ are written with Shift on some keyboards; Ctrl-S on a Russian one; NumLock is no modifier.
    expect(decode('\x1b[45:95;6u\x1b[55:47;6u\x1b[1099::115;5u\x1b[97;133u\x1b[9;2u\x1b[127;3u\x1b[57419u')).toEqual([
      key('_', { ctrl: true }),
      key('/', { ctrl: true }),
      key('s', { ctrl: true }),
      key('a', { ctrl: true }),
      key('tab', { shift: true }),
      key('backspace', { alt: true }),
      key('up'),
    ])
    expect(decode('\x1b[97:65;4u\x1b[49:33;4u')).toEqual([
      key('a', { alt: true, shift: true }),
      key('!', { alt: true }),
    ])
    expect(decode('\x1b[1099::115;3u\x1b[57400;3u\x1b[57400u\x1b[27;3u')).toEqual([
      key('s', { alt: true }),
      key('1', { alt: true }),
      text('1'),
      key('escape', { alt: true }),
    ])
    expect(decode('\x1b[91;5u\x1b[105;5u\x1b[109;5u\x1b[104;5u\x1b[32;5u')).toEqual([
      key('escape'),
      key('tab'),
      key('enter'),
      key('backspace'),
      key(' ', { ctrl: true }),
    ])
    expect(decode('\x1b[97;9u\x1b[57441;2u\x1b[55296u\x1b[1114112u')).toEqual([])
  })

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: anyCharacter })), (chunks) => {
        for (const input of decode(...chunks)) {
          if (input.kind === 'text') expect(input.text).not.toMatch(/[\0-\x1f\x7f]/)
        }
      }),
    )
  })
})
