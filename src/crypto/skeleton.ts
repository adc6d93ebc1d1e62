/**
 * Which names are allowed, and which are too alike to live side by side.
 *
 * Two names are the same to the registry when their skeletons are equal. The skeleton replaces each character by what it
 * may be taken for in a terminal's font or in an exported page, one by one, so that it is its own skeleton and depends on
 * nothing but the name. It is the key under which a name is stored: **changing the table would split or join
 * existing names**, so it never changes within a version of the protocol.
 *
 *   A–Z → a–z     case is kept for show, never to tell names apart
 *   0 → o         1, i → l        as in Unicode's confusables (UTS 39): O/0, I/l/1
 *   2 → z         5 → s           the pairs that printed serial numbers avoid too; 8/B and 6/G stay apart there and here
 *   m → rn        w → vv          written out rather than drawn together, else vvv would be both wv and vw
 *   _ → -         runs of separators count as one: their length is hard to see
 */
import { ConclaveError } from '../base/errors.ts'
import { roomNameCharsMax, userNameCharsMax, userNameCharsMin } from '../base/limits.ts'

const lookAlikes: ReadonlyMap<string, string> = new Map([
  ['0', 'o'],
  ['1', 'l'],
  ['i', 'l'],
  ['2', 'z'],
  ['5', 's'],
  ['m', 'rn'],
  ['w', 'vv'],
  ['_', '-'],
])

/** At most twice as long as the name. Any text is taken; only names that pass the checks below are ever stored under it. */
export function skeleton(name: string): string {
  let folded = ''
  for (const character of name.toLowerCase()) folded += lookAlikes.get(character) ?? character
  return folded.replace(/-+/g, '-')
}

/** Names that the timeline or a mention gives a meaning of their own, and whatever looks like them. */
const reservedNames = [
  'admin',
  'admins',
  'administrator',
  'moderator',
  'system',
  'conclave',
  'everyone',
  'here',
  'nobody',
]
const reserved: ReadonlySet<string> = new Set(reservedNames.map(skeleton))

/** What speaks against a user's name; undefined when it is allowed. */
export function userNameFault(name: string): string | undefined {
  const fault = nameFault(name, userNameCharsMax)
  if (fault !== undefined) return fault
  return reserved.has(skeleton(name)) ? 'is reserved, or looks like a reserved name' : undefined
}

/** What speaks against a room's name; undefined when it is allowed. */
export function roomNameFault(name: string): string | undefined {
  return nameFault(name, roomNameCharsMax)
}

/** @throws ConclaveError usage */
export function checkUserName(name: string): void {
  refuse('user', userNameFault(name), userNameCharsMax)
}

/** @throws ConclaveError usage */
export function checkRoomName(name: string): void {
  refuse('room', roomNameFault(name), roomNameCharsMax)
}

function nameFault(name: string, charsMax: number): string | undefined {
  if (name.length < userNameCharsMin) return `is shorter than ${userNameCharsMin} characters`
  if (name.length > charsMax) return `is longer than ${charsMax} characters`
  if (!/^[A-Za-z0-9_-]*$/.test(name)) return 'has a character that names do not have'
  if (!/[A-Za-z0-9]/.test(name)) return 'has neither a letter nor a digit'
  return name.startsWith('-') ? 'starts with a hyphen, as options do' : undefined
}

// The name itself is left out of the message: it may carry control characters.
function refuse(of: 'user' | 'room', fault: string | undefined, charsMax: number): void {
  if (fault === undefined) return
  throw new ConclaveError('usage', `This ${of} name ${fault}.`, {
    hint: `Choose ${userNameCharsMin} to ${charsMax} of: letters A to Z, digits, _ and -.`,
  })
}
