/**
 * News about people's keys on the screen: a number to compare, a key to trust, a changed key.
 *
 * A changed key is the one thing that no one may overlook: it takes over the input line until "seen" is typed into it,
 * so that no stray key dismisses it. Pure.
 */
import type { ChangedKey, HeadComparison, SafetyNumber, Verification } from '../../chat/chat.ts'
import { count, headComparisons, heardLine } from '../../chat/wording.ts'
import { editWith, emptyEditor } from '../input/editor.ts'
import type { Input } from '../input/key.ts'
import type { Event, Unconfirmed } from './event.ts'
import { askInRed, askToQuit, askToTrust, info, next } from './next.ts'
import { isAttempt, unsentBy, withTyped, withUnsent } from './question.ts'
import type { Alarm, Next, Sheet, State } from './state.ts'

export const seenWord = 'seen'

/** Raised for members of the open room, and over when the key turns out to be right. */
export function withAlarm(state: State): State {
  const { alarm, page } = state
  const keys = page.kind === 'chat' ? page.room.changedKeys : []
  if (alarm === undefined) {
    const key = keys.find((one) => !state.seenKeys.has(nameOf(one)))
    return key === undefined ? state : { ...state, alarm: { key, undone: undefined, editor: emptyEditor } }
  }
  if (alarm.undone !== undefined || keys.some((one) => nameOf(one) === nameOf(alarm.key))) return state
  return { ...state, alarm: undefined }
}

export function alarmInput(state: State, alarm: Alarm, input: Input): Next {
  if (input.kind === 'key' && input.ctrl && input.name === 'c') {
    // Quitting is always possible; its question appears below.
    return askToQuit(state)
  }
  if (input.kind === 'key' && input.name === 'enter') {
    const { text } = alarm.editor
    if (text.trim().toLowerCase() !== seenWord) {
      const again: State = { ...state, alarm: { ...alarm, editor: emptyEditor } }
      return next(isAttempt(text) ? again : withTyped(again, text))
    }
    const seenKeys = new Set(state.seenKeys).add(nameOf(alarm.key))
    return next({ ...state, alarm: undefined, seenKeys })
  }
  const editor = editWith(alarm.editor, input, 'one')
  return next(editor === undefined ? state : { ...state, alarm: { ...alarm, editor } })
}

function nameOf({ name, fingerprint, known }: ChangedKey): string {
  return `${name} ${fingerprint} ${known}`
}

export function compared(state: State, other: SafetyNumber): State {
  const { name, fingerprint, confirmed, known } = other
  const shown: State = { ...state, sheet: safetySheet(other) }
  const confirm = { do: 'confirm-key', name, fingerprint } as const
  if (known !== undefined) {
    const question = `This is NOT the key you know as ${name}'s. Did you compare the number with ${name} by phone or in person, and did it match? Accept this key as ${name}'s from now on?`
    return askInRed(shown, question, confirm)
  }
  if (confirmed) return shown
  return askToTrust(shown, `Did the numbers match? Mark ${name} as verified?`, confirm)
}

const undone: Readonly<Record<Unconfirmed, (name: string) => string>> = {
  dm: (name) => `The direct message to ${name} was not opened.`,
  invite: (name) => `${name} was not invited.`,
  join: (name) => `The invitation from ${name} was not accepted.`,
  'confirm-key': (name) => `${name} was not marked as verified.`,
  accept: (name) => `${name} was not let in.`,
  reject: (name) => `The request of ${name} was not declined.`,
  kick: (name) => `${name} was not removed.`,
  promote: (name) => `${name} was not made an admin.`,
  demote: (name) => `${name} is still an admin.`,
}

/** A new key is a question; a key that differs from the known one, or from the fingerprint given, is a warning. */
export function unconfirmed(state: State, { wanted, person, known, given }: Event & { kind: 'unconfirmed' }): State {
  const { name, fingerprint } = person
  const { unsent } = unsentBy(wanted)
  if (known !== undefined || given !== undefined) {
    const key = { name, fingerprint, known: known ?? given ?? '' }
    const alarm: Alarm = { key, undone: undone[wanted.do](name), editor: emptyEditor }
    const raised: State = { ...state, alarm: known === undefined ? { ...alarm, given: true } : alarm }
    return withUnsent(raised, { unsent })
  }
  const who = wanted.do === 'join' ? `Someone calling themselves ${name} invites you.` : `First contact with ${name}.`
  const question = `${who} Fingerprint: ${fingerprint}. Compare it with ${name} by phone or in person if it matters. Trust this key?`
  const confirmed = wanted.do === 'join' ? { ...wanted, fingerprint } : { ...wanted, name, fingerprint }
  const asked = askToTrust(state, question, confirmed)
  return unsent === undefined || asked.confirm === undefined
    ? asked
    : { ...asked, confirm: { ...asked.confirm, unsent } }
}

export function rekeyed(state: State, { self, rooms }: Event & { kind: 'rekeyed' }): State {
  const where = rooms === 1 ? '1 room' : `${rooms} rooms`
  return info({ ...state, self }, `You have new keys, in ${where}.`, `Your fingerprint is now ${self.fingerprint}.`)
}

const shownMax = 200

export function verificationLines(found: Verification, now: number, compared?: HeadComparison): readonly string[] {
  const { records, messages, controls, voids, damage, putBack, head, headPhrase, lastHeard } = found
  const list = (items: Verification['voids']) =>
    items.slice(0, shownMax).map(({ i, reason }) => `   record ${i}: ${reason}`)
  return [
    '',
    ` ${count(records, 'record')} checked: ${count(messages, 'message')}, ${count(controls, 'room event')}.`,
    damage.length === 0
      ? ' Every hash, signature and rule checks out. Nothing is missing.'
      : ` DAMAGE: ${count(damage.length, 'record')} missing or changed.`,
    ...list(damage),
    ...(putBack === 0
      ? []
      : [` ${putBack} records were missing from the store and have been restored from your copy.`]),
    ...(voids.length === 0 ? [] : ['', ` ${voids.length} records were ignored:`, ...list(voids)]),
    ...(compared === undefined ? [] : ['', ` ${headComparisons[compared]}`]),
    '',
    ...lastHeard.map((one) => ` ${heardLine(one, now)}`),
    '',
    ` Head phrase after ${count(records, 'record')}:`,
    `   ${records} ${headPhrase}`,
    ' Compare it with the others by phone or in person. With the same number, the words must be the same;',
    ' with another number, type theirs: /verify NUMBER SIX WORDS',
    '',
    ' Room state hash. Anyone with the same hash sees the same room:',
    ` ${head.replace(/(.{8})(?=.)/g, '$1 ')}`,
  ]
}

function safetySheet({ name, fingerprint, number, confirmed, known }: SafetyNumber): Sheet {
  const groups = number.split(' ')
  const rows = Array.from({ length: Math.ceil(groups.length / 4) }, (_, row) =>
    groups.slice(row * 4, row * 4 + 4).join(' '),
  )
  return {
    title: `You and ${name}`,
    top: 0,
    lines: [
      '',
      ' Your safety number:',
      '',
      ...rows.map((row) => `    ${row}`),
      '',
      ` Compare it with ${name} by phone or in person. If the numbers match, nobody is intercepting your chat.`,
      '',
      ` ${name}'s fingerprint: ${fingerprint}${confirmed ? ' (verified)' : ''}`,
      ...(known === undefined ? [] : ['', ` The key you know is ${known}: someone may be impersonating ${name}.`]),
    ],
  }
}
