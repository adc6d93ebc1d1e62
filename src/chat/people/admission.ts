/** A request to join, on the side of the person who asks. The vault remembers it, so it survives a restart. */
import { abortable } from '../../base/abort.ts'
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { ConclaveError } from '../../base/errors.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { Random } from '../../crypto/random.ts'
import type { Card } from '../../protocol/card.ts'
import { knockId, knockNonceBytes, sealKnock, signKnock } from '../../protocol/knock.ts'
import { incarnationKey, knockKey, logKey, logRange, numberOf } from '../../protocol/paths.ts'
import { entryTagBytes, recordHash, type ControlHeader } from '../../protocol/record.ts'
import { readOne } from '../../store/read-one.ts'
import type { Operation, Store } from '../../store/store.ts'
import type { Admission, Room } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { checkNotMoved, sameStoreIdentity } from '../connection/store-identity.ts'
import { findLogEnd } from '../log/log-end.ts'
import { ControlLog, controlHeader } from '../replay/control-log.ts'
import { logPage } from '../replay/log-page.ts'
import type { RowVerdict } from '../replica/row.ts'
import { declined, seeminglyDeclined } from '../wording.ts'

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
  /** On record i, where this home has read it. */
  verdictOn(i: number): Promise<RowVerdict | undefined>
  changed(): void
}

/**
 * Writes the knock; the vault remembers it first, so that an answer can be recognised.
 * @returns where the log ended: answers come behind that
 */
export async function knock(parts: AdmissionParts, card: Card, knownHead: Bytes | undefined): Promise<number> {
  const { store, identity, incarnation, roomId, clock, random } = parts
  const { end } = await findLogEnd(store, roomId, 0)
  const newest = end === 0 ? undefined : await readOne(store, logKey(roomId, end - 1))
  const bytes = signKnock(identity.signer, {
    roomId,
    name: identity.name,
    wrapKey: identity.wrapKey,
    nonce: random(knockNonceBytes),
    head: knownHead ?? card.head,
    end,
    last: newest === undefined ? zeroHash : recordHash(newest.value),
    at: clock.now(),
  })
  const sealed = await sealKnock(roomId, card.epoch, card.knockKey, bytes)
  if (sealed === undefined) throw new ConclaveError('tampering', 'This room’s card has no key')
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
  return end
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
  if (found === undefined) throw new ConclaveError('unavailable', 'The store has been emptied', { retryable: true })
  checkNotMoved(found)
  await putInLife(store, found, put)
}

/** Whether this person's request is in the store: anyone can delete it, and members do when strangers send too many. */
export async function isAskedFor({ store, identity, roomId }: AdmissionParts, signal?: AbortSignal): Promise<boolean> {
  return (await readOne(store, ownKnockKey(identity, roomId), signal)) !== undefined
}

/** One open knock per person and room, under a pseudonym that tells operators nothing. */
function ownKnockKey(identity: Identity, roomId: Bytes): Bytes {
  return knockKey(roomId, identity.pseudonym('conclave/1 knock pseudonym', roomId))
}

