/**
 * Keeps the store's copy of the vault in sync while a chat is open: at the start, and shortly after each change, here or
 * by another machine of the same person.
 * Callers wait a moment at most, and nothing is lost without the store: the next start syncs it.
 */
import { concat, type Bytes } from '../../base/bytes.ts'
import { later, type Clock } from '../../base/clock.ts'
import { isConclaveError } from '../../base/errors.ts'
import { command, type Hint } from '../../base/hint.ts'
import {
  openPatienceMs,
  vaultCopyDelayMs,
  vaultCopyLookGapMs,
  vaultCopyLookMs,
  vaultCopyMs,
  vaultCopyRetryMs,
} from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Random } from '../../crypto/random.ts'
import type { VaultBody } from '../../crypto/vault-body.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { vaultKey } from '../../protocol/paths.ts'
import { CompactedError } from '../../store/compacted.ts'
import type { Store } from '../../store/store.ts'
import type { Advice } from '../chat.ts'
import { Retry, type RetryParts } from '../connection/retry.ts'
import type { Identity } from './identity.ts'
import { isAsKept, type Followed } from './vault-copy.ts'

/** A store can hand out an older copy than it has. The person knows best whether they have met someone since. */
function ageOf({ pins }: VaultBody): Advice | undefined {
  const newest = Math.max(...pins.map(({ firstSeenAt, decidedAt }) => Math.max(firstSeenAt, decidedAt)))
  if (pins.length === 0) return undefined
  const verified = pins.filter(({ confirmed, retired }) => confirmed && !retired).length
  const keys = pins.length === 1 ? '1 key' : `${pins.length} keys`
  const day = new Date(newest).toISOString().slice(0, 10)
  return {
    text: `from the store: ${keys} of people you know, ${verified} verified; the newest noted on ${day}`,
    hint: [
      'If you have met or verified someone since, the store has an older copy: start Conclave on your other machine. To compare a key: ',
      command('verify'),
      '.',
    ],
  }
}

const namesShownMax = 8

