/** A request to join, on the side of the person who asks. The vault remembers it, so it survives a restart. */
import { abortable } from '../../base/abort.ts'
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Random } from '../../crypto/random.ts'
import type { Card } from '../../protocol/card.ts'
import { knockId, knockNonceBytes, sealKnock, signKnock } from '../../protocol/knock.ts'
import { incarnationKey, knockKey, logRange } from '../../protocol/paths.ts'
import { decodeRecord, entryTagBytes, type Entry as RecordEntry } from '../../protocol/record.ts'
import type { Operation, Store } from '../../store/store.ts'
import type { Admission, Room } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { checkNotMoved, sameStoreIdentity } from '../connection/store-identity.ts'
import { ControlLog, type ReadControl } from '../replay/control-log.ts'

export interface AdmissionParts {
  readonly store: Store
  readonly identity: Identity
  readonly incarnation: Bytes
  readonly roomId: Bytes
  readonly clock: Clock
  readonly random: Random
  /** Ends every wait. */
  readonly closing: AbortSignal
  /** Opens the room once accepted. */
  enter(): Promise<Room>
  changed(): void
}

/** Writes the knock; the vault remembers it first, so that an answer can be recognised. */
export async function knock(parts: AdmissionParts, card: Card, knownHead: Bytes | undefined): Promise<void> {
  const { store, identity, incarnation, roomId, clock, random } = parts
  const bytes = signKnock(identity.signer, {
    roomId,
    name: identity.name,
    wrapKey: identity.wrapKey,
    nonce: random(knockNonceBytes),
    head: knownHead ?? card.head,
    at: clock.now(),
  })
  const sealed = await sealKnock(roomId, card.epoch, card.knockKey, bytes)
  if (sealed === undefined) throw new ConclaveError('tampering', 'the card of this room holds no key')
  await identity.changeRoom(roomId, (before) => ({
    roomId,
    name: card.name,
    memberIndex: before?.memberIndex ?? null,
    knockHash: knockId(bytes),
    standing: 'waiting',
    head: before?.head ?? null,
  }))
  await putInLife(store, incarnation, { kind: 'put', key: ownKnockKey(identity, roomId), value: sealed })
  parts.changed()
}

/** Also works in a store restored since the start. @throws closed for one that has moved */
async function putInLife(store: Store, incarnation: Bytes, put: Operation): Promise<void> {
  const { ok, reads } = await store.commit({
    if: [sameStoreIdentity(incarnation)],
    then: [put],
    else: [{ kind: 'read', key: incarnationKey }],
  })
  if (ok) return
  const found = reads[0]?.[0]?.value
  if (found === undefined) throw new ConclaveError('unavailable', 'the store has been emptied', { retryable: true })
  checkNotMoved(found)
  await putInLife(store, found, put)
}

/** One open knock per person and room, under a pseudonym that tells operators nothing. */
function ownKnockKey(identity: Identity, roomId: Bytes): Bytes {
  return knockKey(roomId, identity.pseudonym('conclave/1 knock pseudonym', roomId))
}

interface Waiting {
  readonly answer: Promise<Room>
  readonly ending: AbortController
  callers: number
}

export class WaitingAdmission implements Admission {
  readonly roomId: string
  readonly roomName: string
  readonly #parts: AdmissionParts
  readonly #tag: Bytes
  #waiting: Waiting | undefined
  #state: Admission['state'] = 'waiting'

  constructor(parts: AdmissionParts, roomName: string, knockHash: Bytes) {
    this.roomId = hex(parts.roomId)
    this.roomName = roomName
    this.#parts = parts
    this.#tag = knockHash.slice(0, entryTagBytes)
  }

  get state(): Admission['state'] {
    return this.#state
  }

