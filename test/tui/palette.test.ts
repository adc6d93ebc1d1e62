import { describe, expect, it } from 'vitest'
import { themes } from '../../src/chat/preferences.ts'
import { nameColourCounts, span, type Colour, type Hue } from '../../src/tui/text/style.ts'
import { Abilities } from '../../src/tui/terminal/abilities.ts'
import { nothingPainted, paint } from '../../src/tui/terminal/paint.ts'
import { backgroundOf, depthOf, paletteOf, type Background, type Palette } from '../../src/tui/terminal/palette.ts'
import { frame } from '../../src/tui/view/frame.ts'
import { nameColours } from '../../src/tui/view/name-colours.ts'

const hues: readonly Hue[] = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan']
const names: readonly Colour[] = Array.from({ length: nameColourCounts.many }, (_, many) => ({ few: 0, many }))
const fewNames: readonly Colour[] = Array.from({ length: nameColourCounts.few }, (_, few) => ({ few, many: 0 }))

describe('the number of colours', () => {
  it.each<[NodeJS.ProcessEnv, string]>([
    [{}, 'none'],
    [{ TERM: 'dumb', COLORTERM: 'truecolor' }, 'none'],
    [{ TERM: 'xterm-256color', NO_COLOR: '1', COLORTERM: 'truecolor' }, 'none'],
    [{ TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
    [{ TERM: 'linux', COLORTERM: 'truecolor' }, '16'],
    [{ TERM: 'ansi' }, '16'],
    [{ TERM: 'vt100' }, 'none'],
    [{ TERM: 'vt220' }, 'none'],
    [{ TERM: 'vt525' }, '16'],
    [{ TERM: 'xterm' }, '16'],
    [{ TERM: 'screen' }, '16'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'true'],
    [{ TERM: 'xterm-256color', COLORTERM: '24bit' }, 'true'],
    [{ TERM: 'tmux-256color', TMUX: '/tmp/x', COLORTERM: 'truecolor' }, 'true'],
    [{ TERM: 'xterm-direct' }, 'true'],
    [{ TERM: 'screen-256color', STY: '1.x', COLORTERM: 'truecolor' }, '256'],
    [{ TERM: 'xterm-kitty' }, '256'],
    [{ TERM: 'foot' }, '256'],
  ])('of %j is %s', (env, wanted) => {
    expect(depthOf(env)).toBe(wanted)
  })
})

it.each([
  ['15;0', 'dark'],
  ['0;15', 'light'],
  ['0;default;15', 'light'],
  ['12;8', 'dark'],
  ['0;7', 'light'],
  ['15;default', undefined],
  ['', undefined],
  [undefined, undefined],
])('COLORFGBG=%s says %s', (COLORFGBG, wanted) => {
  expect(backgroundOf({ COLORFGBG })).toBe(wanted)
})

/** Black and white, Nord and Solarized: backgrounds, and the contrast that is wanted there. */
const grounds: Readonly<Record<Background, readonly (readonly [ground: number, least: number])[]>> = {
  dark: [
    [0x000000, 4.5],
    [0x2e3440, 4.2],
  ],
  light: [
    [0xffffff, 4.5],
    [0xfdf6e3, 4.2],
  ],
}

/** WCAG 2.2. */
function contrast(one: number, other: number): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(rgb: number): number {
  const [red = 0, green = 0, blue = 0] = [rgb >> 16, (rgb >> 8) & 255, rgb & 255]
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** As a terminal with xterm's 256 colours reads it. */
function rgbOf(code: string): number {
  const [, indexed, ...rgb] = /^;38;(?:5;(\d+)|2;(\d+);(\d+);(\d+))$/.exec(code) ?? []
  if (indexed === undefined) return rgb.reduce((value, part) => value * 256 + Number(part), 0)
  const index = Number(indexed)
  if (index >= 232) return (8 + 10 * (index - 232)) * 0x010101
  const level = (part: number): number => (part === 0 ? 0 : 55 + 40 * part)
  const [red, green, blue] = [Math.floor((index - 16) / 36), Math.floor((index - 16) / 6) % 6, (index - 16) % 6]
  return (level(red) << 16) | (level(green) << 8) | level(blue)
}

describe.each(['dark', 'light'] as const)('on a %s background', (background) => {
  it.each(['256', 'true'] as const)('all can be read with %s colours, and names differ', (depth) => {
    const palette = paletteOf(background, depth)
    const codes = [...hues, ...names].map((colour) => palette.colour(colour))
    for (const code of [...codes, palette.dim]) {
      for (const [ground, least] of grounds[background]) {
        expect(contrast(rgbOf(code), ground), `${code} on ${ground.toString(16)}`).toBeGreaterThanOrEqual(least)
      }
    }
    expect(new Set(names.map((colour) => palette.colour(colour))).size).toBe(nameColourCounts.many)
    expect(names.map((colour) => palette.colour(colour))).not.toContain(palette.colour('red'))
    if (depth === 'true') expect(palette.colour(names[3] as Colour)).toMatch(/^;38;2;/)
  })

  it('the sixteen are used where there are no more, and names differ', () => {
    const palette = paletteOf(background, '16')
    const codes = [...hues, ...fewNames].map((colour) => palette.colour(colour))
    for (const code of codes) expect(code).toMatch(/^;(?:3[1-69]|9[0-6])$/)
    expect(new Set(fewNames.map((colour) => palette.colour(colour))).size).toBe(nameColourCounts.few)
    expect(codes.slice(hues.length)).not.toContain(palette.colour('red'))
    // Bright green, yellow and cyan vanish on white.
    if (background === 'light') for (const code of [';92', ';93', ';96']) expect(codes).not.toContain(code)
    if (background === 'light')
      for (const hue of ['yellow', 'cyan'] as const) expect(palette.colour(hue)).not.toMatch(/3[36]/)
    expect(palette.dim).toBe(';2')
  })

  it('there are none with none', () => {
    const palette = paletteOf(background, 'none')
    expect([...hues, ...names].map((colour) => palette.colour(colour)).join('')).toBe('')
  })
})

it('a painted row has the colours of its palette, and is painted anew with another', () => {
  const screen = frame([[span('name', { colour: { few: 3, many: 5 }, bold: true }), span('dim', { dim: true })]], 20, 2)
  const seen = new Set<string>()
  let painted = nothingPainted
  for (const background of ['dark', 'light'] as const) {
    for (const depth of ['none', '16', '256', 'true'] as const) {
      const palette: Palette = paletteOf(background, depth)
      const next = paint(painted, screen, palette)
      if (depth !== 'none') expect(next.output).toContain(`\x1b[0;1${palette.colour({ few: 3, many: 5 })}mname`)
      expect(paint(next.painted, screen, palette).output).toBe('')
      painted = next.painted
      seen.add(painted.rows[0] ?? '')
    }
  }
  // Without colours both are the same, and magenta of the sixteen is it on both.
  expect(seen.size).toBeGreaterThanOrEqual(6)
})

describe('a theme', () => {
  const env = { TERM: 'xterm-256color' }
  const dimOf = (abilities: Abilities): readonly string[] => themes.map((theme) => abilities.palette(theme).dim)
  const [onDark, onLight] = [paletteOf('dark', '256').dim, paletteOf('light', '256').dim]

  it('holds whatever the terminal says, and auto follows it', () => {
    expect(dimOf(new Abilities(env))).toEqual([';2', onDark, onLight, ';2'])
    expect(dimOf(new Abilities({ ...env, COLORFGBG: '0;15' }))).toEqual([onLight, onDark, onLight, ';2'])
    const abilities = new Abilities({ ...env, COLORFGBG: '0;15' })
    abilities.hear({ kind: 'background', background: 'dark' })
    expect(dimOf(abilities)).toEqual([onDark, onDark, onLight, ';2'])
    expect(abilities.palette('none').colour('red')).toBe('')
    expect(new Abilities({ ...env, NO_COLOR: '1' }).palette('dark').colour('red')).toBe('')
    expect(new Abilities(env).palette('auto').colour('red')).toBe(paletteOf('dark', '256').colour('red'))
  })
})

describe('a terminal', () => {
  it('is asked for its background, its keyboard and its widths, and last for what each one answers', () => {
    expect(new Abilities({ TERM: 'xterm-256color' }).ask(0)).toBe('\x1b]11;?\x1b\\\x1b[?u\x1b[?2027$p\x1b[c')
  })

  it.each([{ TERM: 'linux' }, { TERM: 'dumb' }, {}, { TERM: 'vt100' }])('of %j is asked nothing', (env) => {
    const abilities = new Abilities(env)
    expect([abilities.ask(0), abilities.isAnswering(1), abilities.begin, abilities.end]).toEqual(['', false, '', ''])
  })

  it('has what it says that it has turned on, and off again at the end', () => {
    const abilities = new Abilities({ TERM: 'xterm-kitty' })
    expect([abilities.begin, abilities.end]).toEqual(['', ''])
    abilities.hear({ kind: 'keyboard' })
    expect([abilities.begin, abilities.end]).toEqual(['\x1b[>5u', '\x1b[<u'])
    abilities.hear({ kind: 'graphemes', isOn: true })
    expect([abilities.begin, abilities.end]).toEqual(['\x1b[>5u', '\x1b[<u'])
    abilities.hear({ kind: 'graphemes', isOn: false })
    expect([abilities.begin, abilities.end]).toEqual(['\x1b[>5u\x1b[?2027h', '\x1b[?2027l\x1b[<u'])
  })

  it('is waited for until its last answer, or two seconds', () => {
    const abilities = new Abilities({ TERM: 'xterm' })
    expect(abilities.isAnswering(0)).toBe(false)
    abilities.ask(0)
    expect([abilities.isAnswering(1999), abilities.isAnswering(2000)]).toEqual([true, false])
    abilities.hear({ kind: 'attributes' })
    expect(abilities.isAnswering(1)).toBe(false)
  })
})

describe('the colours of names', () => {
  const people = Array.from({ length: 200 }, (_, index) => ({
    fingerprint: Array.from({ length: 6 }, (_, group) =>
      String((index * 7919 + group * 104_729) % 10_000).padStart(4, '0'),
    ).join(' '),
  }))

  it.each(['few', 'many'] as const)('differ as far as there are colours: %s', (depth) => {
    const count = nameColourCounts[depth]
    for (const size of [1, 2, count - 1, count, 200]) {
      const colourOf = nameColours(people.slice(0, size))
      const colours = people.slice(0, size).map(({ fingerprint }) => colourOf(fingerprint)[depth])
      expect(new Set(colours).size).toBe(Math.min(size, count))
      expect(Math.max(...colours)).toBeLessThan(count)
    }
  })

  it('stay when others join, and are by the fingerprint alone for those who are not in', () => {
    const [half, all, none] = [nameColours(people.slice(0, 100)), nameColours(people), nameColours([])]
    for (const { fingerprint } of people.slice(0, 100)) expect(all(fingerprint)).toEqual(half(fingerprint))
    for (const { fingerprint } of people.slice(100)) expect(half(fingerprint)).toEqual(none(fingerprint))
    expect(all(people[0]?.fingerprint ?? '')).toEqual(none(people[0]?.fingerprint ?? ''))
    // Spread over the dozen that differ most.
    expect(new Set(people.map(({ fingerprint }) => none(fingerprint).many)).size).toBe(12)
  })

  it('are of the dozen that differ most, in a room that needs no more', () => {
    for (let from = 0; from < 180; from += 12) {
      const dozen = people.slice(from, from + 12)
      const colours = dozen.map(({ fingerprint }) => nameColours(dozen)(fingerprint).many)
      expect(colours.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, colour) => colour))
    }
  })

  it('are worked out once for a list of members', () => {
    expect(nameColours(people)).toBe(nameColours(people))
  })
})
