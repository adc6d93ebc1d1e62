/**
 * What this home had read of a log that is no more: records in whose places others stand, since the store was set back
 * and others wrote first. Nobody's screen loses what it showed: these messages are shown where they were until they come
 * again; and the changes of the room among them tell what an admin has to do again.
 */
import type { Bytes } from '../../base/bytes.ts'
import { logPageRecords } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { ControlBody } from '../../protocol/control.ts'
import { idsOf } from '../../protocol/message.ts'
import type { Room } from '../../protocol/room.ts'
import type { Store } from '../../store/store.ts'
import { Ledger, type Filed } from '../log/ledger.ts'
import { divergedItemKey, divergedItemRange } from '../home/local-paths.ts'
import { isReadAgain, type Divergence } from '../replica/divergence.ts'
import type { Replica } from '../replica/replica.ts'
import { hashOfRow, rowOf, type Row } from '../replica/row.ts'
import { Seen } from '../replica/seen.ts'

export interface DivergedBranch extends Divergence {
  /** As it was before the two logs parted; undefined when they have nothing in common. */
  readonly base: Room | undefined
  /** As this home knew it at the end. */
  readonly room: Room | undefined
  /** Of the changes of the room among the lost records, in order. */
  readonly changes: readonly ControlBody[]
}

export interface DivergedSpan {
  readonly room: Room
  readonly filed: readonly Filed[]
}

interface Branch extends DivergedBranch {
  readonly time: number
  readonly ledger: Ledger
}

export class DivergedRecords {
  readonly #home: Store
  readonly #roomId: Bytes
  readonly #replica: Replica
  readonly #ledger: Ledger
  #branches: readonly Branch[] = []
  /** Opened once, by the parting's number. */
  readonly #opened = new Map<number, readonly Filed[]>()

  constructor(home: Store, roomId: Bytes, replica: Replica, ledger: Ledger) {
    this.#home = home
    this.#roomId = roomId
    this.#replica = replica
    this.#ledger = ledger
  }

  get branches(): readonly DivergedBranch[] {
    return this.#branches
  }

  /** After the replica: what was set aside, the latest first, since each parted from what came to be later. */
  async load(): Promise<void> {
    this.#opened.clear()
    const branches: Branch[] = []
    const { partings } = this.#replica
    let controls = partings.length === 0 ? [] : await this.#replica.controls()
    for (const [time, parting] of [...partings.entries()].reverse()) {
      if (isReadAgain(parting)) continue
      const common = controls.filter(({ i }) => i < parting.from)
      const lost: Row[] = []
      await this.#each(time, (row) => row.n !== null && lost.push(row))
      controls = [...common, ...lost]
      const base = this.#folded(parting.from, common)
      const ledger = this.#folded(parting.to, controls)
      const changes = lost.flatMap((row) => {
        const judgement = ledger.review(row, zeroHash)
        return judgement.kind === 'control' ? [judgement.body] : []
      })
      branches.unshift({ ...parting, time, ledger, base: base.room, room: ledger.room, changes })
    }
    this.#branches = branches
  }

  #folded(next: number, controls: readonly Row[]): Ledger {
    const ledger = new Ledger(this.#roomId, new Seen(this.#roomId), this.#ledger.keyring)
    ledger.resume({ next, hash: zeroHash, seq: 1 }, controls)
    return ledger
  }

  /** Where the log has other records than it had, among from ≤ i < to. */
  divergedBetween(from: number, to: number): readonly number[] {
    const places = this.#branches.map((branch) => branch.from).filter((i) => from <= i && i < to)
    return [...new Set(places)].sort((a, b) => a - b)
  }

  /** What was lost there and has not come again, with the room as this home knew it. */
  async recordsAt(i: number): Promise<readonly DivergedSpan[]> {
    const stretches: DivergedSpan[] = []
    for (const branch of this.#branches.filter(({ from }) => from === i)) {
      const { room } = branch
      if (room === undefined) continue
      stretches.push({ room, filed: (await this.#filed(branch)).map((filed) => this.#unseen(filed)) })
    }
    return stretches
  }

  /** The ids of messages that have not come again: one's own, which are sent anew, and those of others. */
  async missing(isOwn: (rootKey: Bytes) => boolean) {
    const ids = { own: new Set<string>(), others: new Set<string>() }
    for (const branch of this.#branches) {
      for (const { judgement, row } of (await this.#filed(branch)).map((filed) => this.#unseen(filed))) {
        if (judgement.kind !== 'message') continue
        const { inside, author } = judgement
        const all = idsOf(this.#roomId, inside, author).filter((_, k) => !row.repeats.includes(k))
        for (const id of all) ids[isOwn(author.rootKey) ? 'own' : 'others'].add(id)
      }
    }
    return ids
  }

  /** Without the messages that the log shows again. */
  #unseen(filed: Filed): Filed {
    const { judgement, row } = filed
    if (judgement.kind !== 'message') return filed
    const { inside, author } = judgement
    const again = [...inside.contents.keys()].filter((k) => {
      return this.#replica.seen.has(author.firstRootKey, inside.device, inside.counter + k)
    })
    return { ...filed, row: { ...row, repeats: [...new Set([...row.repeats, ...again])] } }
  }

  async #filed(branch: Branch): Promise<readonly Filed[]> {
    const known = this.#opened.get(branch.time)
    if (known !== undefined) return known
    const filed: Filed[] = []
    let { previousHash } = branch
    await this.#each(branch.time, (row) => {
      const judgement = branch.ledger.review(row, previousHash)
      const hash = hashOfRow(row)
      filed.push({ row, judgement, place: { i: row.i, previousHash, hash } })
      previousHash = hash
    })
    this.#opened.set(branch.time, filed)
    return filed
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