  /** Callers share one watch, which ends with the last of them; each has a signal of its own. */
  async wait(signal?: AbortSignal): Promise<Room> {
    signal?.throwIfAborted()
    const waiting = (this.#waiting ??= this.#begin())
    waiting.callers += 1
    try {
      return await abortable(signal, () => waiting.answer)
    } finally {
      waiting.callers -= 1
      if (waiting.callers === 0) {
        waiting.ending.abort()
        if (this.#waiting === waiting) this.#waiting = undefined
      }
    }
  }

  #begin(): Waiting {
    const ending = new AbortController()
    return { answer: this.#wait(AbortSignal.any([ending.signal, this.#parts.closing])), ending, callers: 0 }
  }

  /** Brings the state up to what the store holds; does not wait for an answer. */
  async look(signal?: AbortSignal): Promise<void> {
    const entry = await this.#find(signal)
    if (entry !== undefined) await this.#remember(entry)
  }

  async #find(signal?: AbortSignal): Promise<RecordEntry | undefined> {
    const { store, roomId } = this.#parts
    const isAnswer = ({ outer }: ReadControl) => {
      const { entry } = outer.header
      return entry !== null && equalBytes(entry.tag, this.#tag)
    }
    return (await new ControlLog(store, roomId).findHinted(isAnswer, signal))?.outer.header.entry ?? undefined
  }

  async #wait(signal: AbortSignal): Promise<Room> {
    try {
      return await this.#follow(signal)
    } catch (error) {
      if (!this.#parts.closing.aborted) throw error
      throw new ConclaveError('closed', 'the chat was closed', { cause: error })
    }
  }

  async #follow(signal: AbortSignal): Promise<Room> {
    const { store, roomId } = this.#parts
    const { start, end } = logRange(roomId)
    const { revision } = await store.range(start, end, { limit: 1, keysOnly: true }, signal)
    const found = await this.#find(signal)
    if (found !== undefined) return this.#settle(found)
    const watch = store.watch(start, end, { from: revision + 1, signal })
    for await (const { events } of watch) {
      for (const event of events) {
        const entry = event.kind === 'put' ? entryOf(event.entry.value) : undefined
        if (entry && equalBytes(entry.tag, this.#tag)) return this.#settle(entry)
      }
    }
    signal.throwIfAborted()
    throw new ConclaveError('closed', 'the store was closed', { retryable: true })
  }

  async #remember(entry: RecordEntry): Promise<void> {
    const { identity, roomId } = this.#parts
    const remembered = identity.room(roomId)
    const standing = entry.wrapped === null ? 'rejected' : 'member'
    if (remembered) await identity.changeRoom(roomId, (now) => ({ ...(now ?? remembered), standing }))
    this.#state = entry.wrapped === null ? 'rejected' : 'accepted'
    this.#parts.changed()
  }

  async #settle(entry: RecordEntry): Promise<Room> {
    await this.#remember(entry)
    if (entry.wrapped === null) {
      throw new ConclaveError('rejected', `you were not let into ${this.roomName}`, {
        hint: 'ask somebody inside, then knock again',
      })
    }
    return this.#parts.enter()
  }

  async withdraw(signal?: AbortSignal): Promise<void> {
    return abortable(signal, () => this.#withdraw(signal))
  }

  async #withdraw(signal?: AbortSignal): Promise<void> {
    const { store, identity, roomId } = this.#parts
    await store.commit({ then: [{ kind: 'delete', key: ownKnockKey(identity, roomId) }] }, signal)
    const remembered = identity.room(roomId)
    if (remembered) await identity.changeRoom(roomId, (now) => ({ ...(now ?? remembered), standing: 'stranger' }))
    this.#parts.changed()
  }
}

/** For members, who need not wait. */
export function alreadyIn(session: Room): Admission {
  return {
    roomId: session.id,
    roomName: session.name,
    state: 'accepted',
    wait: () => Promise.resolve(session),
    withdraw: () => Promise.resolve(),
  }
}

function entryOf(bytes: Bytes): RecordEntry | undefined {
  try {
    const record = decodeRecord(bytes)
    return record.kind === 'control' ? (record.outer.header.entry ?? undefined) : undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
