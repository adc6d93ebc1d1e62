/**
 * Whether the store shows this reader as much of a room as it showed others. Somebody who may write anything into the
 * store can put junk in the place of a change of the room (a kick, say); whoever was not there when it stood takes the
 * room for what it was before, and would write to somebody who is no longer in. What members signed since tells him: a
 * record names the newest change that its author knew, the card the change that it was written with.
 *
 * Only what present members signed counts, so that nobody else can freeze a room in this way; a member who made it up
 * freezes it until an admin kicks him, or until he himself follows what the others see (docs/adr/0013).
 */
import { setImmediate as turn } from 'node:timers/promises'
import { equalBytes, fromHex, hex, type Bytes } from '../../base/bytes.ts'
import { encode, Fields, FormatError } from '../../base/codec.ts'
import { withheldProofsMax, logPageRecords, membersMax } from '../../base/limits.ts'
import { hashBytes } from '../../crypto/hash.ts'
import { publicKeyBytes } from '../../crypto/sign.ts'
import { decodeCard } from '../../protocol/card.ts'
import { cardKey } from '../../protocol/paths.ts'
import { decodeRecord } from '../../protocol/record.ts'
import { memberByKey, type Member, type Room } from '../../protocol/room.ts'
import { includes, headEvidenceOf } from '../../protocol/head-evidence.ts'
import type { Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'
import type { Filed, Ledger } from '../log/ledger.ts'
import { withheldKey } from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'
import { readOne } from '../../store/read-one.ts'
import type { Replica } from '../replica/replica.ts'
import { hashOfRow } from '../replica/row.ts'

/** A present member signed something that follows a change which is not in the log. */
interface WithheldProof {
  readonly signer: Bytes
  readonly head: Bytes
  /** Where he did, or where the log ended when his card was read. */
  readonly i: number
}

export interface WithheldRecordsParts {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly replica: Replica
}

export class WithheldRecords {
  readonly #parts: WithheldRecordsParts
  readonly #ledger: Ledger
  readonly #bySigner = new Map<string, WithheldProof>()
  /** Root keys that had been kicked when the chain was less well known, and were members once it was known better. */
  readonly #returned = new Set<string>()
  /** Of the newest void record with which a member tried to lead out of an epoch that others can open. */
  #strayedAt = -1

  #card: Bytes | undefined
  /** The room as it was until a secret came late. */
  #before: Room | undefined

  constructor(parts: WithheldRecordsParts, ledger: Ledger) {
    this.#parts = parts
    this.#ledger = ledger
  }

  async load(): Promise<void> {
    const entry = await readOne(this.#parts.home, withheldKey(this.#ledger.roomId))
    this.#bySigner.clear()
    this.#returned.clear()
    if (entry === undefined) return
    readLocal('what is known of a room', () => {
      const lists = Fields.decode(entry.value, 2)
      for (const item of lists.array(withheldProofsMax)) {
        const fields = new Fields(item, 3)
        const gap = { signer: fields.fixed(publicKeyBytes), head: fields.fixed(hashBytes), i: fields.unsigned() }
        this.#bySigner.set(hex(gap.signer), gap)
      }
      for (const key of lists.array(membersMax)) this.#returned.add(hex(new Fields([key], 1).fixed(publicKeyBytes)))
    })
  }

  /** Who signed what follows a change that is missing here, and where. */
  get missing(): readonly { readonly i: number; readonly by: Member }[] {
    const { room } = this.#ledger
    return [...this.#bySigner.values()].flatMap(({ signer, head, i }) => {
      const by = room && memberByKey(room, signer)
      return room === undefined || by === undefined || includes(room, head) ? [] : [{ i, by }]
    })
  }

  /** Who had been kicked, and is in: until he is kicked again. */
  get returned(): readonly Member[] {
    return [...this.#returned].flatMap((key) => this.#ledger.room?.members.get(key) ?? [])
  }

  /** Whether a member lost his way in the epoch in force: he could not open it, and what he did about it is void. */
  get hasInvalidEpochRecovery(): boolean {
    const { room } = this.#ledger
    const openedBy = room?.openings.get(room.epoch)?.n
    return openedBy !== undefined && this.#strayedAt > (room?.marks.get(openedBy)?.i ?? Infinity)
  }

  /** Of each record, in order, once it has been filed. */
  async note({ row, judgement }: Filed): Promise<void> {
    const { room, keyring } = this.#ledger
    if (room === undefined || judgement.kind === 'locked') return
    if (judgement.kind !== 'void') {
      // Whoever follows what this reader sees, later than what he signed elsewhere, takes that back.
      const known = this.#bySigner.get(hex(judgement.author.rootKey))
      const isKick = judgement.kind === 'control' && judgement.body.operation.type === 'kick'
      const before = this.#bySigner.size + this.#returned.size
      if (known !== undefined && known.i < row.i) this.#bySigner.delete(hex(known.signer))
      if (isKick) for (const key of this.#returned) if (!room.members.has(key)) this.#returned.delete(key)
      if (this.#bySigner.size + this.#returned.size < before) await this.#save()
      return
    }
    const record = orNothing(() => decodeRecord(row.bytes))
    const evidence = record && headEvidenceOf(room, row.i, record, keyring)
    if (evidence === undefined) return
    if (evidence.hasInvalidEpochRecovery) this.#strayedAt = row.i
    await this.#add(room, { signer: evidence.author.rootKey, head: evidence.head, i: row.i })
  }

  /** A part of the log is about to be read again with a secret that came late. */
  willReadAgain(): void {
    this.#before ??= this.#ledger.room
  }

  /** Before the log is read: what the card tells of must be in the log then. */
  async readCard(signal?: AbortSignal): Promise<void> {
    const { store } = this.#parts
    this.#card = (await readOne(store, cardKey(this.#ledger.roomId), signal))?.value
  }

  /** The log has been read to its end. */
  async caughtUp(): Promise<void> {
    const [before, card] = [this.#before, this.#card]
    this.#before = undefined
    this.#card = undefined
    if (before !== undefined) await this.#noteReturned(before)
    if (card !== undefined) await this.#noteCard(card)
  }

  async #noteCard(bytes: Bytes): Promise<void> {
    const { room, roomId, checkpoint, keyring } = this.#ledger
    // Whoever lacks the key in force can't tell what he can't open from what is missing.
    if (room === undefined || keyring.get(room.openings.get(room.epoch)) === undefined) return
    const card = orNothing(() => decodeCard(roomId, bytes))
    if (card === undefined || memberByKey(room, card.signer) === undefined) return
    if (includes(room, card.head) || (await this.#isVoid(card.head))) return
    await this.#add(room, { signer: card.signer, head: card.head, i: checkpoint.next - 1 })
  }

  /** Whether it stands in the log, and does not count: its author was led astray, and nothing is missing. */
  async #isVoid(head: Bytes): Promise<boolean> {
    const { next } = this.#ledger.checkpoint
    for (let from = 0; from < next; from += logPageRecords) {
      const rows = await this.#parts.replica.rows(from, next, logPageRecords)
      if (rows.some((row) => equalBytes(hashOfRow(row), head))) return true
      await turn()
    }
    return false
  }

  /** Kicks that did not count after all; but for those of one's own that others, who made one no admin, had never seen. */
  async #noteReturned(before: Room): Promise<void> {
    const { room: after } = this.#ledger
    const self = this.#parts.identity.signer.publicKey
    const isAdmin = after !== undefined && memberByKey(after, self)?.admin === true
    const own = isAdmin ? undefined : memberByKey(before, self)?.index
    const known = this.#returned.size
    for (const [key, { kind, n }] of before.departures) {
      const isBlind = own !== undefined && before.marks.get(n)?.author === own
      if (kind !== 'kicked' || isBlind || before.members.has(key)) continue
      if (after?.members.has(key) && this.#returned.size < membersMax) this.#returned.add(key)
    }
    if (this.#returned.size > known) await this.#save()
  }

  async #add(room: Room, gap: WithheldProof): Promise<void> {
    if (includes(room, gap.head)) return
    const known = this.#bySigner.get(hex(gap.signer))
    if (known === undefined ? this.#bySigner.size >= withheldProofsMax : equalBytes(known.head, gap.head)) return
    this.#bySigner.set(hex(gap.signer), gap)
    await this.#save()
  }

  async #save(): Promise<void> {
    const gaps = [...this.#bySigner.values()].map(({ signer, head, i }) => [signer, head, i])
    const value = encode([gaps, [...this.#returned].map((key) => fromHex(key))])
    await this.#parts.home.commit({ then: [{ kind: 'put', key: withheldKey(this.#ledger.roomId), value }] })
  }
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
