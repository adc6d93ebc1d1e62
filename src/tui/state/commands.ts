/** The slash commands: their arguments, their /help texts, and their parsing. Pure. */
import type { Preferences } from '../../chat/preferences.ts'
import { bindings } from './key-table.ts'
import { next, problem } from './next.ts'
import { settings } from './settings-table.ts'
import type { ChatPage, Next, State } from './state.ts'

interface Command {
  readonly name: string
  readonly aliases: readonly string[]
  /** What Tab completes after it. */
  readonly takes:
    | 'nothing'
    | 'room'
    | 'member'
    | 'knocker'
    | 'emoji'
    | 'rule'
    | 'level'
    | 'switch'
    | 'setting'
    | 'key'
    | 'alias'
    | 'ignored'
    | 'text'
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
  command('help h ?', 'nothing', '', 'show this help', 'anywhere'),
  command('rooms r', 'nothing', '', 'list the rooms', 'anywhere'),
  command('join j', 'room', 'ROOM', 'open a room, or ask to join it', 'anywhere'),
  command('create c', 'text', 'ROOM [unlisted] [30d|never]', 'create a room', 'anywhere'),
  command('dm msg query', 'member', 'NAME [TEXT]', 'open a direct message, and send the text', 'anywhere'),
  command('me', 'text', 'TEXT', 'describe an action: * ada waves'),
  command('reply', 'text', '[TEXT]', 'reply to the selected message (default: newest from someone else)'),
  command('edit', 'text', '[TEXT]', 'edit the selected message (default: your last)'),
  command('delete del', 'nothing', '', 'delete the selected message (default: your last)'),
  command(
    'react',
    'emoji',
    '[EMOJI]',
    'react to the selected message (default: newest from someone else); repeat to remove',
  ),
  command('drop', 'nothing', '', 'discard unsent messages'),
  command('members names n', 'nothing', '', 'list members with their fingerprints'),
  command('whois w', 'member', 'NAME', "show someone's fingerprint"),
  command('accept a', 'knocker', 'NAME', 'accept a join request; same as !NAME'),
  command('reject', 'knocker', 'NAME', 'decline a join request'),
  command('requests knocks', 'nothing', '', 'list join requests: accept, decline, or decline all'),
  command('search s', 'text', '[-all] WORDS', 'find messages here, or in all rooms; alone: the last results again'),
  command('jump', 'text', 'DATE|#N', 'go to a date (2026-11-30, 14:00, yesterday, 7d) or to message number N'),
  command('move', 'text', 'N', 'give this room the number N (Alt+N opens it)'),
  command('pin', 'text', '[N]', 'pin this room to the top'),
  command('unpin', 'nothing', '', 'unpin this room'),
  command('invite', 'member', 'NAME [FINGERPRINT]', 'invite someone'),
  command('kick', 'member', 'NAME', 'remove a member or invitation (rotates keys)'),
  command('promote', 'member', 'NAME', 'make someone an admin'),
  command('demote', 'member', 'NAME', 'remove admin rights'),
  command('verify', 'member', '[NAME]', 'check the whole room, or compare a safety number or a head phrase'),
  command('topic', 'text', '[TEXT|-clear]', 'show, set or clear the topic'),
  command(
    'policy',
    'rule',
    '[members|admins] [listed|unlisted] [30d|never]',
    'who can let people in; whether it is listed; how often keys change',
  ),
  command('rotate', 'nothing', '', "rotate the room's keys"),
  command('repair', 'nothing', '', 'replay room changes the store lost (admins)'),
  command('leave part', 'nothing', '', 'leave this room for good'),
  command('rekey', 'nothing', '', 'replace your keys in every room', 'anywhere'),
  command(
    'notify',
    'level',
    '[all|mentions|none|default] [everywhere]',
    'what rings and notifies you: in this room, or everywhere; alone: show it',
    'anywhere',
  ),
  command(
    'mute',
    'switch',
    '[on|off]',
    'no notifications from this room, and only mentions count as unread; same as /notify none',
    'anywhere',
  ),
  command('dnd', 'switch', '[on|off]', 'do not disturb: no notifications, unread marks stay', 'anywhere'),
  command(
    'set',
    'setting',
    '[[-reset] NAME] [VALUE]',
    `list settings, show, change or reset one: ${settings.map(({ name }) => name).join(', ')}`,
    'anywhere',
  ),
  command('bind', 'key', '[KEY] [ACTION|LINE]', 'list keys, or bind one to an action or a line', 'anywhere'),
  command('unbind', 'key', 'KEY', 'restore the default of a key', 'anywhere'),
  command('alias', 'alias', '[NAME] [LINE]', 'list aliases, or make /NAME run a line ($*: its arguments)', 'anywhere'),
  command('unalias', 'alias', 'NAME', 'remove an alias', 'anywhere'),
  command(
    'ignore',
    'member',
    '[NAME] [FINGERPRINT]',
    "list ignored people, or hide someone's messages and requests",
    'anywhere',
  ),
  command('unignore', 'ignored', 'NAME', 'stop ignoring someone', 'anywhere'),
  command('clear', 'nothing', '', 'clear the screen; PgUp brings it back'),
  command('quit q exit', 'nothing', '', 'quit Conclave', 'anywhere'),
]

