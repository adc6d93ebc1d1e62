/** How a room stands after its store was set back, in words for people: what happened, what is done, what is to be done. */
import type { Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command, type CommandHint } from '../../base/hint.ts'
import type { Recovery } from '../chat.ts'
import { missingRemovals } from './removals.ts'
import type { RoomLog } from '../log/room-log.ts'

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

  /** Looks what has come again. */
  async look(): Promise<void> {
    if (this.#log.diverged.branches.length === 0) return
    this.#missing = await this.#log.diverged.missing(this.#isOwn)
  }

  /** Why nothing may be sent; undefined while it may. */
  get writeBlocker(): ConclaveError | undefined {
    const frozen = this.#frozen()
    return (frozen && new ConclaveError('tampering', frozen.text, { hint: frozen.hint })) ?? this.#log.writeBlocker
  }

  get state(): Recovery | undefined {
    const { repairer } = this.#log
    const counts = repairer.progress ?? { done: repairer.putBack, total: repairer.putBack }
    const told = this.#puttingBack() ?? this.#frozen() ?? this.#damaged() ?? this.#parted() ?? this.#putBack()
    return told && { ...counts, ...told }
  }

  #puttingBack(): Told | undefined {
    const { progress } = this.#log.repairer
    if (progress === undefined) return undefined
    const place = `${progress.done} of ${progress.total}`
    return {
      kind: 'putting-back',
      short: `the store was set back: putting back ${place}`,
      text: `${this.#setBack}: putting back record ${place} from this machine’s copy. Nothing new is sent until that is done.`,
      hint: 'Wait.',
    }
  }

  #putBack(): Told | undefined {
    const { putBack } = this.#log.repairer
    if (putBack === 0) return undefined
    return {
      kind: 'put-back',
      short: `the store was set back: ${records(putBack)} put back`,
      text: `${this.#setBack}: ${records(putBack)} put back from this machine’s copy.`,
      hint: 'There is nothing left to do.',
    }
  }

  #parted(): Told | undefined {
    const [own, others] = [this.#missing.own.size, this.#missing.others.size]
    if (own + others === 0) return undefined
    const parts = [
      ...(own > 0 ? [`${messages(own)} of yours ${own === 1 ? 'is' : 'are'} being sent again`] : []),
      ...(others > 0
        ? [`${messages(others)} of others, shown from this machine’s copy, come again when they open it`]
        : []),
    ]
    return {
      kind: 'diverged',
      short: `the store was set back: ${messages(own + others)} still missing`,
      text: `${this.#setBack}, and others wrote before its records could be put back: ${parts.join('; ')}.`,
      hint: 'There is nothing that you must do.',
    }
  }

  #damaged(): Told | undefined {
    const { writeBlocker, repairer } = this.#log
    if (writeBlocker !== undefined) {
      const { message: text, nextStep: hint = '' } = writeBlocker
      return {
        kind: 'damaged',
        short: ['damaged: nothing can be sent; ', this.#verify],
        text: `${this.#nameOf()}: ${text}`,
        hint,
      }
    }
    if (repairer.changed.size === 0) return undefined
    return {
      kind: 'damaged',
      short: ['a record was changed in the store; ', this.#verify],
      text: `${this.#changedText([...repairer.changed])}; this machine goes on with what it had read.`,
      hint: ['To correct it in the store: ', this.#repair],
    }
  }

  #frozen(): Told | undefined {
    const { room, diverged, repairer, withheld } = this.#log
    if (room === undefined) return undefined
    const changed = [...repairer.changed].filter((i) => room.marks.some((mark) => mark.i === i))
    if (changed.length > 0) {
      return {
        kind: 'frozen',
        short: ['frozen: the member list was changed in the store; ', this.#repair],
        text: `${this.#changedText(changed)}, and it says who is in: nothing is sent.`,
        hint: ['To correct it in the store: ', this.#repair],
      }
    }
    const [less] = withheld.missing
    if (less !== undefined) return this.#shownLess(less.by.name)
    const [returned] = withheld.returned
    if (returned !== undefined) return this.#returned(returned.name)
    const removals = missingRemovals(diverged.branches, room)
    if (removals.length === 0) return undefined
    const names = removals.map(({ name }) => (name === '' ? 'somebody' : name)).join(', ')
    return {
      kind: 'frozen',
      short: [`frozen: the removal of ${names} is lost; an admin: `, this.#repair],
      text: `${this.#setBack} and has forgotten that ${names} was kicked: nothing is sent, so that ${names} can’t read it.`,
      hint: ['An admin can do it again: ', this.#repair],
    }
  }

  #shownLess(name: string): Told {
    return {
      kind: 'frozen',
      short: [`frozen: the store hides a room change that ${name} saw; `, this.#verify],
      text: `The store shows less of ${this.#nameOf()} than ${name} saw: a change of the room is missing, perhaps a kick. Nothing is sent.`,
      hint: [
        'Ask the others. Once one of them has repaired it (',
        this.#repair,
        '), drop the copy on this machine (',
        command('forget', this.#nameOf()),
        `). If ${name} made it up, an admin can kick ${name}.`,
      ],
    }
  }

  #returned(name: string): Told {
    return {
      kind: 'frozen',
      short: `frozen: the kick of ${name} does not count; an admin can kick ${name} again`,
      text: `A key that came late shows that the kick of ${name} from ${this.#nameOf()} does not count: nothing is sent, so that ${name} can’t read it.`,
      hint: `An admin kicks ${name} again.`,
    }
  }

  #changedText(changed: readonly number[]): string {
    return changed.length === 1
      ? `Record ${changed[0]} of ${this.#nameOf()} was changed in the store by somebody`
      : `${changed.length} records of ${this.#nameOf()} were changed in the store by somebody`
  }

  get #setBack(): string {
    return `The store of ${this.#nameOf()} was set back to an earlier copy`
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

function records(count: number): string {
  return `${count} ${count === 1 ? 'record' : 'records'}`
}

function messages(count: number): string {
  return `${count} ${count === 1 ? 'message' : 'messages'}`
}
