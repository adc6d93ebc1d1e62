/**
 * What follows once a room's log was reconciled after a rollback, or judged again: read mark, membership, metadata,
 * outbox.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Appending } from '../outbox/append.ts'
import type { Recovery, RoomChange } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { isReplay, type Divergence } from '../replica/divergence.ts'
import type { ReadMark } from '../timeline/read-mark.ts'
import { restoreMetadata } from './restore-metadata.ts'
import { RoomRecovery } from './room-recovery.ts'
import type { MembershipSync } from './membership-sync.ts'

export interface AfterRollbackParts {
  readonly appending: Appending
  readonly identity: Identity
  readonly mark: ReadMark
  readonly memory: MembershipSync
  nameOf(): string
  isOwn(rootKey: Bytes): boolean
  tell(change: RoomChange): void
  /** This identity's messages are in the outbox again. */
  requeued(): void
}

export class AfterRollback {
  readonly #parts: AfterRollbackParts
  readonly #recovery: RoomRecovery
  /** How many records had been restored when the metadata was last checked; undefined: check it. */
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

  /** Checks which of the lost messages have come again. */
  async look(): Promise<void> {
    await this.#recovery.look()
  }

  /** The same, if there are any. */
  async lookAgain(): Promise<void> {
    if (this.#recovery.missing.size > 0) await this.#recovery.look()
  }

  /** The metadata may be missing too. */
  noticed(): void {
    this.#settledAt = undefined
  }

  /** Called once the log has been read to its end. */
  async settle(signal?: AbortSignal): Promise<void> {
    const { appending, identity, memory } = this.#parts
    await this.#recovery.look()
    const { restored } = appending.log.reconciler
    if (restored === this.#settledAt) return
    this.#settledAt = restored
    const { room } = appending.log
    if (room !== undefined && (await memory.admissionLost(room))) this.#parts.tell({ kind: 'state' })
    await restoreMetadata(appending, identity, signal)
  }

  /** The history is a different one from there on; this identity's own messages are queued again. */
  async diverged(): Promise<void> {
    const { mark, memory } = this.#parts
    const { replica, state } = this.#parts.appending.log
    const divergence = replica.divergences.at(-1) as Divergence
    const { from } = divergence
    const cause = isReplay(divergence) ? 'late-key' : 'restore'
    const [row] = await replica.rows(from, from + 1, 1)
    const seq = row?.seq ?? state.checkpoint.seq
    if (cause === 'restore') this.noticed()
    memory.forget()
    await mark.goBack(seq - 1)
    await this.#recovery.look()
    this.#parts.tell({ kind: 'diverged', cause, i: from, seq, lost: this.#recovery.missing })
    this.#parts.requeued()
  }
}
