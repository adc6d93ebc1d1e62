/** The slash commands: their names, what they take, what they do in a line. */

export interface Command {
  readonly name: string
  readonly aliases: readonly string[]
  /** What Tab completes after it. */
  readonly takes: 'nothing' | 'room' | 'member' | 'knocker' | 'emoji' | 'rule' | 'text'
  readonly usage: string
  readonly help: string
  /** Whether it works outside a room too. */
  readonly anywhere: boolean
}

function command(
  names: string,
  takes: Command['takes'],
  usage: string,
  help: string,
  where: 'room' | 'anywhere' = 'room',
): Command {
  const [name = '', ...aliases] = names.split(' ')
  return {
    name,
    aliases,
    takes,
    usage: `/${name}${usage === '' ? '' : ` ${usage}`}`,
    help,
    anywhere: where === 'anywhere',
  }
}

export const commands: readonly Command[] = [
  command('help h ?', 'nothing', '', 'this page', 'anywhere'),
  command('rooms r', 'nothing', '', 'the list of rooms', 'anywhere'),
  command('join j', 'room', 'ROOM', 'enter a room, or ask to be let in', 'anywhere'),
  command('create c', 'text', 'ROOM [unlisted]', 'make a room', 'anywhere'),
  command('dm msg query', 'member', 'NAME', 'a chat of two', 'anywhere'),
  command('me', 'text', 'TEXT', 'say what you do'),
  command('reply', 'text', '[TEXT]', 'answer the picked message, else the newest of somebody else'),
  command('edit', 'text', '[TEXT]', 'write the picked message anew, else your newest'),
  command('delete del', 'nothing', '', 'delete the picked message, else your newest'),
  command('react', 'emoji', '[EMOJI]', 'react to the picked message, else the newest; again takes it back'),
  command('drop', 'nothing', '', 'take away what could not be sent'),
  command('members names n', 'nothing', '', 'who is in, with fingerprints'),
  command('whois w', 'member', 'NAME', "somebody's fingerprint"),
  command('accept a', 'knocker', 'NAME', 'let somebody in; !NAME does the same'),
  command('reject', 'knocker', 'NAME', 'turn somebody away'),
  command('invite', 'member', 'NAME', 'offer somebody a seat; entering is up to him'),
  command('kick', 'member', 'NAME', 'remove somebody, or his invitation; the keys change'),
  command('promote', 'member', 'NAME', 'make somebody an admin'),
  command('demote', 'member', 'NAME', 'no longer an admin'),
  command('verify', 'member', '[NAME]', 'check the whole room, or the safety number with somebody'),
  command('topic', 'text', 'TEXT', 'what this room is about'),
  command('policy', 'rule', '[members|admins] [listed|unlisted]', 'who lets people in; whether others find the room'),
  command('rotate', 'nothing', '', 'new keys for the room'),
  command('repair', 'nothing', '', 'do again what the store has forgotten of this room (admins)'),
  command('leave part', 'nothing', '', 'leave this room for good'),
  command('rekey', 'nothing', '', 'new keys for you, everywhere', 'anywhere'),
  command('clear', 'nothing', '', 'empty the screen; PgUp brings it back'),
  command('quit q exit', 'nothing', '', 'leave Conclave', 'anywhere'),
]

export function findCommand(word: string): Command | undefined {
  const name = word.toLowerCase()
  return commands.find((candidate) => candidate.name === name || candidate.aliases.includes(name))
}

const keyHelp: readonly (readonly [string, string])[] = [
  ['Enter', 'send; Alt+Enter or Ctrl+J starts a new line'],
  ['Tab', 'complete a command, a name, a room; again for the next'],
  ['Up, Down', 'what you typed before'],
  ['Shift+Up, Alt+M', 'pick a message: j k move, r replies, e edits, d deletes, + reacts'],
  ['PgUp, PgDn', 'scroll; Alt+Home to the oldest here, Alt+End to the newest'],
  ['Alt+U', 'to the first new message'],
  ['Alt+A', 'to the next room with something new'],
  ['Alt+1 … Alt+0', 'to room 1 … 10'],
  ['Alt+Up, Alt+Down', 'previous and next room; also Ctrl-P and Ctrl-N'],
  ['Alt+K, Ctrl-G', 'find a room'],
  ['Ctrl-B', 'members on or off'],
  ['Ctrl-L', 'draw the screen anew'],
  ['Escape', 'drops what you picked, reply to or edit, then goes back; Ctrl-C clears the line, then asks to quit'],
]

/** Wide enough for nearly all; what is longer stands on a line of its own. */
const leftColumns = 18

function helpRow(left: string, right: string): readonly string[] {
  if (left.length <= leftColumns) return [` ${left.padEnd(leftColumns)}  ${right}`]
  return [` ${left}`, ` ${' '.repeat(leftColumns)}  ${right}`]
}

export function helpLines(): readonly string[] {
  return [
    '',
    ...helpRow('!NAME', 'let NAME in, who asks to join'),
    ...commands.flatMap((one) => helpRow(one.usage, one.help)),
    '',
    ...keyHelp.flatMap(([keys, help]) => helpRow(keys, help)),
    '',
    ' A line that begins with // is sent with one slash, with !! with one exclamation mark.',
  ]
}
