/** `/set`, `/bind` and `/alias`: how this home's terminals look and behave. Pure. */
import { preferenceEntriesMax } from '../../base/limits.ts'
import { similar } from '../../base/similar.ts'
import { chordProblem, parseChord } from '../../chat/chord.ts'
import { aliasOf, unaliased } from './aliases.ts'
import { findCommand, needsMore, type Handlers, type Typed } from './commands.ts'
import { actionNames, bindings, boundTo, chordsLabel, defaultOf, editOutsideChord } from './key-table.ts'
import { info, next, problem, sheet } from './next.ts'
import { settings, withPreferences, type Setting } from './settings-table.ts'
import type { Next, State } from './state.ts'

export const resetWord = '-reset'

export const preferenceCommands: Handlers<Typed> = { set, bind, unbind, alias, unalias }

function set(typed: Typed): Next {
  const { state } = typed
  const [first = '', second = '', ...rest] = typed.argument.toLowerCase().split(/\s+/)
  if (first === '') return next(sheet(state, 'Settings', settingLines(state)))
  const isReset = first === resetWord
  const [name, value] = isReset ? [second, ''] : [first, second]
  if (rest.length > 0 || name === '') return needsMore(typed)
  const setting = settings.find((one) => one.name === name)
  if (setting === undefined) {
    const names = settings.map((one) => one.name)
    const near = similar(name, names)
    const hint = near === undefined ? `Settings: ${names.join(', ')}.` : `Did you mean ${near}?`
    return next(problem(state, `There is no setting called ${name}.`, hint))
  }
  if (isReset) return changed(state, setting, setting.usual)
  if (value === '') return next(info(state, settingText(state, setting), `${setting.help} (${valuesText(setting)})`))
  if (setting.values.includes(value)) return changed(state, setting, value)
  return next(problem(state, `${name} can't be ${value}.`, `It is ${valuesText(setting)}.`))
}

function changed(state: State, setting: Setting, value: string): Next {
  const done = setting.change(state, value)
  return { ...done, state: info(done.state, settingText(done.state, setting)) }
}

function settingText(state: State, setting: Setting): string {
  const value = setting.get(state)
  return `${setting.name} is ${value}${value === setting.usual ? ' (the default)' : `; the default is ${setting.usual}`}.`
}

function valuesText({ values }: Setting): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`
}

function settingLines(state: State): readonly string[] {
  const rows = settings.map((setting) => {
    const value = setting.get(state)
    const shown = `${setting.name} ${value}${value === setting.usual ? '' : ` (default: ${setting.usual})`}`
    return [shown, setting.help] as const
  })
  const width = Math.max(...rows.map(([shown]) => shown.length))
  const lines = rows.map(([shown, help]) => ` ${shown.padEnd(width)}  ${help}`)
  return ['', ...lines, '', ' /set NAME VALUE changes one, /set -reset NAME restores its default.']
}

/** The chord at the start, and what follows it; or why there is none. */
function chordIn(argument: string): { readonly chord: string; readonly rest: string } | string {
  const [, keys = '', rest = ''] = /^(ctrl[+-]x\s+ctrl[+-]e(?!\S)|\S*)\s*([^]*)$/i.exec(argument) ?? []
  if (/\s/.test(keys)) return { chord: editOutsideChord, rest }
  const chord = parseChord(keys)
  if (chord === undefined) return `"${keys}" isn't a key.`
  const why = chordProblem(chord)
  return why === undefined ? { chord, rest } : `${chordsLabel(chord)} can't be bound. ${why}.`
}

const chordHint = 'Write keys as alt+s, ctrl+o, f5 or shift+page-up.'

function bind(typed: Typed): Next {
  const { state, argument } = typed
  if (argument === '') return next(sheet(state, 'Keys', bindingLines(state)))
  const found = chordIn(argument)
  if (typeof found === 'string') return next(problem(state, found, chordHint))
  const { chord, rest } = found
  if (rest === '') return next(info(state, bindingText(state, chord)))
  const wrong = wrongTarget(state, rest)
  if (wrong !== undefined) return next(wrong)
  if (isFull(state.preferences.keys, chord)) return next(full(state, 'keys'))
  const isUsual = defaultOf(chord) === rest
  return withText(withPreferences(state, { keys: { [chord]: isUsual ? undefined : rest } }), (after) =>
    bindingText(after, chord),
  )
}

