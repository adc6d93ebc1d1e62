/**
 * Locked is not final. Which openings this reader lacks the secrets of, while records stand behind them that may be
 * judged otherwise with one; where such a secret is looked for; and from where on the log is to be read again once it is
 * here.
 */
import { hex } from '../../base/bytes.ts'
import type { EpochOpening } from '../../protocol/epoch.ts'
import { withSkipped, type Room } from '../../protocol/room.ts'
import type { ControlLog } from '../log/control-log.ts'
import { genesisOpening, type KeySearch } from '../log/key-search.ts'
import type { Filed, Ledger } from '../log/ledger.ts'
import type { RoomKeys } from '../log/room-keys.ts'
import type { Row } from '../replica/row.ts'

interface Missed {
  readonly opening: EpochOpening
  /** The first record behind it. */
  readonly from: number
}

export class LateKeys {
  readonly #ledger: Ledger
  readonly #controls: ControlLog
  readonly #search: KeySearch
  readonly #keys: RoomKeys
  /** By confirm. */
  readonly #missed = new Map<string, Missed>()
  /** As it was when they were last counted. */
  #room: Room | undefined

  constructor(ledger: Ledger, controls: ControlLog, search: KeySearch, keys: RoomKeys) {
    this.#ledger = ledger
    this.#controls = controls
    this.#search = search
    this.#keys = keys
  }

  /** For a copy as it is opened; `first` is its first record. */
  load(first: Row | undefined): void {
    this.#missed.clear()
    this.#room = undefined
    if (first?.verdict === 'locked') this.#noteLocked(first)
    else this.#noteLacking()
  }

  /** What was read from there on may be something else now. */
  get from(): number | undefined {
    const come = [...this.#missed.values()].filter(({ opening }) => this.#ledger.keyring.get(opening) !== undefined)
    return come.length === 0 ? undefined : Math.min(...come.map(({ from }) => from))
  }

  /** Of each record that was filed: one that changes the room may bring a secret, also where it is itself locked or void. */
  async note({ row, judgement }: Filed, signal?: AbortSignal): Promise<void> {
    if (judgement.kind === 'locked') this.#noteLocked(row)
    if (this.#missed.size === 0 || row.hashOnly !== undefined) return
    const control = this.#controls.note(row.i, row.bytes)
    if (control !== undefined) await this.#search.learn(control, this.#keys.memberIndex, signal)
  }

  #noteLocked({ i, bytes }: Row): void {
    if (this.#ledger.room !== undefined) return this.#noteLacking()
    const opening = i === 0 ? genesisOpening(bytes) : undefined
    if (opening !== undefined) this.#missed.set(hex(opening.confirm), { opening, from: 0 })
  }

  #noteLacking(): void {
    const { room, keyring, checkpoint } = this.#ledger
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
