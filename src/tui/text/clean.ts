/**
 * What a paste may put into a line of input: text and line breaks. Colours and cursor movements that came along from
 * another terminal are taken out, as are characters that one couldn't see. Pure.
 */
import { stripVTControlCharacters } from 'node:util'
import { sanitize } from '../sanitize.ts'

export function cleanInput(text: string): string {
  return sanitize(stripVTControlCharacters(text.replace(/\r\n?/g, '\n')), () => '')
}
