/** The state of a room whose store was rolled back or tampered with, for people: what happened, and what to do. */
import { count } from '../wording.ts'
import type { Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command, type CommandHint } from '../../base/hint.ts'
import type { Recovery } from '../chat.ts'
import type { Member } from '../../protocol/room.ts'
import type { RoomLog } from '../log/room-log.ts'
import { missingRemovals } from './removals.ts'

export class RoomRecovery {
  readonly #log: RoomLog
  readonly #nameOf: () => string
  readonly #isOwn: (rootKey: Bytes) => boolean
  /** Messages that the store has lost and that have not come again. */
  #missing: { readonly own: ReadonlySet<string>; readonly others: ReadonlySet<string> } = nothing

  constructor(log: RoomLog, nameOf: () => string, isOwn: (rootKey: Bytes) => boolean) {
    this.#log = log
    this.#nameOf = nameOf
    this.#isOwn = isOwn
  }

  /** The ids of the messages that have not. */
  get missing(): ReadonlySet<string> {
    return new Set([...this.#missing.own, ...this.#missing.others])
  }

  /** Checks which have come again. */
  async look(): Promise<void> {
    const { diverged } = this.#log.reconciler
    if (diverged.branches.length > 0) this.#missing = await diverged.missing(this.#isOwn)
  }

  /** Why nothing may be sent; undefined while it may. */
  get writeBlocker(): ConclaveError | undefined {
    const frozen = this.#frozen()
    return (frozen && new ConclaveError('tampering', frozen.text, { hint: frozen.hint })) ?? this.#log.writeBlocker
  }

  get state(): Recovery | undefined {
    const { progress, restored } = this.#log.reconciler
    const counts = progress ?? { done: restored, total: restored }
    const told = this.#restoring() ?? this.#frozen() ?? this.#damaged() ?? this.#diverged() ?? this.#restored()
    return told && { ...counts, ...told }
  }

  #restoring(): Told | undefined {
    const { progress } = this.#log.reconciler
    if (progress === undefined) return undefined
    const place = `${progress.done} of ${progress.total}`
    return {
      kind: 'putting-back',
      short: `store rolled back: restoring ${place}`,
      text: `${this.#rolledBack}: restoring record ${place} from this machine’s copy. Nothing new is sent until that is done.`,
      hint: 'Wait.',
    }
  }

  #restored(): Told | undefined {
    const { restored } = this.#log.reconciler
    if (restored === 0) return undefined
    return {
      kind: 'put-back',
      short: `store rolled back: ${count(restored, 'record')} restored`,
      text: `${this.#rolledBack}: ${count(restored, 'record')} restored from this machine’s copy.`,
      hint: 'You don’t have to do anything.',
    }
  }

  #diverged(): Told | undefined {
    const [own, others] = [this.#missing.own.size, this.#missing.others.size]
    if (own + others === 0) return undefined
    const parts = [
      ...(own > 0 ? [`${count(own, 'message')} of yours ${own === 1 ? 'is' : 'are'} being sent again`] : []),
      ...(others > 0
        ? [
            `${count(others, 'message')} of others, shown from this machine’s copy, will be back once they open Conclave`,
          ]
        : []),
    ]
    return {
      kind: 'diverged',
      short: `store rolled back: ${count(own + others, 'message')} still missing`,
      text: `${this.#rolledBack}, and others wrote before its records could be restored: ${parts.join('; ')}.`,
      hint: 'You don’t have to do anything.',
    }
  }

