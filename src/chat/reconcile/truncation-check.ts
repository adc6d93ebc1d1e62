/**
 * Whether the store's log is shorter than this home knows it to be, also from a dropped copy: then it was truncated,
 * and nothing is appended.
 */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { recordHash } from '../../protocol/record.ts'
import type { Checkpoint } from '../replica/replica.ts'

export class TruncationCheck {
  /** Where an earlier copy ended. */
  #remembered: Checkpoint | undefined
  #found: ConclaveError | undefined

  /** Why nothing may be appended behind the end as last read. */
  get found(): ConclaveError | undefined {
    return this.#found
  }

  remember(end: Checkpoint | undefined): void {
    this.#remembered = end
  }

  /** How many records this home knows of after reading up to `next`. */
  knownLength(next: number): number {
    return Math.max(next, this.#remembered?.next ?? 0)
  }

  /**
   * The store shows nothing behind the record before `next`; with a `hole`, something further on. @returns whether that
   * is damage
   */
  endsAt(next: number, hole: boolean): boolean {
    this.#found = undefined
    if (!hole && next >= this.knownLength(next)) return false
    this.#found = hole ? holeAt(next) : cutOff()
    return true
  }

  /** Earlier findings about the end no longer hold. */
  clear(): void {
    this.#found = undefined
  }

  /**
   * A record's hash covers all before it, so the one at the remembered end tells whether the log is the same. @throws
   * tampering
   */
  check(i: number, bytes: Bytes): void {
    const { next, hash } = this.#remembered ?? {}
    if (next !== i + 1 || hash === undefined || equalBytes(recordHash(bytes), hash)) return
    throw new ConclaveError('tampering', 'This room is not the one that was read here before', {
      hint: [
        'Ask the person who runs the store. Compare the hash that ',
        command('verify'),
        ' shows with another member’s.',
      ],
    })
  }
}

function holeAt(i: number): ConclaveError {
  return new ConclaveError('tampering', `Record ${i} of this room’s log is missing, but later ones exist`, {
    hint: 'Nothing is written after a missing record. A member who has it restores it by opening Conclave.',
  })
}

function cutOff(): ConclaveError {
  return new ConclaveError('tampering', 'The end of this room’s log was removed or changed in the store', {
    hint: ['Nothing is written after a gap. To see what is missing: ', command('verify')],
  })
}
