/** Tries one call at one endpoint after another until one answers, the cluster refuses, or time is up. */
import { setTimeout } from 'node:timers/promises'
import { BackOff } from '../../base/back-off.ts'
import { clusterRetryMsMax } from '../../base/limits.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Endpoint } from './endpoint.ts'
import type { Endpoints } from './endpoints.ts'
import { AnswerTooLarge, Unreachable, noAnswer, Refusal } from './failure.ts'
import type { EtcdTimeouts } from './options.ts'

/**
 * One try: it may take `timeoutMs`, or `leftMs` if it is the only one possible. Its failure says what it knows
 * (failure.ts).
 */
export type Attempt<T> = (endpoint: Endpoint, timeoutMs: number, leftMs: number) => Promise<T>

export class Calls {
  readonly #endpoints: Endpoints
  readonly #timeouts: EtcdTimeouts
  readonly #closing: AbortSignal

  constructor(endpoints: Endpoints, timeouts: EtcdTimeouts, closing: AbortSignal) {
    this.#endpoints = endpoints
    this.#timeouts = timeouts
    this.#closing = closing
  }

  /** @throws ConclaveError: the cluster's refusal, or `unavailable`; Refusal of a kind that the caller must handle. */
  async run<T>(attempt: Attempt<T>, signal?: AbortSignal, deadlineMs = this.#timeouts.deadlineMs): Promise<T> {
    const deadline = Date.now() + deadlineMs
    const permanent = new Map<string, ConclaveError>()
    const backOff = new BackOff({ firstMs: this.#timeouts.pauseMs, mostMs: clusterRetryMsMax })
    let attemptMs = this.#timeouts.attemptMs
    for (let tries = 0; ; tries += 1) {
      this.#enter(signal)
      const endpoint = this.#endpoints.best()
      const leftMs = (): number => Math.max(deadline - Date.now(), 1)
      try {
        await endpoint.ready(Math.min(attemptMs, leftMs()))
        const answer = await attempt(endpoint, Math.min(attemptMs, leftMs()), leftMs())
        this.#endpoints.succeeded(endpoint)
        return answer
      } catch (error) {
        this.#enter(signal)
        if (error instanceof Refusal) {
          this.#endpoints.succeeded(endpoint)
          throw error.kind === 'other' ? error.error : error
        }
        if (error instanceof Unreachable) this.#note(endpoint, error, permanent)
        else if (!(error instanceof AnswerTooLarge)) throw error
        if (Date.now() >= deadline) throw noAnswer(error)
        // It asks for less now.
        if (error instanceof AnswerTooLarge) continue
      }
      const isRoundOver = (tries + 1) % this.#endpoints.count === 0
      if (isRoundOver) attemptMs *= 2
      await setTimeout(isRoundOver ? backOff.nextMs() : this.#timeouts.pauseMs)
    }
  }

  #note(endpoint: Endpoint, error: Unreachable, permanent: Map<string, ConclaveError>): void {
    this.#endpoints.failed(endpoint, error.message)
    if (error.permanent === undefined) {
      permanent.delete(endpoint.address)
      return
    }
    permanent.set(endpoint.address, error.permanent)
    // Waiting may help with an unreachable endpoint, but not with a wrong address or certificate.
    if (this.#endpoints.addresses.every((address) => permanent.has(address))) throw error.permanent
  }

  #enter(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    if (this.#closing.aborted) throw new ConclaveError('closed', 'This store is closed')
  }
}
