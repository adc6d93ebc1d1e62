/**
 * The bell: a file beside the database to which each committer writes one byte. Others watch it and check the database
 * when it changes. It carries no data and may be missed, deleted or unwatchable: while someone listens, a poll is the
 * fallback, often where the bell is not heard. (Watching the -wal file instead misses the last write.)
 */
import { closeSync, openSync, watch, writeSync } from 'node:fs'
import type { FSWatcher } from 'node:fs'

/** After a poll found what the bell had not told, and while there is no bell to watch. */
const pollMsMin = 250
/** Each poll that finds nothing new doubles the wait. */
const pollMsMax = 2000

export class Bell {
  readonly #path: string
  #file: number | undefined
  readonly #heard: () => void
  readonly #polled: () => Promise<boolean>
  #watcher: FSWatcher | undefined
  #poll: NodeJS.Timeout | undefined
  #listeners = 0
  /** Since the last poll. */
  #rang = false

  /**
   * `heard` is called when the bell rings, `polled` at every poll and tells whether it found a change; neither before
   * listen().
   */
  constructor(path: string, heard: () => void, polled: () => Promise<boolean>) {
    this.#path = path
    this.#heard = heard
    this.#polled = polled
    this.#file = openOrNot(path)
  }

  ring(): void {
    if (this.#file === undefined) return
    try {
      writeSync(this.#file, '.', 0)
    } catch {
      // A full disk: the others' poll finds the change.
    }
  }

  /** Starts listening, which keeps the process alive; the returned function stops it. */
  listen(): () => void {
    this.#listeners += 1
    if (this.#listeners === 1) {
      this.#startWatching()
      this.#pollIn(pollMsMin)
    }
    let listening = true
    return () => {
      if (!listening) return
      listening = false
      this.#listeners -= 1
      if (this.#listeners === 0) this.#stop()
    }
  }

  close(): void {
    this.#stop()
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #startWatching(): void {
    try {
      const watcher = watch(this.#path)
      this.#watcher = watcher
      const drop = (): void => {
        watcher.close()
        if (this.#watcher === watcher) this.#watcher = undefined
      }
      watcher.on('error', drop)
      watcher.on('change', (type) => {
        // The file was replaced or deleted: the next poll watches the new one.
        if (type === 'rename') drop()
        this.#rang = true
        this.#heard()
      })
    } catch {
      this.#watcher = undefined
    }
  }

  #pollIn(ms: number): void {
    clearTimeout(this.#poll)
    this.#poll = setTimeout(() => void this.#pollOnce(ms), ms)
  }

  async #pollOnce(waitedMs: number): Promise<void> {
    if (this.#watcher === undefined) this.#startWatching()
    const found = await this.#polled()
    if (this.#poll === undefined) return
    const unheard = this.#watcher === undefined || (found && !this.#rang)
    this.#rang = false
    this.#pollIn(unheard ? pollMsMin : Math.min(2 * waitedMs, pollMsMax))
  }

  #stop(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    clearTimeout(this.#poll)
    this.#poll = undefined
  }
}

function openOrNot(path: string): number | undefined {
  try {
    return openSync(path, 'a+', 0o600)
  } catch {
    return undefined
  }
}
