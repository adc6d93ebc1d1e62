/**
 * Keeps the store's copy of the vault in sync while a chat is open: at the start, and shortly after each change.
 * Callers wait a moment at most, and nothing is lost without the store: the next start syncs it.
 */
import { later, type Clock } from '../../base/clock.ts'
import { isConclaveError } from '../../base/errors.ts'
import { command, type Hint } from '../../base/hint.ts'
import { openPatienceMs, vaultCopyMs, vaultCopyRetryMs } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Random } from '../../crypto/random.ts'
import type { Store } from '../../store/store.ts'
import type { Advice } from '../chat.ts'
import type { Identity } from './identity.ts'
import type { Followed } from './vault-copy.ts'

export interface CopyKeeperParts {
  readonly identity: Identity
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** The advice has changed. */
  changed(): void
}

export class CopyKeeper {
  readonly #parts: CopyKeeperParts
  readonly #closing = new AbortController()
  readonly #first: Promise<boolean>
  readonly #patience: Promise<unknown>
  #cancelCopy: (() => void) | undefined
  #advice: Advice | undefined

  constructor(parts: CopyKeeperParts) {
    this.#parts = parts
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

  /** Delayed a little, to include further changes. */
  soon(afterMs = vaultCopyMs): void {
    const copy = (): void => {
      this.#cancelCopy = undefined
      void this.#follow(AbortSignal.timeout(vaultCopyMs)).then((done) => {
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
    await this.#first
    if (this.#cancelCopy === undefined) return
    this.#cancelCopy()
    await this.#follow(AbortSignal.timeout(vaultCopyMs))
  }

  /** @returns false if it has to be retried. */
  async #follow(signal: AbortSignal): Promise<boolean> {
    const { identity, store, clock, random, log } = this.#parts
    try {
      const before = identity.self.fingerprint
      this.#note(await identity.followCopy(store, random, signal))
      if (identity.self.fingerprint !== before) await identity.introduce(clock.now())
      return true
    } catch (error) {
      const isOver = isConclaveError(error, 'wrong-password')
      if (isOver) this.#advise(error.message, error.nextStep)
      else if (!signal.aborted) log.warn('vault.copy', { error: String(error) })
      return isOver
    }
  }

  #note({ standing, older }: Followed): void {
    const { log, identity } = this.#parts
    if (standing !== 'in-step') log.warn('vault.copy', { standing })
    if (older === true) {
      this.#advise(
        'the store held an older copy of your keys than before: it was restored from a backup, or tampered with',
        ['The copy is repaired. Ask the person who runs the store. To check a room: ', command('verify'), '.'],
      )
    }
    if (standing !== 'changed-elsewhere') return
    this.#advise(`the password of ${identity.name} was changed on another machine; here the old one still counts`, [
      'To use the new one here too, change it here (',
      command('passwd'),
      '); the old one is asked for first.',
    ])
  }

  #advise(text: string, hint: Hint = ''): void {
    this.#advice = { text, hint }
    this.#parts.changed()
  }
}
