/**
 * Archived records of logs that the store no longer has: it was rolled back, and others wrote first. Their messages are
 * shown where they were until they come again; their control records tell what an admin has to repeat.
 */
import type { Bytes } from '../../base/bytes.ts'
import { logPageRecords } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { ControlBody } from '../../protocol/control.ts'
import { idsOf } from '../../protocol/message.ts'
import type { Room } from '../../protocol/room.ts'
import type { Store } from '../../store/store.ts'
import { LogState, type AppliedRecord } from '../replay/log-state.ts'
import { divergedItemKey, divergedItemRange } from '../home/local-paths.ts'
import { isReplay, type Divergence } from '../replica/divergence.ts'
import type { Replica } from '../replica/replica.ts'
import { hashOfRow, rowOf, type Row } from '../replica/row.ts'
import { Seen } from '../replica/seen.ts'

export interface DivergedBranch extends Divergence {
  /** As it was before the fork; undefined when the logs have nothing in common. */
  readonly base: Room | undefined
  /** The room as this home last knew it. */
  readonly room: Room | undefined
  /** The lost control records, in order. */
  readonly changes: readonly ControlBody[]
}

export interface DivergedSpan {
  readonly room: Room
  readonly records: readonly AppliedRecord[]
}

interface Branch extends DivergedBranch {
  readonly time: number
  readonly state: LogState
}

export class DivergedRecords {
  readonly #home: Store
  readonly #roomId: Bytes
  readonly #replica: Replica
  readonly #state: LogState
  #branches: readonly Branch[] = []
  /** Opened once, by the divergence's number. */
  readonly #opened = new Map<number, readonly AppliedRecord[]>()

  constructor(home: Store, roomId: Bytes, replica: Replica, state: LogState) {
    this.#home = home
    this.#roomId = roomId
    this.#replica = replica
    this.#state = state
  }

  get branches(): readonly DivergedBranch[] {
    return this.#branches
  }

  /** Loaded after the replica. Newest first, since each forked from what came to be later. */
  async load(): Promise<void> {
    this.#opened.clear()
    const branches: Branch[] = []
    const { divergences } = this.#replica
    let controls = divergences.length === 0 ? [] : await this.#replica.controls()
    for (const [time, divergence] of [...divergences.entries()].reverse()) {
      if (isReplay(divergence)) continue
      const common = controls.filter(({ i }) => i < divergence.from)
      const lost: Row[] = []
      await this.#each(time, (row) => row.n !== null && lost.push(row))
      controls = [...common, ...lost]
      const base = this.#folded(divergence.from, common)
      const state = this.#folded(divergence.to, controls)
      const changes = lost.flatMap((row) => {
        const judgement = state.review(row, zeroHash)
        return judgement.kind === 'control' ? [judgement.body] : []
      })
      branches.unshift({ ...divergence, time, state, base: base.room, room: state.room, changes })
    }
    this.#branches = branches
  }

  #folded(next: number, controls: readonly Row[]): LogState {
    const state = new LogState(this.#roomId, new Seen(this.#roomId), this.#state.keyring)
    state.resume({ next, hash: zeroHash, seq: 1 }, controls)
    return state
  }

  /** The forks with from ≤ i < to. */
  divergedBetween(from: number, to: number): readonly number[] {
    const places = this.#branches.map((branch) => branch.from).filter((i) => from <= i && i < to)
    return [...new Set(places)].sort((a, b) => a - b)
  }

  /** What was lost there and has not come again, with the room as this home knew it. */
  async recordsAt(i: number): Promise<readonly DivergedSpan[]> {
    const spans: DivergedSpan[] = []
    for (const branch of this.#branches.filter(({ from }) => from === i)) {
      const { room } = branch
      if (room === undefined) continue
      spans.push({ room, records: await this.#unseen(branch) })
    }
    return spans
  }

  /** The ids of messages that have not come again: this identity's, which are sent again, and those of others. */
  async missing(isOwn: (rootKey: Bytes) => boolean) {
    const ids = { own: new Set<string>(), others: new Set<string>() }
    for (const branch of this.#branches) {
      for (const { judgement, row } of await this.#unseen(branch)) {
        if (judgement.kind !== 'message') continue
        const { inside, author } = judgement
        const all = idsOf(this.#roomId, inside, author).filter((_, k) => !row.repeats.includes(k))
        for (const id of all) ids[isOwn(author.rootKey) ? 'own' : 'others'].add(id)
      }
    }
    return ids
  }

  /** Without the messages that the log shows again. */
  async #unseen(branch: Branch): Promise<readonly AppliedRecord[]> {
    return (await this.#records(branch)).map((record) => {
      const { judgement, row } = record
      if (judgement.kind !== 'message') return record
      const { inside, author } = judgement
      const again = [...inside.contents.keys()].filter((k) => {
        return this.#replica.seen.has(author.firstRootKey, inside.device, inside.counter + k)
      })
      return { ...record, row: { ...row, repeats: [...new Set([...row.repeats, ...again])] } }
    })
  }

  async #records(branch: Branch): Promise<readonly AppliedRecord[]> {
    const known = this.#opened.get(branch.time)
    if (known !== undefined) return known
    const records: AppliedRecord[] = []
    let { previousHash } = branch
    await this.#each(branch.time, (row) => {
      const judgement = branch.state.review(row, previousHash)
      const hash = hashOfRow(row)
      records.push({ row, judgement, place: { i: row.i, previousHash, hash } })
      previousHash = hash
    })
    this.#opened.set(branch.time, records)
    return records
  }

  async #each(time: number, work: (row: Row) => unknown): Promise<void> {
    const { end } = divergedItemRange(this.#roomId, time)
    let start = divergedItemRange(this.#roomId, time).start
    for (;;) {
      const { entries, more } = await this.#home.range(start, end, { limit: logPageRecords })
      const rows = entries.map(rowOf)
      for (const row of rows) work(row)
      const last = rows.at(-1)
      if (!more || last === undefined) return
      start = divergedItemKey(this.#roomId, time, last.i + 1)
    }
  }
}
