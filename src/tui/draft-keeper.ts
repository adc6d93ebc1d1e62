/**
 * Keeps what is typed in the home: soon after typing stops, in any case every few seconds, when another room is opened,
 * and at the end. Only what has changed here is written, so that what another program of the home keeps stays. What
 * could not be written is tried again with the next change.
 */
import { inputLinesMax } from '../base/limits.ts'
import type { Draft, Typed, TypedTexts } from '../chat/home/typed-text.ts'
import { draftIn, isSameDraft } from './state/drafts.ts'
import type { RoomDraft, State } from './state/state.ts'

const pauseMs = 400
const longestMs = 3000

type Line = Pick<RoomDraft, 'editor' | 'about' | 'history'>

export class DraftKeeper {
  readonly #typed: () => TypedTexts | undefined
  /** By room id: its line when it was last looked at, and the draft that is in the home or will be. */
  readonly #lines = new Map<string, Line>()
  readonly #drafts = new Map<string, Draft | undefined>()
  #looked: State['drafts'] | undefined
  /** To be written. */
  readonly #changed = new Set<string>()
  readonly #sent = new Map<string, readonly string[]>()
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #since = 0

  constructor(typed: () => TypedTexts | undefined) {
    this.#typed = typed
  }

  /** Called with every state. */
  watch({ page, drafts }: Pick<State, 'page' | 'drafts'>): void {
    if (drafts !== this.#looked) for (const [roomId, line] of drafts) this.#look(roomId, line)
    this.#looked = drafts
    if (page.kind === 'chat') this.#look(page.room.id, page)
  }

  /** What the home has, with all that was typed here; undefined: not to be read now. */
  async read(roomId: string): Promise<Typed | undefined> {
    await this.flush()
    const typed = await this.#typed()
      ?.read(roomId)
      .catch(() => undefined)
    if (typed === undefined || this.#changed.has(roomId)) return undefined
    this.#drafts.set(roomId, typed.draft)
    return typed
  }

  /** Resolves once all is written, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  #look(roomId: string, { editor, about, history }: Line): void {
    const last = this.#lines.get(roomId)
    if (last?.editor === editor && last.about === about && last.history === history) return
    this.#lines.set(roomId, { editor, about, history })
    const draft = draftIn({ editor, about })
    const isChanged = !isSameDraft(draft, this.#drafts.get(roomId))
    if (isChanged) {
      this.#drafts.set(roomId, draft)
      this.#changed.add(roomId)
    }
    const added = history.added - (last?.history.added ?? 0)
    // As in a shell, a line that begins with a space is not kept.
    const lines = added === 0 ? [] : history.entries.slice(-added).filter((line) => !line.startsWith(' '))
    if (lines.length > 0) this.#sent.set(roomId, [...(this.#sent.get(roomId) ?? []), ...lines].slice(-inputLinesMax))
    if (isChanged || lines.length > 0) this.#schedule()
  }

  #schedule(): void {
    const now = performance.now()
    if (this.#timer === undefined) this.#since = now
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), Math.min(pauseMs, Math.max(0, this.#since + longestMs - now)))
  }

  async #write(): Promise<void> {
    const typed = this.#typed()
    if (typed === undefined) return
    for (const [roomId, lines] of [...this.#sent]) {
      this.#sent.delete(roomId)
      await typed.addLines(roomId, lines).catch(() => {
        this.#sent.set(roomId, [...lines, ...(this.#sent.get(roomId) ?? [])])
      })
    }
    for (const roomId of [...this.#changed]) {
      this.#changed.delete(roomId)
      await typed.saveDraft(roomId, this.#drafts.get(roomId)).catch(() => void this.#changed.add(roomId))
    }
  }
}
