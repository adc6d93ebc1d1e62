/** What the screen makes of news about people's keys: a number to compare, a key to confirm, a change to be warned of. Pure. */
import type { SafetyNumber } from '../../chat/chat.ts'
import { raiseAlarm } from './alarm.ts'
import type { Event } from './event.ts'
import type { State } from './state.ts'
import { ask, askInRed, info } from './next.ts'
import { safetySheet } from './verification.ts'

export function compared(state: State, other: SafetyNumber): State {
  const { name, fingerprint, confirmed, known } = other
  const shown: State = { ...state, sheet: safetySheet(other) }
  const confirm = { do: 'confirm-key', name, fingerprint } as const
  if (known !== undefined) {
    const question = `This is NOT the key you know as ${name}'s. Did you compare the number with ${name} by phone or in person, and did it match? Accept this key as ${name}'s from now on?`
    return askInRed(shown, question, confirm)
  }
  if (confirmed) return shown
  return ask(shown, `Did the numbers match? Mark ${name} as verified?`, 'one moment…', confirm)
}

/** A key that was never seen is a question; one that is another than before is a warning. */
export function unconfirmed(state: State, { wanted, person, known }: Event & { kind: 'unconfirmed' }): State {
  const { name, fingerprint } = person
  const act = wanted.do === 'dm' ? `The direct message to ${name} was not opened.` : `${name} was not invited.`
  if (known !== undefined) return raiseAlarm(state, { name, fingerprint, known }, act)
  const question = `First contact with ${name}. Fingerprint: ${fingerprint}. Compare it with ${name} by phone or in person if it matters. Trust this key?`
  return ask(state, question, 'one moment…', { ...wanted, name, fingerprint })
}

export function rekeyed(state: State, { self, rooms }: Event & { kind: 'rekeyed' }): State {
  const where = rooms === 1 ? '1 room' : `${rooms} rooms`
  return info({ ...state, self }, `You have new keys, in ${where}.`, `Your fingerprint is now ${self.fingerprint}.`)
}
