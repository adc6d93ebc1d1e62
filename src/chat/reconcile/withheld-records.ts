/**
 * Detects a store that hides control records (a kick, say), which would make newcomers write to people who are no
 * longer in. Members' later signatures betray it: a record names the newest control record that its author knew. Only
 * present members' signatures count, so that no one else can freeze a room; a member who makes one up freezes it until
 * an admin removes them (docs/adr/0013).
 */
import { setImmediate as turn } from 'node:timers/promises'
import { equalBytes, fromHex, hex, type Bytes } from '../../base/bytes.ts'
import { encode, Fields, FormatError } from '../../base/codec.ts'
import { withheldProofsMax, logPageRecords, membersMax } from '../../base/limits.ts'
import { hashBytes } from '../../crypto/hash.ts'
import { publicKeyBytes } from '../../crypto/sign.ts'
import { decodeCard } from '../../protocol/card.ts'
import { cardKey } from '../../protocol/paths.ts'
import { memberByKey, type Member, type Room } from '../../protocol/room.ts'
import { includes, type HeadEvidence } from '../../protocol/head-evidence.ts'
import type { Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'
import type { AppliedRecord, LogState } from '../replay/log-state.ts'
import { withheldKey } from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'
import { readOne } from '../../store/read-one.ts'
import type { Replica } from '../replica/replica.ts'
import type { PutOperation } from '../replica/seen.ts'
import { hashOfRow } from '../replica/row.ts'

/** A present member signed something that follows a control record which is not in the log. */
interface WithheldProof {
  readonly signer: Bytes
  readonly head: Bytes
  /** Where that is, or where the log ended when their card was read. */
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
  readonly #state: LogState
  readonly #bySigner = new Map<string, WithheldProof>()
  /** Root keys whose kick turned out, once a late key came, not to count. */
  readonly #reinstated = new Set<string>()
  /** Of the newest void epoch recovery: out of an epoch that others can open. */
  #invalidRecoveryAt = -1

  #card: Bytes | undefined
  /** The room as it was before a late secret. */
  #before: Room | undefined

  constructor(parts: WithheldRecordsParts, state: LogState) {
    this.#parts = parts
    this.#state = state
  }

  async load(): Promise<void> {
    const entry = await readOne(this.#parts.home, withheldKey(this.#state.roomId))
    this.#bySigner.clear()
    this.#reinstated.clear()
    if (entry === undefined) return
    readLocal('what is known of a room', () => {
      const lists = Fields.decode(entry.value, 2)
      for (const item of lists.array(withheldProofsMax)) {
        const fields = new Fields(item, 3)
        const gap = { signer: fields.fixed(publicKeyBytes), head: fields.fixed(hashBytes), i: fields.unsigned() }
        this.#bySigner.set(hex(gap.signer), gap)
      }
      for (const key of lists.array(membersMax)) this.#reinstated.add(hex(new Fields([key], 1).fixed(publicKeyBytes)))
    })
  }

  /** Who signed a record that follows a missing control record, and where. */
  get missing(): readonly { readonly i: number; readonly by: Member }[] {
    const { room } = this.#state
    return [...this.#bySigner.values()].flatMap(({ signer, head, i }) => {
      const by = room && memberByKey(room, signer)
      return room === undefined || by === undefined || includes(room, head) ? [] : [{ i, by }]
    })
  }

  /** Members whose kick turned out not to count, until they are kicked again. */
  get reinstated(): readonly Member[] {
    return [...this.#reinstated].flatMap((key) => this.#state.room?.members.get(key) ?? [])
  }

  /** Whether a member could not open the current epoch, and their epoch recovery is void. */
  get hasInvalidEpochRecovery(): boolean {
    const { room } = this.#state
    const openedBy = room?.openings.get(room.epoch)?.n
    return openedBy !== undefined && this.#invalidRecoveryAt > (room?.marks.get(openedBy)?.i ?? Infinity)
  }

  /** Called for each record, in order, once it has been applied; returns what is to be on disk together with it. */
  note({ row, judgement }: AppliedRecord, evidence: HeadEvidence | undefined): readonly PutOperation[] {
    const { room } = this.#state
    if (room === undefined || judgement.kind === 'locked') return []
    if (judgement.kind !== 'void') {
      // A member who later follows what this reader sees withdraws what they signed elsewhere.
      const known = this.#bySigner.get(hex(judgement.author.rootKey))
      const isKick = judgement.kind === 'control' && judgement.body.operation.type === 'kick'
      const before = this.#bySigner.size + this.#reinstated.size
      if (known !== undefined && known.i < row.i) this.#bySigner.delete(hex(known.signer))
      if (isKick) for (const key of this.#reinstated) if (!room.members.has(key)) this.#reinstated.delete(key)
      return this.#bySigner.size + this.#reinstated.size < before ? [this.#row()] : []
    }
    if (evidence === undefined) return []
    if (evidence.hasInvalidEpochRecovery) this.#invalidRecoveryAt = row.i
    return this.#add(room, { signer: evidence.author.rootKey, head: evidence.head, i: row.i }) ? [this.#row()] : []
  }

  /** Part of the log is about to be read again with a late secret. */
  willReplay(): void {
    this.#before ??= this.#state.room
  }

  /** Called before the log is read: what the card refers to must then be in the log. */
  async readCard(signal?: AbortSignal): Promise<void> {
    const { store } = this.#parts
    this.#card = (await readOne(store, cardKey(this.#state.roomId), signal))?.value
  }

  /** The log has been read to its end. */
  async caughtUp(): Promise<void> {
    const [before, card] = [this.#before, this.#card]
    this.#before = undefined
    this.#card = undefined
    if (before !== undefined) await this.#noteReinstated(before)
    if (card !== undefined) await this.#noteCard(card)
  }

  async #noteCard(bytes: Bytes): Promise<void> {
    const { room, roomId, checkpoint, keyring } = this.#state
    // Without the current key, what can't be opened looks like what is missing.
    if (room === undefined || keyring.get(room.openings.get(room.epoch)) === undefined) return
    const card = orNothing(() => decodeCard(roomId, bytes))
    if (card === undefined || memberByKey(room, card.signer) === undefined) return
    if (includes(room, card.head) || (await this.#isVoid(card.head))) return
    if (this.#add(room, { signer: card.signer, head: card.head, i: checkpoint.next - 1 })) await this.#save()
  }

  /** Whether it is in the log and does not count: then its author was misled, and nothing is missing. */
  async #isVoid(head: Bytes): Promise<boolean> {
    const { next } = this.#state.checkpoint
    for (let from = 0; from < next; from += logPageRecords) {
      const rows = await this.#parts.replica.rows(from, next, logPageRecords)
      if (rows.some((row) => equalBytes(hashOfRow(row), head))) return true
      await turn()
    }
    return false
  }

  /** Kicks that did not count after all, except this identity's own, made before others had seen it become an admin. */
  async #noteReinstated(before: Room): Promise<void> {
    const { room: after } = this.#state
    const self = this.#parts.identity.signer.publicKey
    const isAdmin = after !== undefined && memberByKey(after, self)?.admin === true
    const own = isAdmin ? undefined : memberByKey(before, self)?.index
    const known = this.#reinstated.size
    for (const [key, { kind, n }] of before.departures) {
      const isBlind = own !== undefined && before.marks.get(n)?.author === own
      if (kind !== 'kicked' || isBlind || before.members.has(key)) continue
      if (after?.members.has(key) && this.#reinstated.size < membersMax) this.#reinstated.add(key)
    }
    if (this.#reinstated.size > known) await this.#save()
  }

  #add(room: Room, gap: WithheldProof): boolean {
    if (includes(room, gap.head)) return false
    const known = this.#bySigner.get(hex(gap.signer))
    if (known === undefined ? this.#bySigner.size >= withheldProofsMax : equalBytes(known.head, gap.head)) return false
    this.#bySigner.set(hex(gap.signer), gap)
    return true
  }

  async #save(): Promise<void> {
    await this.#parts.home.commit({ then: [this.#row()] })
  }

  #row(): PutOperation {
    const gaps = [...this.#bySigner.values()].map(({ signer, head, i }) => [signer, head, i])
    const value = encode([gaps, [...this.#reinstated].map((key) => fromHex(key))])
    return { kind: 'put', key: withheldKey(this.#state.roomId), value }
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
