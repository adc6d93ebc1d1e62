/**
 * Accepting or declining a join request: `!name`. The fingerprint that was on the screen when the line was begun is passed
 * along; a request that the screen did not show then, with its fingerprint, is shown in a question first. Pure.
 */
import type { Knock } from '../../chat/chat.ts'
import { similar } from '../../base/similar.ts'
import type { Effect } from './effect.ts'
import { foldPage } from './fold.ts'
import type { ChatPage, Next, State } from './state.ts'
import { ask, askInRed, askToTrust, busy, next, problem } from './next.ts'

/** `digits`: the beginning of a fingerprint, with or without spaces; empty if the name is enough. */
export function answerKnock(state: State, answer: 'accept' | 'reject', name: string, digits: string): Next {
  if (state.page.kind !== 'chat') return next(problem(state, 'Enter a room first.'))
  const { knocks } = state.page.room
  const named = knocksNamed(knocks, name)
  if (named.length === 0) return next(nobody(state, answer, knocks, name))
  const wanted = digits.replace(/\s/g, '')
  const fitting = named.filter((knock) => knock.fingerprint.replace(/\s/g, '').startsWith(wanted))
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) {
    const label = answer === 'accept' ? `letting ${only.name} in…` : `declining ${only.name}…`
    const { name: exact, fingerprint } = only
    const effect = { do: answer, name: exact, fingerprint } as const
    if (answer === 'reject') return next(busy(state, label), effect)
    return accepted(state, state.page, only, digits !== '' || wasShown(state.page, only), label, effect)
  }
  const command = answer === 'accept' ? '!' : '/reject '
  const prints = named.map((knock) => knock.fingerprint).join(' and ')
  if (only === undefined) {
    return next(
      problem(state, `No join request from ${named[0]?.name ?? name} with that fingerprint.`, `There is ${prints}.`),
    )
  }
  return next(
    problem(
      state,
      `${named.length} people ask to join as ${only.name}: ${prints}.`,
      `Ask the right person for their fingerprint, then type ${command}${only.name} and its first digits.`,
    ),
  )
}

/** Remembers what a line that is begun was begun in sight of. */
export function withLineBegun(before: State, after: State): State {
  const { page } = after
  if (page.kind !== 'chat') return after
  if (page.editor.text === '') {
    return page.lineBegun === undefined ? after : { ...after, page: { ...page, lineBegun: undefined } }
  }
  if (page.lineBegun !== undefined) return after
  const seen = before.page.kind === 'chat' && before.page.room.id === page.room.id ? before.page : page
  return { ...after, page: { ...page, lineBegun: { timeline: seen.timeline, knocks: seen.room.knocks } } }
}

/** Whether a line with this fingerprint stood in the conversation when the line was begun. */
function wasShown(page: ChatPage, { fingerprint, at }: Knock): boolean {
  const { timeline, knocks } = page.lineBegun ?? { timeline: page.timeline, knocks: page.room.knocks }
  const { hidden, requests } = foldPage({ ...page, timeline, room: { ...page.room, knocks } })
  return timeline.entries.some(
    ({ key, item }) =>
      item.kind === 'admin' &&
      item.event === 'knock' &&
      (item.target ?? item.by).fingerprint === fingerprint &&
      item.at === at &&
      !hidden.has(key) &&
      !requests.has(key),
  )
}

/** Asks for confirmation if the person might regret it, or has not seen the key. */
function accepted(state: State, page: ChatPage, knock: Knock, isChosen: boolean, label: string, effect: Effect): Next {
  const { name, fingerprint, known, returning } = knock
  const past =
    returning === 'kicked'
      ? `${name} was removed before. Once back in, they can also read what was said in between.`
      : ''
  if (known !== undefined) {
    const warning = `${name} asks to join with a key (${fingerprint}) that is NOT the one you know (${known}). Someone may be impersonating ${name}: ask by phone or in person. ${past}`
    return next(askInRed(state, `${warning.trim()} Let this key into ${page.room.name} anyway?`, effect))
  }
  if (!isChosen) {
    const key = `${name} asks to join with this fingerprint: ${fingerprint}. Compare it with ${name} by phone or in person if it matters.`
    return next(askToTrust(state, `${key} ${past} Let ${name} into ${page.room.name}?`.replace('  ', ' '), effect))
  }
  if (past === '') return next(busy(state, label), effect)
  return next(ask(state, `${past} Let ${name} back into ${page.room.name}?`, label, effect))
}

/** An exact match, else ignoring case. */
function knocksNamed(knocks: readonly Knock[], name: string): readonly Knock[] {
  const exact = knocks.filter((knock) => knock.name === name)
  return exact.length > 0 ? exact : knocks.filter((knock) => knock.name.toLowerCase() === name.toLowerCase())
}

function nobody(state: State, answer: 'accept' | 'reject', knocks: readonly Knock[], name: string): State {
  const names = knocks.map((knock) => knock.name)
  const meant = similar(name, names)
  const asking = names.length === 0 ? 'There are none right now' : `Waiting: ${[...new Set(names)].join(', ')}`
  const hint = meant === undefined ? asking : `Did you mean !${meant}?`
  const literally = answer === 'accept' ? ' To send it as text, start with !!.' : ''
  return problem(state, `No join request from "${name}".`, `${hint}${hint.endsWith('?') ? '' : '.'}${literally}`)
}
