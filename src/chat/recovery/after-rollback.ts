/** What a room does once its log has been put right after a restore, or read again, beside the log itself. */
import type { Bytes } from '../../base/bytes.ts'
import type { Appending } from '../outbox/append.ts'
import type { Recovery, RoomChange } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { isReadAgain, type Divergence } from '../replica/divergence.ts'
import type { ReadMark } from '../timeline/read-mark.ts'
import { putHintsBack } from './room-hints.ts'
import { RoomRecovery } from './room-recovery.ts'
import type { StandingMemory } from './standing-memory.ts'

export interface AfterRollbackParts {
  readonly appending: Appending
  readonly identity: Identity
  readonly mark: ReadMark
  readonly memory: StandingMemory
  nameOf(): string
  isOwn(rootKey: Bytes): boolean
  tell(change: RoomChange): void
  /** Messages of one's own wait in the outbox again. */
  queued(): void
}

export class AfterRollback {
  readonly #parts: AfterRollbackParts
  readonly #recovery: RoomRecovery
  /** So many records had been put back when what stands beside the log was last looked at; undefined: to be looked at. */
  #settledAt: number | undefined = 0

  constructor(parts: AfterRollbackParts) {
    this.#parts = parts
    const isOwn = (rootKey: Bytes) => parts.isOwn(rootKey)
    this.#recovery = new RoomRecovery(parts.appending.log, () => parts.nameOf(), isOwn)
  }

  get recovery(): Recovery | undefined {
    return this.#recovery.state
  }

  /** Why nothing may be sent; undefined while it may. */
  get writeBlocker() {
    return this.#recovery.writeBlocker
  }

  /** Looks which of the messages that the store had lost have come again. */
  async look(): Promise<void> {
    await this.#recovery.look()
  }

  /** The same, where there are any. */
  async lookAgain(): Promise<void> {
    if (this.#recovery.missing.size > 0) await this.#recovery.look()
  }

  /** What stands beside the log may be missing too. */
  noticed(): void {
    this.#settledAt = undefined
  }

  /** Once the log has been read to its end. */
  async settle(signal?: AbortSignal): Promise<void> {
    const { appending, identity, memory } = this.#parts
    await this.#recovery.look()
    const { putBack } = appending.log.repairer
    if (putBack === this.#settledAt) return
    this.#settledAt = putBack
    const { room } = appending.log
    if (room !== undefined && (await memory.admissionLost(room))) this.#parts.tell({ kind: 'state' })
    await putHintsBack(appending, identity, signal)
  }

  /** The history is another one from there on; what was one's own waits to be sent again. */
  async parted(): Promise<void> {
    const { mark, memory } = this.#parts
    const { replica, ledger } = this.#parts.appending.log
    const parting = replica.partings.at(-1) as Divergence
    const { from } = parting
    const cause = isReadAgain(parting) ? 'late-key' : 'restore'
    const [row] = await replica.rows(from, from + 1, 1)
    const seq = row?.seq ?? ledger.checkpoint.seq
    if (cause === 'restore') this.noticed()
    memory.forget()
    await mark.goBack(seq - 1)
    await this.#recovery.look()
    this.#parts.tell({ kind: 'diverged', cause, i: from, seq, lost: this.#recovery.missing })
    this.#parts.queued()
  }
}
