/**
 * Locked is not final: tracks epochs whose secret this reader lacks while the log has records of them. When such a
 * secret arrives, the log is judged again from there on.
 */
import { hex } from '../../base/bytes.ts'
import type { EpochOpening } from '../../protocol/epoch.ts'
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
  /** Missed ones whose secret has arrived: where to judge again from. */
  #come: number | undefined
  /** How many openings, and how many keys, have been looked at. */
  #openings = 0
  #held = 0

  constructor(state: LogState, keys: RoomKeys) {
    this.#state = state
    this.#keys = keys
  }

  /** For a copy as it is opened; `first` is its first record. */
  load(first: Row | undefined): void {
    this.#missed.clear()
    this.#come = undefined
    this.#openings = 0
    this.#held = 0
    if (first?.verdict === 'locked') this.#noteLocked(first)
    else this.#noteLacking()
  }

  /** The first record whose verdict may change now. */
  get from(): number | undefined {
    const { keyring } = this.#state
    for (const { confirm } of this.#missed.size > 0 ? keyring.since(this.#held) : []) {
      const missed = this.#missed.get(hex(confirm))
      if (missed === undefined || keyring.get(missed.opening) === undefined) continue
      this.#come = Math.min(this.#come ?? Infinity, missed.from)
    }
    this.#held = keyring.size
    return this.#come
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
    const { keyring, checkpoint } = this.#state
    for (const { opening, i } of this.#state.opened(this.#openings)) {
      // Nothing is behind it yet.
      if (i + 1 >= checkpoint.next) return
      this.#openings += 1
      if (keyring.get(opening) === undefined) this.#missed.set(hex(opening.confirm), { opening, from: i + 1 })
    }
  }
}
