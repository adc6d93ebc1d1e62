/** What the store has lost and what Conclave does about it, as remarks on stderr while a command runs. */
import { isConclaveError } from '../base/errors.ts'
import type { Chat, Recovery } from '../chat/chat.ts'
import type { Output } from './output.ts'

const everyMs = 1000

export class RecoveryNotes {
  readonly #chat: Chat
  readonly #out: Output
  readonly #timer: NodeJS.Timeout
  readonly #told = new Set<string>()

  constructor(chat: Chat, out: Output) {
    this.#chat = chat
    this.#out = out
    // What takes longer than that shows how far it is.
    this.#timer = setInterval(() => this.#tell(({ kind }) => kind === 'putting-back'), everyMs).unref()
  }

  /** How it stands when the command is done; an error that it ends with says the worst itself. */
  end(error: unknown): void {
    clearInterval(this.#timer)
    const isSaid = isConclaveError(error, 'tampering')
    this.#tell(({ kind }) => !isSaid || (kind !== 'frozen' && kind !== 'damaged'))
  }

  #tell(fits: (recovery: Recovery) => boolean): void {
    for (const { text, hint } of this.#chat.recoveries.filter(fits)) {
      if (this.#told.has(text)) continue
      this.#told.add(text)
      this.#out.note(`conclave: ${text} ${hint}`)
    }
  }
}