  #damaged(): Told | undefined {
    const { writeBlocker, changed, branches } = this.#log.reconciler
    if (writeBlocker !== undefined) {
      const { message: text, nextStep: hint = '' } = writeBlocker
      return {
        kind: 'damaged',
        short: ['damaged: nothing can be sent; ', this.#verify],
        text: `${this.#nameOf()}: ${text}`,
        hint,
      }
    }
    const [other] = branches.signed
    if (other !== undefined) return this.#onAnotherBranch(other.by)
    if (changed.size === 0) return undefined
    return {
      kind: 'damaged',
      short: ['a record was changed in the store; ', this.#verify],
      text: `${this.#changedText([...changed])}; this machine keeps what it had read.`,
      hint: ['To correct it in the store: ', this.#repair],
    }
  }

  #frozen(): Told | undefined {
    const { room, reconciler } = this.#log
    if (room === undefined) return undefined
    const changed = [...reconciler.changed].filter((i) => room.marks.some((mark) => mark.i === i))
    if (changed.length > 0) {
      return {
        kind: 'frozen',
        short: ['frozen: the member list was changed in the store; ', this.#repair],
        text: `${this.#changedText(changed)}, and it decides who is a member: nothing is sent.`,
        hint: ['To correct it in the store: ', this.#repair],
      }
    }
    const [less] = reconciler.withheld.missing
    if (less !== undefined) return this.#withheld(less.by.name)
    const [reinstated] = reconciler.withheld.reinstated
    if (reinstated !== undefined) return this.#reinstated(reinstated.name)
    const removals = missingRemovals(reconciler.diverged.branches, room)
    if (removals.length === 0) return undefined
    const names = removals.map(({ name }) => (name === '' ? 'someone' : name)).join(', ')
    return {
      kind: 'frozen',
      short: [`frozen: the removal of ${names} was lost; an admin: `, this.#repair],
      text: `${this.#rolledBack} and lost the removal of ${names}. Nothing is sent, so that ${names} can’t read it.`,
      hint: ['An admin can repeat it: ', this.#repair],
    }
  }

  #withheld(name: string): Told {
    return {
      kind: 'frozen',
      short: [`frozen: the store hides a room change that ${name} saw; `, this.#verify],
      text: `The store shows less of ${this.#nameOf()} than ${name} saw: a change of the room is missing, perhaps a removal. Nothing is sent.`,
      hint: [
        'Ask the others. Once one of them has repaired it (',
        this.#repair,
        '), drop the copy on this machine (',
        command('forget', this.#nameOf()),
        `). If ${name} made it up, an admin can remove ${name}.`,
      ],
    }
  }

  #onAnotherBranch({ name, rootKey }: Member): Told {
    const who = this.#isOwn(rootKey) ? 'your other device' : name
    return {
      kind: 'damaged',
      short: [`TAMPERING: the store shows ${who} another copy of this room; `, this.#verify],
      text: `The store shows ${who} another copy of ${this.#nameOf()} than this machine: a record signed there follows records that are not here. What you write may not reach everyone, and you may not see everything.`,
      hint: [
        `Tell ${who === name ? name : 'the others'} by phone or in person, and compare the head phrase (`,
        this.#verify,
        '). Ask the person who runs the store.',
      ],
    }
  }

  #reinstated(name: string): Told {
    return {
      kind: 'frozen',
      short: `frozen: the removal of ${name} has no effect; an admin can remove ${name} again`,
      text: `A key that arrived late shows that the removal of ${name} from ${this.#nameOf()} has no effect. Nothing is sent, so that ${name} can’t read it.`,
      hint: `An admin can remove ${name} again.`,
    }
  }

  #changedText(changed: readonly number[]): string {
    return changed.length === 1
      ? `Record ${changed[0]} of ${this.#nameOf()} was changed in the store`
      : `${changed.length} records of ${this.#nameOf()} were changed in the store`
  }

  get #rolledBack(): string {
    return `The store of ${this.#nameOf()} was rolled back to an older snapshot`
  }

  get #repair(): CommandHint {
    return command('repair', this.#nameOf())
  }

  get #verify(): CommandHint {
    return command('verify', this.#nameOf())
  }
}

type Told = Pick<Recovery, 'kind' | 'short' | 'text' | 'hint'>

const nothing = { own: new Set<string>(), others: new Set<string>() }