export function findCommand(word: string): Command | undefined {
  const name = word.toLowerCase()
  return commands.find((candidate) => candidate.name === name || candidate.aliases.includes(name))
}

/** Keys that can't be bound to anything else, or that edit the line unless they are. */
const fixedKeys: readonly (readonly [string, string])[] = [
  ['Enter', 'send'],
  ['Tab', 'complete a command, name or room; again for the next'],
  [':NAME Tab', 'an emoji by its name (:tea); without Tab, :tea: is sent as text'],
  ['Up, Down', 'input history'],
  ['Ctrl-_, Ctrl-/', 'undo'],
  ['Ctrl-W, -U, -K', 'cut a word, to the start, to the end; Ctrl-Y: paste, Alt+Y: an older cut'],
  ['Ctrl-T', 'swap two characters'],
  ['Ctrl-L', 'redraw'],
  ['Esc', 'close what is open: a list, a selection, a reply, an edit'],
  ['Ctrl-C', 'clear the input, then quit'],
]

const mouse: readonly (readonly [string, string])[] = [
  ['Click', 'open a room, select a message or request, show who a member is, copy a link'],
  ['Wheel', 'scroll what is under the pointer'],
  ['Shift+drag', 'select text, as your terminal does it'],
]

/** Wide enough for nearly all; longer ones get a line of their own. */
const leftColumns = 18

function helpRow(left: string, right: string): readonly string[] {
  if (left.length <= leftColumns) return [` ${left.padEnd(leftColumns)}  ${right}`]
  return [` ${left}`, ` ${' '.repeat(leftColumns)}  ${right}`]
}

export function helpLines(preferences: Preferences): readonly string[] {
  const bound = bindings(preferences).filter(([keys, does]) => keys !== '' && does !== 'nothing')
  return [
    '',
    ...helpRow('!NAME', "accept NAME's join request"),
    ...commands.flatMap((one) => helpRow(one.usage, one.help)),
    '',
    ...fixedKeys.flatMap(([keys, help]) => helpRow(keys, help)),
    '',
    ...bound.flatMap(([keys, , help]) => helpRow(keys, help)),
    '',
    ...(preferences.mouse ? [...mouse.flatMap(([what, help]) => helpRow(what, help)), ''] : []),
    ' Start a line with // or !! to send a literal / or !.',
    ' Messages: *bold*, _italic_, `code`, ``` fences, > quotes, ||hidden||.',
    ' A \\ before a mark keeps it as it is.',
  ]
}

export interface Typed {
  readonly state: State
  readonly command: Command
  /** Behind the command's name, without the spaces around it. */
  readonly argument: string
  /** The whole input. */
  readonly line: string
}

export interface TypedInRoom extends Typed {
  readonly page: ChatPage
}

/** Returning an error flash leaves the line in place. */
export type Handlers<T extends Typed> = Readonly<Record<string, (typed: T) => Next>>

export function needsMore({ state, command }: Typed): Next {
  return next(problem(state, `Usage: ${command.usage}`))
}

/** A name as typed, without the prefix of a mention or a knock. */
export function plainName(word: string): string {
  return word.replace(/^[@!]/, '')
}
