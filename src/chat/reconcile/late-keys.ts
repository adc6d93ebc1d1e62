/**
 * Locked is not final: tracks epochs whose secret this reader lacks while the log has records of them. When such a
 * secret arrives, the log is judged again from there on. Others choose how often that happens: beyond a few times, keys
 * wait until enough new records have been read, or for the next start.
 */
import { hex } from '../../base/bytes.ts'
import { decode, encode, Fields } from '../../base/codec.ts'
import { promptReplays, recordKeptBytesMax, replayedBytesPerByte } from '../../base/limits.ts'
import type { EpochOpening } from '../../protocol/epoch.ts'
import { readOne } from '../../store/read-one.ts'
import type { Revision, Store } from '../../store/store.ts'
import { replayFromKey } from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'
import { genesisOpening } from '../replay/key-search.ts'
import type { AppliedRecord, LogState } from '../replay/log-state.ts'
import type { RoomKeys } from '../replay/room-keys.ts'
import { copyOfRoom, type Row } from '../replica/row.ts'

interface Missed {
  readonly opening: EpochOpening
  /** The first record behind it. */
  readonly from: number
}

/** What opening a copy costs for each record beside the control records: what it showed is read. */
const reopenedBytesPerRecord = 64

export class LateKeys {
  readonly #home: Store
  readonly #state: LogState
  readonly #keys: RoomKeys
  /** By confirm. */
  readonly #missed = new Map<string, Missed>()
  /** Missed ones whose secret has arrived: where to judge again from. */
  #come: number | undefined
  /** The same, on disk. */
  #noted: { readonly from: number; readonly revision: Revision } | undefined
  /** How many openings, and how many keys, have been looked at. */
  #openings = 0
  #held = 0
  #replays = 0
  /** Records before this one have been judged before. */
  #furthest = 0
  /** Bytes that are to be read for the first time before anything is judged again. */
  #due = 0

  constructor(home: Store, state: LogState, keys: RoomKeys) {
    this.#home = home
    this.#state = state
    this.#keys = keys
  }

  /** For a copy as it is opened, with its control records. */
  async load(first: Row | undefined, controls: readonly Row[]): Promise<void> {
    this.#missed.clear()
    this.#openings = 0
    this.#held = 0
    const { next } = this.#state.checkpoint
    const reopened = controls.reduce((sum, row) => sum + sizeOf(row), next * reopenedBytesPerRecord)
    this.#due = reopened / replayedBytesPerByte
    this.#furthest = Math.max(this.#furthest, next)
    this.#noted = await this.#readNoted()
    const come = Math.min(this.#noted?.from ?? Infinity, this.#come ?? Infinity)
    this.#come = come < next ? come : undefined
    if (this.#come === undefined) this.#state.keyring.releaseHeldBack()
    if (first?.verdict === 'locked') this.#noteLocked(first)
    else this.#noteLacking()
  }

  /** The first record that is to be judged again now. */
  get from(): number | undefined {
    const { keyring } = this.#state
    const mayReplay = this.#replays < promptReplays || this.#due <= 0
    for (const keys of this.#missed.size > 0 ? keyring.since(this.#held) : []) {
      const missed = this.#missed.get(hex(keys.confirm))
      if (missed === undefined || keyring.get(missed.opening) === undefined) continue
      this.#come = Math.min(this.#come ?? Infinity, missed.from)
      // Judging goes on as before until they are taken.
      if (!mayReplay) keyring.holdBack(keys)
    }
    this.#held = keyring.size
    return mayReplay ? this.#come : undefined
  }

  /** Before the secrets that are put off are saved: the next start takes them. */
  async keep(): Promise<void> {
    const from = this.#come
    if (from === undefined || from >= (this.#noted?.from ?? Infinity)) return
    const { revision } = await this.#home.commit({ then: [{ kind: 'put', key: this.#key, value: encode(from) }] })
    this.#noted = { from, revision }
  }

  /** The copy ends before these records now, and they are judged again. */
  async taken(): Promise<void> {
    this.#replays += 1
    this.#come = undefined
    if (this.#noted === undefined) return
    const [key, modRevision] = [this.#key, this.#noted.revision]
    // Another program of this home may have put off more.
    await this.#home.commit({ if: [{ kind: 'revision', key, modRevision }], then: [{ kind: 'delete', key }] })
  }

  get #key() {
    return replayFromKey(this.#state.roomId)
  }

  async #readNoted() {
    const entry = await readOne(this.#home, this.#key)
    if (entry === undefined) return undefined
    const from = readLocal(copyOfRoom, () => new Fields([decode(entry.value)], 1).unsigned())
    return { from, revision: entry.modRevision }
  }

  /** Called for each applied record: a control record may carry a secret, even if it is itself locked or void. */
  async note({ row, judgement }: AppliedRecord, signal?: AbortSignal): Promise<void> {
    const isAgain = row.i < this.#furthest
    this.#due += isAgain ? sizeOf(row) / replayedBytesPerByte : -sizeOf(row)
    this.#furthest = Math.max(this.#furthest, row.i + 1)
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

function sizeOf({ bytes, hashOnly }: Row): number {
  return hashOnly === undefined ? bytes.length : recordKeptBytesMax
}