function listed(names: readonly string[]): string {
  const more = names.length - namesShownMax
  return names.slice(0, namesShownMax).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

export interface CopyKeeperParts {
  readonly identity: Identity
  readonly store: Store
  readonly home: Store
  readonly connection: RetryParts['connection']
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** What the store's copy held when this home was made from it, just now. */
  readonly fetched?: VaultBody
  /** The advice has changed. */
  changed(): void
  /** Another machine's changes are in the home now. */
  learned(): void
}

type Notice = 'age' | 'passphrase' | 'older' | 'elsewhere' | 'here'

export class CopyKeeper {
  readonly #parts: CopyKeeperParts
  readonly #closing = new AbortController()
  readonly #first: Promise<boolean>
  readonly #patience: Promise<unknown>
  #cancelCopy: (() => void) | undefined
  /** The memory that the copy has at least. */
  #copied: VaultBody | undefined
  #copying: Promise<unknown> | undefined
  #cancelLook: (() => void) | undefined
  #lookedAt = 0
  #looking: Promise<unknown> | undefined
  #watching: Promise<void> | undefined
  #advice: Advice | undefined
  /** Each stays, whatever comes after it. */
  readonly #notices = new Map<Notice, Advice>()
  readonly #elsewhere = new Set<string>()
  readonly #here = new Set<string>()

  constructor(parts: CopyKeeperParts) {
    this.#parts = parts
    const age = parts.fetched && ageOf(parts.fetched)
    if (age !== undefined) {
      this.#advice = age
      this.#notices.set('age', age)
    }
    this.#first = this.#follow(this.#closing.signal)
    this.#patience = parts.clock.sleep(openPatienceMs, { ref: false })
  }

  get advice(): Advice | undefined {
    return this.#advice
  }

  /** Resolves once changes by other machines are here, or after a moment. */
  async looked(): Promise<void> {
    await Promise.race([this.#first, this.#patience])
  }

  /** From now on, learns at once what other machines write. */
  watch(): void {
    this.#watching ??= this.#watch(this.#closing.signal)
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { store, identity } = this.#parts
    const retry = new Retry({ ...this.#parts, event: 'vault.watch', room: '' })
    const start = vaultKey(skeleton(identity.name))
    const end = concat(start, Uint8Array.of(0))
    while (!signal.aborted) {
      try {
        const { entries, revision } = await store.range(start, end, {}, signal)
        retry.succeeded()
        await this.#found(entries[0]?.value)
        for await (const { events } of store.watch(start, end, { from: revision + 1, signal })) {
          for (const event of events) await this.#found(event.kind === 'put' ? event.entry.value : undefined)
        }
      } catch (error) {
        if (!signal.aborted && !(error instanceof CompactedError)) await retry.after(error, signal)
      }
    }
  }

  /** However often the copy is written, it is looked at once in a while. A lost one is restored at the next change. */
  async #found(value: Bytes | undefined): Promise<void> {
    if (value === undefined || this.#cancelLook !== undefined) return
    const { home, clock } = this.#parts
    if ((await isAsKept(home, value)) || this.#closing.signal.aborted) return
    const wait = Math.min(vaultCopyLookGapMs, this.#lookedAt + vaultCopyLookGapMs - clock.now())
    const look = (): void => {
      this.#cancelLook = undefined
      this.#lookedAt = clock.now()
      // Whatever hindered it, copying takes what is new, too.
      this.#looking = this.#follow(this.#closing.signal, true).then((done) => {
        if (!done && !this.#closing.signal.aborted) this.soon(vaultCopyRetryMs)
      })
    }
    this.#cancelLook ??= later(clock, Math.max(vaultCopyLookMs, wait), look)
  }

  /** The home's vault may be another one than the copy's by now. */
  changed(): void {
    if (this.#parts.identity.body !== this.#copied) this.soon()
  }

  /** Delayed a little, to include further changes. */
  soon(afterMs = vaultCopyDelayMs): void {
    const copy = (): void => {
      this.#cancelCopy = undefined
      this.#copying = this.#follow(AbortSignal.timeout(vaultCopyMs)).then((done) => {
        if (!done && !this.#closing.signal.aborted) this.soon(vaultCopyRetryMs)
      })
    }
    this.#cancelCopy ??= later(this.#parts.clock, afterMs, copy, { ref: true })
  }

  /** @throws unavailable */
  async now(): Promise<void> {
    const { identity, store, random } = this.#parts
    this.#note(await identity.followCopy(store, random))
  }

  async close(): Promise<void> {
    await this.looked()
    this.#closing.abort()
    this.#cancelLook?.()
    await Promise.all([this.#first, this.#watching, this.#looking, this.#copying])
    // What was done last may not have been told yet.
    if (this.#cancelCopy === undefined && this.#parts.identity.body === this.#copied) return
    this.#cancelCopy?.()
    await this.#follow(AbortSignal.timeout(vaultCopyMs))
  }

  /** @returns false if it has to be retried. */
  async #follow(signal: AbortSignal, takesOnly = false): Promise<boolean> {
    const { identity, store, clock, random, log } = this.#parts
    try {
      const before = identity.self.fingerprint
      const { body } = identity
      const followed = await identity.followCopy(store, random, signal, takesOnly)
      this.#note(followed)
      // Two homes that keep different parts of what is too much would else never stop answering each other.
      if (!takesOnly) this.#copied = body
      else if (this.#copied === body) this.#copied = identity.body
      if (followed.learned === true) this.#parts.learned()
      if (identity.self.fingerprint !== before) await identity.introduce(clock.now())
      return true
    } catch (error) {
      const isOver = isConclaveError(error, 'wrong-password')
      if (isOver) this.#advise('passphrase', error.message, error.nextStep)
      else if (!signal.aborted) log.warn('vault.copy', { error: String(error) })
      return isOver
    }
  }

  #note({ standing, older, unknownElsewhere = [], unknownHere = [] }: Followed): void {
    const { log, identity } = this.#parts
    if (standing !== 'in-step') log.warn('vault.copy', { standing })
    if (older === true) {
      this.#advise(
        'older',
        'the store held an older copy of your keys than before: it was restored from a backup, or tampered with',
        ['The copy is repaired. Ask the person who runs the store. To check a room: ', command('verify'), '.'],
      )
    }
    if (unknownElsewhere.length > 0) {
      for (const name of unknownElsewhere) this.#elsewhere.add(name)
      const names = listed([...this.#elsewhere])
      this.#advise('elsewhere', `another machine of yours did not know what you had decided about ${names}`, [
        'The store gave it an older copy of your keys. It will know now: check what you sent from there. To compare a key: ',
        command('verify'),
        '.',
      ])
    }
    if (unknownHere.length > 0) {
      for (const name of unknownHere) this.#here.add(name)
      this.#advise(
        'here',
        `this machine did not know what you had decided about ${listed([...this.#here])} before you logged in here`,
        [
          'It knows now. The store gave it an older copy of your keys, unless your other machine was offline then. To compare a key: ',
          command('verify'),
          '.',
        ],
      )
    }
    if (standing !== 'changed-elsewhere') return
    this.#advise(
      'passphrase',
      `the passphrase of ${identity.name} was changed on another machine; the old one still works here`,
      ['To use the new one here too, change it (', command('passwd'), '); the old one is asked for first.'],
    )
  }

  #advise(kind: Notice, text: string, hint: Hint = ''): void {
    this.#notices.delete(kind)
    this.#notices.set(kind, { text, hint })
    this.#advice = { text: [...this.#notices.values()].map((notice) => notice.text).join('; '), hint }
    this.#parts.changed()
  }
}
