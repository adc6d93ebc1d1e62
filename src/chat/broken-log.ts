/** Why nothing is written behind the end of a log as it stands in the store. */
import { ConclaveError } from '../base/errors.ts'

export function holeAt(i: number): ConclaveError {
  return new ConclaveError('tampering', `record ${i} of this room’s log is missing, and others stand behind it`, {
    hint: 'nothing is written behind a hole; a member who has the record puts it back when he opens Conclave',
  })
}

/** It ends before what was read once. */
export function cutOff(): ConclaveError {
  return new ConclaveError('tampering', 'the end of this room’s log was removed or changed in the store', {
    hint: 'nothing is written behind a hole; conclave verify shows what is missing',
  })
}
