/** Key chords as people write them (`Alt+S`, `ctrl-x`, `f5`), in one form: `ctrl+alt+shift+NAME`. Pure. */

interface Pressed {
  readonly name: string
  readonly ctrl: boolean
  readonly alt: boolean
  readonly shift: boolean
}

const spellings: Readonly<Record<string, string>> = {
  control: 'ctrl',
  meta: 'alt',
  option: 'alt',
  return: 'enter',
  esc: 'escape',
  del: 'delete',
  ins: 'insert',
  pgup: 'page-up',
  pageup: 'page-up',
  pgdn: 'page-down',
  pagedown: 'page-down',
  ' ': 'space',
}

/** A terminal sends the same bytes for both. */
const sameBytes: Readonly<Record<string, string>> = {
  'ctrl+i': 'tab',
  'ctrl+m': 'enter',
  'ctrl+h': 'backspace',
  'ctrl+[': 'escape',
}

const named =
  /^(?:enter|tab|backspace|escape|up|down|left|right|home|end|page-up|page-down|insert|delete|space|f[1-9]|f1[0-2])$/

/** The chord of a key that was pressed. */
export function chordOf({ name, ctrl, alt, shift }: Pressed): string {
  // Alt with a capital: some terminals send the letter, others the modifier.
  const isCapital = name.length === 1 && name !== name.toLowerCase()
  const plain = spellings[name] ?? name.toLowerCase()
  return `${ctrl ? 'ctrl+' : ''}${alt ? 'alt+' : ''}${shift || isCapital ? 'shift+' : ''}${plain}`
}

/** Undefined: no chord. */
export function parseChord(text: string): string | undefined {
  let rest = text.trim().toLowerCase()
  const held = new Set<string>()
  for (;;) {
    const [whole = '', word = ''] = /^(ctrl|control|alt|meta|option|shift)[+-](?=.)/.exec(rest) ?? []
    if (whole === '') break
    held.add(spellings[word] ?? word)
    rest = rest.slice(whole.length)
  }
  const name = spellings[rest] ?? rest
  if (!named.test(name) && !/^[^\s\p{C}]$/u.test(name)) return undefined
  const chord = chordOf({ name, ctrl: held.has('ctrl'), alt: held.has('alt'), shift: held.has('shift') })
  return sameBytes[chord] ?? chord
}

const labels: Readonly<Record<string, string>> = {
  'page-up': 'PgUp',
  'page-down': 'PgDn',
  escape: 'Esc',
  delete: 'Del',
}

/** As screens write it: `Ctrl-X`, `Alt+S`, `PgUp`. */
export function chordLabel(chord: string): string {
  const [, modifiers = '', name = ''] = /^((?:(?:ctrl|alt|shift)\+)*)(.*)$/.exec(chord) ?? []
  const key = labels[name] ?? name.charAt(0).toUpperCase() + name.slice(1)
  const before = modifiers.replace(/[a-z]+/g, (word) => word.charAt(0).toUpperCase() + word.slice(1))
  return before === 'Ctrl+' && name.length === 1 ? `Ctrl-${key}` : before + key
}

const forTyping = /^(?:enter|backspace|delete|up|down|left|right|home|end|(?:shift\+)?(?:tab|space|.))$/u

/** Why it can't stand for anything else; undefined: it can. */
export function chordProblem(chord: string): string | undefined {
  if (forTyping.test(chord) || chord.endsWith('escape')) return 'It is needed for typing or for leaving'
  if (chord === 'ctrl+c') return 'It always clears the line and quits'
  if (chord === 'ctrl+x') return 'It starts Ctrl-X Ctrl-E'
  if (chord === 'ctrl+l' || chord === 'ctrl+z') return 'It always redraws or suspends'
  if (chord === 'alt+/' || chord === 'alt+!') return 'A terminal sends the same for Esc followed by this key'
  return undefined
}
