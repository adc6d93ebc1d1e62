/** Tab completion: commands, the names of people who knock after `!`, rooms, members, emoji after `:`. Pure. */
import { replaceRange } from '../input/editor.ts'
import { offeredEmoji } from '../text/emoji.ts'
import { commands, findCommand } from './commands.ts'
import { actionNames } from './key-table.ts'
import { notifyWords } from './notify-commands.ts'
import { resetWord } from './preference-commands.ts'
import { settings } from './settings-table.ts'
import type { ChatPage, Completion, State } from './state.ts'

const candidatesMax = 50

/** Starts or continues completing; `step` is 1, or −1 with Shift. Undefined: nothing matches. */
export function complete(state: State, page: ChatPage, step: 1 | -1): ChatPage | undefined {
  const running = page.completion
  if (running !== undefined) {
    const count = running.candidates.length
    return apply(page, { ...running, selected: (running.selected + step + count) % count })
  }
  const offer = offerFor(state, page)
  if (offer === undefined || offer.candidates.length === 0) return undefined
  const candidates = offer.candidates.slice(0, candidatesMax)
  const applied = apply(page, { ...offer, candidates, selected: step === 1 ? 0 : candidates.length - 1 })
  return candidates.length === 1 ? { ...applied, completion: undefined } : applied
}

function apply(page: ChatPage, completion: Completion): ChatPage {
  const taken = (completion.candidates[completion.selected] ?? '') + completion.suffix
  const editor = replaceRange(page.editor, completion.from, completion.to, taken)
  return { ...page, editor, completion: { ...completion, to: completion.from + taken.length } }
}

/** `:tea`, also right after other text, but no time of day and no address with a port. */
const emojiName = /(?<![\p{L}\p{N}:]):[\w+-]*:?$/u

function emojiOffer(typed: string, from: number, to: number): Completion {
  const offered = offeredEmoji(typed).slice(0, candidatesMax)
  return {
    candidates: offered.map(({ emoji }) => emoji),
    labels: offered.map(({ name, emoji }) => `${emoji} ${name}`),
    selected: 0,
    from,
    to,
    suffix: '',
  }
}

/** @param typed what is behind the command, the last of it still being typed */
function preferenceWords(
  { preferences }: State,
  takes: 'setting' | 'key' | 'alias',
  typed: readonly string[],
): readonly string[] {
  const names = settings.map(({ name }) => name)
  const place = typed.length
  if (takes === 'alias') return place === 1 ? Object.keys(preferences.aliases) : []
  if (takes === 'key') return place === 1 ? Object.keys(preferences.keys) : place === 2 ? actionNames : []
  if (place === 1) return [...names, resetWord]
  if (place > 2) return []
  return typed[0] === resetWord ? names : (settings.find(({ name }) => name === typed[0])?.values ?? [])
}

function offerFor(state: State, page: ChatPage): Completion | undefined {
  const { text, cursor } = page.editor
  const before = text.slice(0, cursor)
  const from = before.search(/\S*$/)
  const word = before.slice(from)
  const members = page.room.members.map((member) => member.name)
  const knockers = page.room.knocks.map((knock) => knock.name)
  const offer = (names: readonly string[], prefix: string, suffix: string): Completion => {
    const typed = word.slice(prefix.length).toLowerCase()
    const fitting = [...new Set(names)].filter((name) => name.toLowerCase().startsWith(typed))
    return { candidates: fitting.map((name) => prefix + name), selected: 0, from, to: cursor, suffix }
  }
  if (from === 0 && word.startsWith('/') && !word.startsWith('//')) {
    return offer([...commands.map((command) => command.name), ...Object.keys(state.preferences.aliases)], '/', ' ')
  }
  if (from === 0 && word.startsWith('!')) return offer(knockers, '!', ' ')
  const command = /^\/(\w+) /.exec(before)?.[1]
  const takes = command === undefined ? undefined : findCommand(command)?.takes
  if (takes === 'room')
    return offer(
      state.rooms.map((room) => room.name),
      '',
      '',
    )
  if (takes === 'member') return offer(members, '', '')
  if (takes === 'knocker') return offer(knockers, '', '')
  if (takes === 'level') return offer(notifyWords, '', ' ')
  if (takes === 'switch') return offer(['on', 'off'], '', '')
  if (takes === 'setting' || takes === 'key' || takes === 'alias') {
    return offer(preferenceWords(state, takes, before.split(/\s+/).slice(1)), '', ' ')
  }
  if (takes === 'ignored') return offer(Object.values(state.preferences.ignored), '', '')
  if (takes === 'rule') return offer(['members', 'admins', 'listed', 'unlisted'], '', ' ')
  if (takes === 'emoji' || page.about?.act === 'react') return emojiOffer(word, from, cursor)
  if (word === '') return undefined
  const named = emojiName.exec(word)
  if (named !== null) return emojiOffer(named[0], from + named.index, cursor)
  const others = members.filter((name) => name !== state.self?.name)
  return word.startsWith('@') ? offer(others, '@', ' ') : offer(others, '', from === 0 ? ': ' : ' ')
}