/** The room, once an acceptance counts; else the declines that may count. */
type Answered = { readonly room: Room } | { readonly declines: readonly ControlHeader[] }

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
  /** Answers that the log itself holds, as far as it was read for them. */
  readonly #found: ControlHeader[] = []
  #readTo: number
  /** Declines that callers were told of, by index: the next wait goes on behind them. */
  readonly #told = new Set<number>()
  #state: Admission['state'] = 'waiting'
  /** Once there was an acceptance: it follows the log by itself. */
  #entered: Room | undefined

  /** @param from the first record that may be an answer */
  constructor(parts: AdmissionParts, roomName: string, knockHash: Bytes, from = 0) {
    this.roomId = hex(parts.roomId)
    this.roomName = roomName
    this.#parts = parts
    this.#tag = knockHash.slice(0, entryTagBytes)
    this.#readTo = from
  }

  get state(): Admission['state'] {
    return this.#state
  }

  /** There is an acceptance that has brought no membership yet: to get another, one has to ask anew. */
  get isAnsweredInVain(): boolean {
    return this.#entered !== undefined && this.#entered.standing !== 'member'
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
    await this.#answered(signal)
  }

  async #answered(signal?: AbortSignal): Promise<Answered> {
    const hinted = await this.#hinted(signal)
    const room = await this.#admitted(hinted)
    if (room !== undefined) return { room }
    // Anyone can delete a hint, or add some: the log itself is authoritative.
    await this.#readOn(signal)
    const more = this.#found.filter(({ i }) => hinted.every((one) => one.i !== i))
    const found = await this.#admitted(more)
    return found === undefined ? { declines: await this.#declines(this.#found) } : { room: found }
  }

  async #hinted(signal?: AbortSignal): Promise<readonly ControlHeader[]> {
    const log = new ControlLog(this.#parts.store, this.#parts.roomId)
    await log.readHinted(await log.hinted(signal), signal)
    return log.takeFresh().flatMap(({ outer: { header } }) => (this.#isAnswer(header) ? [header] : []))
  }

  async #readOn(signal?: AbortSignal): Promise<void> {
    const { store, roomId } = this.#parts
    for (;;) {
      const { entries, more } = await logPage(store, roomId, { from: this.#readTo }, signal)
      this.#found.push(...entries.flatMap(({ value }) => this.#answerIn(value)))
      const last = entries.at(-1)
      if (last !== undefined) this.#readTo = numberOf(last.key) + 1
      if (!more || last === undefined) return
    }
  }

  #answerIn(record: Bytes): ControlHeader[] {
    const header = controlHeader(record)
    return header !== undefined && this.#isAnswer(header) ? [header] : []
  }

  #isAnswer({ entry }: ControlHeader): boolean {
    return entry !== null && equalBytes(entry.tag, this.#tag)
  }

  async #wait(signal: AbortSignal): Promise<Room> {
    try {
      return await this.#follow(signal)
    } catch (error) {
      if (!this.#parts.closing.aborted) throw error
      throw new ConclaveError('closed', 'The chat was closed', { cause: error })
    }
  }

  async #follow(signal: AbortSignal): Promise<Room> {
    const { store, roomId } = this.#parts
    const { start, end } = logRange(roomId)
    const { revision } = await store.range(start, end, { limit: 1, keysOnly: true }, signal)
    const answered = await this.#answered(signal)
    if ('room' in answered) return answered.room
    await this.#tell(answered.declines)
    const watch = store.watch(start, end, { from: revision + 1, signal })
    for await (const { events } of watch) {
      const answers = events.flatMap((event) => (event.kind === 'put' ? this.#answerIn(event.entry.value) : []))
      // What came before an acceptance may have been missing, and come just now.
      if (answers.length === 0 && this.#entered === undefined) continue
      const entered = await this.#admitted(answers)
      if (entered !== undefined) return entered
      await this.#tell(await this.#declines(answers))
    }
    signal.throwIfAborted()
    throw new ConclaveError('closed', 'The store was closed', { retryable: true })
  }

  /** An acceptance counts where the room, folded with the secret that it brings, has this person as a member. */
  async #admitted(answers: readonly ControlHeader[]): Promise<Room | undefined> {
    // Only once is everything tried anew, however many claim to be acceptances.
    if (this.#entered !== undefined) await this.#entered.refresh()
    else if (answers.some(isAcceptance)) this.#entered = await this.#parts.enter()
    if (this.#entered?.standing !== 'member') return undefined
    await this.#remember('member')
    return this.#entered
  }

  /**
   * Those that count, or may count: a decline is sealed to the room, so nobody outside can judge it, and it takes nothing
   * from an acceptance that counts.
   */
  async #declines(answers: readonly ControlHeader[]): Promise<readonly ControlHeader[]> {
    const declines: ControlHeader[] = []
    for (const answer of answers) {
      if (!isAcceptance(answer) && (await this.#verdictOn(answer)) !== 'void') declines.push(answer)
    }
    if (declines.length > 0) await this.#remember('rejected')
    return declines
  }

  /** Only an acceptance can have brought the keys that it takes to judge. */
  async #verdictOn({ i }: ControlHeader): Promise<RowVerdict | undefined> {
    return this.#entered && this.#parts.verdictOn(i)
  }

  async #remember(standing: 'member' | 'rejected'): Promise<void> {
    const { identity, roomId } = this.#parts
    const remembered = identity.room(roomId)
    if (remembered) {
      await identity.changeRoom(roomId, (now = remembered) =>
        standing === 'rejected' && now.standing !== 'waiting' ? now : { ...now, standing },
      )
    }
    this.#state = standing === 'member' ? 'accepted' : standing
    this.#parts.changed()
  }

  /** @throws rejected once for each decline */
  async #tell(declines: readonly ControlHeader[]): Promise<void> {
    const untold = declines.filter(({ i }) => !this.#told.has(i))
    if (untold.length === 0) return
    for (const { i } of untold) this.#told.add(i)
    const verdicts = await Promise.all(untold.map((decline) => this.#verdictOn(decline)))
    const { text, hint } = verdicts.includes('valid') ? declined(this.roomName) : seeminglyDeclined(this.roomName)
    throw new ConclaveError('rejected', text, { hint })
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

function isAcceptance({ entry }: ControlHeader): boolean {
  return entry?.wrapped !== null
}
