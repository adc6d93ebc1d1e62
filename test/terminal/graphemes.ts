/**
 * The emulator's addon for grapheme clusters. It reads the head of its table from the beginning of a Buffer's memory, which
 * is someone else's where the Buffer lies in Node's pool: then some characters had another width, or loading it failed,
 * now and then. Without a pool it reads its own.
 */
const { poolSize } = Buffer
Buffer.poolSize = 0
const { default: graphemes } = await import('@xterm/addon-unicode-graphemes').finally(
  () => (Buffer.poolSize = poolSize),
)

export const { UnicodeGraphemesAddon } = graphemes
