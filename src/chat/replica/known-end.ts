/**
 * Where a room's log ends as far as this home knows, also by a copy of it that was dropped. A log that is shorter now
 * was cut off, and nothing is put behind it.
 */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { recordHash } from '../../protocol/record.ts'
import type { Checkpoint } from './replica.ts'

export class KnownEnd {
  /** Where an earlier copy ended. */
  #remembered: Checkpoint | undefined
  #broken: ConclaveError | undefined

  /** Why nothing may be put behind the end as it was last read. */
  get broken(): ConclaveError | undefined {
    return this.#broken
  }

  remember(end: Checkpoint | undefined): void {
    this.#remembered = end
  }

  /** How many records this home knows of when it has read `next`. */
  known(next: number): number {
    return Math.max(next, this.#remembered?.next ?? 0)
  }

  /** The store shows nothing behind the record before `next`; with a `hole`, something further on. @returns whether that is damage */
  reached(next: number, hole: boolean): boolean {
    this.#broken = undefined
    if (!hole && next >= this.known(next)) return false
    this.#broken = hole ? holeAt(next) : cutOff()
    return true
  }

  /** What was said of the end holds no longer. */
  goesOn(): void {
    this.#broken = undefined
  }

  /** A record's hash covers all before it: the one at the remembered end tells whether they are those that were read before. */
  check(i: number, bytes: Bytes): void {
    const { next, hash } = this.#remembered ?? {}
    if (next !== i + 1 || hash === undefined || equalBytes(recordHash(bytes), hash)) return
    throw new ConclaveError('tampering', 'this room is not the one that was read here before', {
      hint: [
        'Ask the person who runs the store. Compare the hash that ',
        command('verify'),
        ' shows with another member’s.',
      ],
    })
  }
}

function holeAt(i: number): ConclaveError {
  return new ConclaveError('tampering', `record ${i} of this room’s log is missing, and others stand behind it`, {
    hint: 'nothing is written behind a hole; a member who has the record puts it back when he opens Conclave',
  })
}

function cutOff(): ConclaveError {
  return new ConclaveError('tampering', 'the end of this room’s log was removed or changed in the store', {
    hint: ['Nothing is written after a gap. To see what is missing: ', command('verify')],
  })
}
