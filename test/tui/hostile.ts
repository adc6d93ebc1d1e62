/** Texts of an attacker, for properties: escape sequences, controls, direction marks, joiners, marks, wide characters. */
import fc from 'fast-check'
import { anyCharacter } from '../any-character.ts'

export const hostilePieces = [
  '\x1b[2J',
  '\x1b]0;title\x07',
  '\x1b]8;;http://x\x1b\\',
  '\x1bP+q\x1b\\',
  '\x9b31m',
  '\x9d',
  '\r',
  '\n',
  '\t',
  '\b',
  '\0',
  '\x7f',
  '\u202e',
  '\u2066',
  '\u2069',
  '\u200b',
  '\u200d',
  '\u200c',
  '\u2060',
  '\u00ad',
  '\ufeff',
  '\u2028',
  '\u2029',
  '\ufe0f',
  '\u{e0041}',
  '\u{e007f}',
  '\u3164',
  '\ud800',
  '\udc00',
  '\u0301',
  '\u0489',
  '漢',
  'ｱ',
  '👨‍👩‍👧‍👦',
  '🏴󠁧󠁢󠁳󠁣󠁴󠁿',
  '🇩🇪',
  '❤️',
  'é',
  'क्‍ष',
  'ไทย',
  'a',
  'word',
  ' ',
  '│',
]

export const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...hostilePieces),
      fc.string({ unit: anyCharacter, maxLength: 5 }),
      fc.string({ maxLength: 8 }),
    ),
    {
      maxLength: 30,
    },
  )
  .map((parts) => parts.join(''))
