/**
 * From colours by meaning to the codes of a terminal, for its background and as many colours as it has. With 256 and
 * more, all have a contrast of 4.5 at least (WCAG 2.2, 1.4.3) on common backgrounds; the sixteen are the terminal's own.
 */
import type { Colour, Hue } from '../text/style.ts'

/** How many colours there are. */
export type Depth = 'none' | '16' | '256' | 'true'
export type Background = 'dark' | 'light'

/** The parameters of SGR, each after a semicolon. */
export interface Palette {
  readonly dim: string
  readonly colour: (colour: Colour) => string
}

/** What the environment says of the terminal. */
export function depthOf(env: NodeJS.ProcessEnv): Depth {
  const { TERM: term = 'dumb', COLORTERM: colorTerm = '' } = env
  if ((env['NO_COLOR'] ?? '') !== '' || term === 'dumb') return 'none'
  if (/^(?:linux|ansi|vt\d|cons)/.test(term)) return '16'
  // GNU screen passes on the variable of the terminal around it, and not the colours.
  const isScreen = (env['STY'] ?? '') !== ''
  if (!isScreen && (/^(?:truecolor|24bit)$/i.test(colorTerm) || /-direct/.test(term))) return 'true'
  return /256/.test(term) || /^(?:xterm-(?:kitty|ghostty)|foot|alacritty)/.test(term) ? '256' : '16'
}

/** As some terminals set COLORFGBG: the numbers of their colours, the background's last. */
export function backgroundOf({ COLORFGBG: numbers }: NodeJS.ProcessEnv): Background | undefined {
  const number = /(?:^|;)(\d{1,2})$/.exec(numbers ?? '')?.[1]
  if (number === undefined) return undefined
  return Number(number) < 7 || Number(number) === 8 ? 'dark' : 'light'
}

/** @param background undefined: unknown; then it is taken for dark, and dim text follows the terminal's own colours */
export function paletteOf(background: Background | undefined, depth: Depth): Palette {
  if (depth === 'none') return { dim: ';2', colour: () => '' }
  const { few, many, rich } = tables[background ?? 'dark']
  if (depth === '16') {
    return { dim: ';2', colour: (colour) => `;${typeof colour === 'string' ? few[colour] : few.names[colour.few]}` }
  }
  const names = depth === '256' ? many.names.map((index) => `;38;5;${index}`) : rich.map(trueColour)
  return {
    dim: background === undefined ? ';2' : `;38;5;${many.dim}`,
    colour: (colour) => (typeof colour === 'string' ? `;38;5;${many[colour]}` : (names[colour.many] ?? '')),
  }
}

function trueColour(hex: string): string {
  const value = parseInt(hex, 16)
  return `;38;2;${value >> 16};${(value >> 8) & 255};${value & 255}`
}

type Hues = Readonly<Record<Hue, number>>

interface Table {
  /** SGR codes of the sixteen. */
  readonly few: Hues & { readonly names: readonly number[] }
  /** Of the 256. */
  readonly many: Hues & { readonly names: readonly number[]; readonly dim: number }
  /** For names, where any colour can be shown: RRGGBB. */
  readonly rich: readonly string[]
}

/**
 * Names are in no red, which is for warnings. Each is as far (in OKLab) from those before it as the readable ones allow, so
 * that neighbours differ most.
 */
const tables: Readonly<Record<Background, Table>> = {
  dark: {
    few: {
      ...{ red: 31, green: 32, yellow: 33, blue: 94, magenta: 35, cyan: 36 },
      names: [36, 32, 33, 35, 94, 96, 92, 93, 95],
    },
    many: {
      ...{ red: 210, green: 114, yellow: 221, blue: 75, magenta: 176, cyan: 80, dim: 247 },
      names: [
        159, 207, 70, 39, 208, 118, 182, 221, 79, 141, 143, 37, 117, 121, 226, 40, 216, 149, 229, 211, 110, 214, 176,
        51,
      ],
    },
    rich: [
      ...['1be5ee', 'ff68a0', 'fdc010', '4cb332', '8494fa', 'fdcbf8', '95fc7e', 'bd9670', '20acb3', 'e98dfe', 'e7e9b4'],
      ...['95c78a', 'a8beec', 'fe7802', 'f1b499', 'c88fbb', '0cc1fd', 'b3a90f', 'aef2fe', 'b5d519', 'f8ea21', '21e79b'],
      ...['ffa3cf', '6cfcd0'],
    ],
  },
  light: {
    few: {
      // Yellow and cyan can't be read on white; bold text may even take the bright ones.
      ...{ red: 31, green: 32, yellow: 35, blue: 34, magenta: 35, cyan: 34 },
      names: [34, 35, 36, 32, 95, 94, 33, 90, 39],
    },
    many: {
      ...{ red: 124, green: 22, yellow: 94, blue: 25, magenta: 90, cyan: 23, dim: 241 },
      names: [23, 128, 21, 17, 53, 125, 94, 61, 55, 19, 22, 57, 90, 26, 92, 18, 58, 24, 54, 89, 20, 126, 56, 91],
    },
    rich: [
      ...['076b6f', 'b92d7e', '440164', '2a3201', '634ecf', '9a5505', '713654', '0e30a5', '227702', '013658', '721592'],
      ...['574e0e', '6f608c', '0465af', '471d33', '3c4a79', '662703', '9741b8', '044e40', '900b69', '1f157b', '680b5b'],
      ...['566b40', '045e17'],
    ],
  },
}
