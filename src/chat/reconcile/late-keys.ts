/**
 * Locked is not final: tracks epochs whose secret this reader lacks while the log has records of them. When such a
 * secret arrives, the log is judged again from there on.
 */
import { hex } from '../../base/bytes.ts'
import type { EpochOpening } from '../../protocol/epoch.ts'
import { withSkipped, type Room } from '../../protocol/room.ts'
import { genesisOpening } from '../replay/key-search.ts'
import type { AppliedRecord, LogState } from '../replay/log-state.ts'
import type { RoomKeys } from '../replay/room-keys.ts'
import type { Row } from '../replica/row.ts'

interface Missed {
  readonly opening: EpochOpening
  /** The first record behind it. */
  readonly from: number
}

export class LateKeys {
  readonly #state: LogState
  readonly #keys: RoomKeys
  /** By confirm. */
  readonly #missed = new Map<string, Missed>()
  /** As it was when they were last collected. */
  #room: Room | undefined

  constructor(state: LogState, keys: RoomKeys) {
    this.#state = state
    this.#keys = keys
  }

  /** For a copy as it is opened; `first` is its first record. */
  load(first: Row | undefined): void {
    this.#missed.clear()
    this.#room = undefined
    if (first?.verdict === 'locked') this.#noteLocked(first)
    else this.#noteLacking()
  }

  /** The first record whose verdict may change now. */
  get from(): number | undefined {
    const come = [...this.#missed.values()].filter(({ opening }) => this.#state.keyring.get(opening) !== undefined)
    return come.length === 0 ? undefined : Math.min(...come.map(({ from }) => from))
  }

  /** Called for each applied record: a control record may carry a secret, even if it is itself locked or void. */
  async note({ row, judgement }: AppliedRecord, signal?: AbortSignal): Promise<void> {
    if (judgement.kind === 'locked') this.#noteLocked(row)
    if (this.#missed.size === 0 || row.hashOnly !== undefined) return
    const control = this.#keys.controls.note(row.i, row.bytes)
    if (control !== undefined) await this.#keys.search.learn(control, this.#keys.memberIndex, signal)
  }

  #noteLocked({ i, bytes }: Row): void {
    if (this.#state.room !== undefined) return this.#noteLacking()
    const opening = i === 0 ? genesisOpening(bytes) : undefined
    if (opening !== undefined) this.#missed.set(hex(opening.confirm), { opening, from: 0 })
  }

  #noteLacking(): void {
    const { room, keyring, checkpoint } = this.#state
    if (room === undefined || room === this.#room) return
    this.#room = room
    for (const { openings, marks } of withSkipped(room)) {
      for (const opening of openings) {
        if (opening === undefined || keyring.get(opening) !== undefined) continue
        const from = (marks.get(opening.n)?.i ?? 0) + 1
        if (from < checkpoint.next) this.#missed.set(hex(opening.confirm), { opening, from })
      }
    }
  }
}
