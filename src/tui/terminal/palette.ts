/**
 * From colours by meaning to the codes of a terminal, for its background and as many colours as it has. With 256 and
 * more, all have a contrast of at least 4.5 with black or white (WCAG 2.2, 1.4.3); the sixteen are the terminal's own.
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
  // The terminals of DEC up to the VT420, and what stands in for them on serial lines, are monochrome.
  if ((env['NO_COLOR'] ?? '') !== '' || /^(?:dumb$|vt[1-4])/.test(term)) return 'none'
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
 * Names are in no red, which is for warnings. Each is as far from those before it, in OKLCH and in hue above all, as the
 * readable ones allow: the first differ most.
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
        159, 207, 208, 226, 46, 147, 211, 39, 36, 106, 222, 85, 225, 193, 37, 177, 45, 71, 212, 50, 153, 142, 141, 172,
      ],
    },
    rich: [
      ...['39f3fc', 'f6668f', 'fdd506', '9e8afa', '3db44a', 'fa7c20', '069ff9', 'fd8ff4', 'c9f967', '22fbc6', 'ca8a10'],
      ...['969e64', '17a9cb', 'cd86fe', '2baea1', 'b4cbf9', 'a7fdaa', 'fdd7ac', 'fec5da', 'e969b8', 'edee45', 'a6e2fb'],
      ...['f0d1ff', '12c281'],
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
      names: [23, 163, 57, 130, 129, 28, 25, 58, 53, 55, 18, 29, 89, 60, 96, 21, 94, 54, 128, 127, 63, 97, 24, 93],
    },
    rich: [
      ...['0a7e83', '930660', 'a06604', '7c60db', '537e0e', '0a72da', '6f0f82', '261c92', '0b432b', '5c2507', '413801'],
      ...['033d57', '4a0284', 'c4530f', 'b747a4', '7e7719', '077fa8', '9b54c8', '0d844c', '4861d5', '6a005d', '043b90'],
      ...['2d4608', '524c77'],
    ],
  },
}