/** A word that is rather a slip than a line. */
function wrongTarget(state: State, target: string): State | undefined {
  if (actionNames.includes(target)) return undefined
  if (target.length > 1024) return problem(state, 'The line is too long.', 'It has at most 1024 characters.')
  const command = /^\/([^\s/]+)/.exec(target)?.[1]
  if (
    command !== undefined &&
    findCommand(command) === undefined &&
    aliasOf(state.preferences, command) === undefined
  ) {
    return problem(state, `Unknown command: /${command}.`, '/help lists the commands.')
  }
  const near = /^[\w-]+$/.test(target) ? similar(target, actionNames) : undefined
  if (near === undefined && !/^\w+-[\w-]+$/.test(target)) return undefined
  const hint = near === undefined ? '/bind lists them.' : `Did you mean ${near}? /bind lists them.`
  return problem(state, `There is no action called ${target}.`, hint)
}

function unbind(typed: Typed): Next {
  const { state, argument } = typed
  if (argument === '') return needsMore(typed)
  const found = chordIn(argument)
  if (typeof found === 'string') return next(problem(state, found, chordHint))
  if (found.rest !== '') return needsMore(typed)
  const { chord } = found
  return withText(withPreferences(state, { keys: { [chord]: undefined } }), (after) => bindingText(after, chord))
}

function bindingText({ preferences }: State, chord: string): string {
  const does = boundTo(preferences, chord)
  if (does === undefined) return `${chordsLabel(chord)} is not bound.`
  return actionNames.includes(does) ? `${chordsLabel(chord)}: ${does}.` : `${chordsLabel(chord)} enters "${does}".`
}

function bindingLines({ preferences }: State): readonly string[] {
  const rows = bindings(preferences).map(([keys, does, help]) => ` ${keys.padEnd(20)}  ${does.padEnd(18)}  ${help}`)
  return ['', ...rows, '', ' /bind KEY ACTION or /bind KEY LINE changes one, /unbind KEY restores the default.']
}

/** May be anything but a command, in small letters. */
const aliasName = /^[^\s/]{1,64}$/

function alias(typed: Typed): Next {
  const { state, argument } = typed
  if (argument === '') return next(sheet(state, 'Aliases', aliasLines(state)))
  const [, word = '', text = ''] = /^\/?(\S*)\s*([^]*)$/.exec(argument) ?? []
  const name = word.toLowerCase()
  if (!aliasName.test(name))
    return next(problem(state, `"${word}" can't be an alias.`, 'An alias is one word, without /.'))
  if (findCommand(name) !== undefined) {
    return next(problem(state, `/${name} is already a command.`, 'Choose another name for the alias.'))
  }
  if (text === '') {
    const known = aliasOf(state.preferences, name)
    return next(known === undefined ? noAlias(state, name) : info(state, `/${name} runs: ${known}`))
  }
  if (text.length > 1024) return next(problem(state, 'The line is too long.', 'It has at most 1024 characters.'))
  if (isFull(state.preferences.aliases, name)) return next(full(state, 'aliases'))
  const done = withPreferences(state, { aliases: { [name]: text } })
  if (unaliased(done.state.preferences, `/${name}`) === undefined) return next(endless(state, name))
  return withText(done, () => `/${name} runs: ${text}`)
}

export function endless(state: State, name: string): State {
  return problem(state, `The alias /${name} refers back to itself.`, '/alias lists them.')
}

function unalias(typed: Typed): Next {
  const { state, argument } = typed
  const name = argument.replace(/^\//, '').toLowerCase()
  if (name === '') return needsMore(typed)
  if (!Object.hasOwn(state.preferences.aliases, name)) return next(noAlias(state, name))
  return withText(withPreferences(state, { aliases: { [name]: undefined } }), () => `Removed the alias /${name}.`)
}

function noAlias(state: State, name: string): State {
  const near = similar(name, Object.keys(state.preferences.aliases))
  return problem(
    state,
    `There is no alias /${name}.`,
    near === undefined ? '/alias lists them.' : `Did you mean /${near}?`,
  )
}

function aliasLines({ preferences }: State): readonly string[] {
  const names = Object.keys(preferences.aliases).toSorted()
  const width = Math.max(0, ...names.map((name) => name.length))
  const rows = names.map((name) => ` /${name.padEnd(width)}  ${preferences.aliases[name] ?? ''}`)
  const none = ' No aliases yet.'
  const how = ' /alias NAME LINE makes one: $* is what follows its name. /unalias NAME removes it.'
  return ['', ...(rows.length === 0 ? [none] : rows), '', how]
}

function isFull(entries: Readonly<Record<string, string>>, name: string): boolean {
  return !Object.hasOwn(entries, name) && Object.keys(entries).length >= preferenceEntriesMax
}

function full(state: State, what: string): State {
  return problem(state, `There are ${preferenceEntriesMax} ${what} already.`, 'Remove one first.')
}

function withText(done: Next, text: (state: State) => string): Next {
  return { ...done, state: info(done.state, text(done.state)) }
}
