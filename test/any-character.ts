import fc from 'fast-check'

/** Any code point but surrogates, as a unit of strings. fast-check's own, 'binary', takes seconds and 100 MB to set up. */
export const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800))
