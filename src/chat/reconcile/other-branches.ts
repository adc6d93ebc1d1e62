/**
 * Detects a store that shows people different copies of a room. Each copy alone is faultless; but every record names the
 * one before it by a hash that covers the whole log, so a member's record that was written on one branch and is carried
 * over to another proves that there are two (docs/adr/0027). Only present members' signatures count.
 *
 * It is an alarm, and stops nothing: where anyone with access to the store has replaced a single record, newcomers find
 * the same.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { encode, Fields, FormatError } from '../../base/codec.ts'
import { withheldProofsMax } from '../../base/limits.ts'
import { publicKeyBytes } from '../../crypto/sign.ts'
import { headEvidenceOf, type HeadEvidence } from '../../protocol/head-evidence.ts'
import { decodeRecord } from '../../protocol/record.ts'
import { memberByKey, type Member } from '../../protocol/room.ts'
import { readOne } from '../../store/read-one.ts'
import type { Store } from '../../store/store.ts'
import { branchesKey } from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'
import type { Identity } from '../identity/identity.ts'
import type { AppliedRecord, LogState } from '../replay/log-state.ts'
import type { PutOperation } from '../replica/seen.ts'

/** What a void record proves. */
export function evidenceIn({ row, judgement }: AppliedRecord, state: LogState): HeadEvidence | undefined {
  if (judgement.kind !== 'void' || state.room === undefined) return undefined
  try {
    return headEvidenceOf(state.room, row.i, decodeRecord(row.bytes), state.keyring)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

export class OtherBranches {
  readonly #home: Store
  readonly #self: Bytes
  readonly #state: LogState
  /** By signer: where they signed something that follows another record than the one here. */
  readonly #signed = new Map<string, { readonly signer: Bytes; readonly i: number }>()

  constructor({ home, identity }: { readonly home: Store; readonly identity: Identity }, state: LogState) {
    this.#home = home
    this.#self = identity.signer.publicKey
    this.#state = state
  }

  async load(): Promise<void> {
    const entry = await readOne(this.#home, branchesKey(this.#state.roomId))
    this.#signed.clear()
    if (entry === undefined) return
    readLocal('what is known of a room', () => {
      for (const item of Fields.decode(entry.value, 1).array(withheldProofsMax)) {
        const fields = new Fields(item, 2)
        const signer = fields.fixed(publicKeyBytes)
        this.#signed.set(hex(signer), { signer, i: fields.unsigned() })
      }
    })
  }

  /** Who signed such a record, and where. */
  get signed(): readonly { readonly i: number; readonly by: Member }[] {
    const { room } = this.#state
    return [...this.#signed.values()].flatMap(({ signer, i }) => {
      const by = room && memberByKey(room, signer)
      return by === undefined ? [] : [{ i, by }]
    })
  }

  /** Called for each record, in order, once it has been applied; returns what is to be on disk together with it. */
  note({ row, place, judgement }: AppliedRecord, evidence: HeadEvidence | undefined): readonly PutOperation[] {
    if (judgement.kind === 'message' || judgement.kind === 'control') {
      // They follow this branch now. Of oneself it says nothing: another device may still be shown the other one.
      const { rootKey } = judgement.author
      const known = this.#signed.get(hex(rootKey))
      if (known === undefined || known.i >= row.i || equalBytes(rootKey, this.#self)) return []
      this.#signed.delete(hex(rootKey))
      return [this.#row()]
    }
    if (evidence === undefined || equalBytes(evidence.previousHash, place.previousHash)) return []
    const { rootKey } = evidence.author
    if (this.#signed.has(hex(rootKey)) || this.#signed.size >= withheldProofsMax) return []
    this.#signed.set(hex(rootKey), { signer: rootKey, i: row.i })
    return [this.#row()]
  }

  #row(): PutOperation {
    const value = encode([[...this.#signed.values()].map(({ signer, i }) => [signer, i])])
    return { kind: 'put', key: branchesKey(this.#state.roomId), value }
  }
}
