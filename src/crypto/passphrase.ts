/**
 * The passphrase that Conclave generates: six words of a list of 2,048, drawn evenly, 66 bits.
 *
 * The list is BIP 39's English one: short common words, no two with the same first four letters. The phrase has nothing
 * else of BIP 39 (no checksum, no seed).
 */
import { wordlist } from '@scure/bip39/wordlists/english.js'
import type { Random } from './random.ts'
import { systemRandom } from './random.ts'

export const passphraseWords = 6
export const passphraseBits = 66

const known: ReadonlySet<string> = new Set(wordlist)

/** Six words with a hyphen between them: one word to a shell, a password file and a double click. */
export function generatePassphrase(random: Random = systemRandom): string {
  const bytes = random(2 * passphraseWords)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // 65,536 is a multiple of 2,048, so the low eleven bits of two random bytes choose evenly.
  const words = Array.from({ length: passphraseWords }, (_, k) => wordlist[view.getUint16(2 * k) % wordlist.length])
  return words.join('-')
}

/** The first 66 bits as six words, to be read to one another. */
export function sixWords(bytes: Uint8Array): string {
  const bits = Array.from(bytes.subarray(0, 9), (byte) => byte.toString(2).padStart(8, '0')).join('')
  const words = Array.from(
    { length: passphraseWords },
    (_, k) => wordlist[parseInt(bits.slice(11 * k, 11 * k + 11), 2)],
  )
  return words.join(' ')
}

/**
 * The one spelling of a passphrase, whatever case, spaces or hyphens it was typed with; undefined when it isn't six
 * words of the list. Says nothing about how the words were chosen: six hand-picked words pass as well.
 */
export function normalizePassphrase(text: string): string | undefined {
  const words = text
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .split(/[\s-]+/)
  return words.length === passphraseWords && words.every((word) => known.has(word)) ? words.join('-') : undefined
}
