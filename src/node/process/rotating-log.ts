/**
 * A log file of bounded size: at `bytesMax` it becomes FILE.1, FILE.1 becomes FILE.2, up to `filesMax`. The end of the
 * log stays in memory, to tell why a program ended. Write errors are ignored: logging must never stop a node.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface RotationLimits {
  readonly bytesMax: number
  /** Rotated files kept. */
  readonly filesMax: number
}

const usual: RotationLimits = { bytesMax: 8 * 2 ** 20, filesMax: 3 }
const tailCharsMax = 16_384

export class RotatingLog {
  readonly #path: string
  readonly #limits: RotationLimits
  /** Undefined once closed. */
  #file: number | undefined
  #bytes = 0
  #tail = ''

  constructor(path: string, limits: RotationLimits = usual) {
    this.#path = path
    this.#limits = limits
    this.#attempt(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      this.#open()
    })
  }

  write(chunk: string | Buffer): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    this.#tail = (this.#tail + bytes.toString()).slice(-tailCharsMax)
    this.#attempt(() => {
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#limits.bytesMax) this.#rotate()
      if (this.#file !== undefined) this.#bytes += writeSync(this.#file, bytes)
    })
  }

  /** The last 16 Ki characters written since `clearTail`. */
  get tail(): string {
    return this.#tail
  }

  clearTail(): void {
    this.#tail = ''
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #rotate(): void {
    this.close()
    for (let n = this.#limits.filesMax; n > 0; n -= 1) {
      try {
        renameSync(n === 1 ? this.#path : `${this.#path}.${n - 1}`, `${this.#path}.${n}`)
      } catch {
        // It does not exist yet.
      }
    }
    this.#open()
  }

  #open(): void {
    this.#file = openSync(this.#path, 'a', 0o600)
    this.#bytes = fstatSync(this.#file).size
  }

  #attempt(act: () => void): void {
    try {
      act()
    } catch {
      // A full disk, for example: the next write may succeed.
    }
  }
}
