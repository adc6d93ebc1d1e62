/** A colour for each person, the same on every screen: drawn from the fingerprint, which no one else can have. */
import type { Colour } from './style.ts'

const colours: readonly Colour[] = [
  'cyan',
  'green',
  'yellow',
  'magenta',
  'blue',
  'brightCyan',
  'brightGreen',
  'brightYellow',
  'brightMagenta',
  'brightBlue',
]

export function colourOf(fingerprint: string): Colour {
  let hash = 7
  for (const character of fingerprint) hash = (hash * 31 + character.charCodeAt(0)) % 65_521
  return colours[hash % colours.length] as Colour
}
