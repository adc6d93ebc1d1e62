/**
 * Remarks on stderr beside the results: what happened to the store, and keys that differ from the ones this person
 * knows.
 */
import { isConclaveError } from '../../base/errors.ts'
import { hintText } from '../../base/hint.ts'
import type { Chat, Recovery, Room } from '../../chat/chat.ts'
import { impersonation } from '../../chat/wording.ts'
import type { Output } from './output.ts'

const everyMs = 1000

/** Reports once each what the store has lost and what Conclave does about it. */
export class RecoveryNotes {
  readonly #chat: Chat
  readonly #out: Output
  readonly #timer: NodeJS.Timeout
  readonly #told = new Set<string>()

  constructor(chat: Chat, out: Output) {
    this.#chat = chat
    this.#out = out
    // A long restoration shows its progress.
    this.#timer = setInterval(() => this.#tell(({ kind }) => kind === 'putting-back'), everyMs).unref()
  }

  /** The state when the command is done. An error that ends the command already says the worst. */
  end(error: unknown): void {
    clearInterval(this.#timer)
    const isSaid = isConclaveError(error, 'tampering')
    this.#tell(({ kind }) => !isSaid || (kind !== 'frozen' && kind !== 'damaged'))
  }

  #tell(fits: (recovery: Recovery) => boolean): void {
    for (const { text, hint } of this.#chat.recoveries.filter(fits)) {
      if (this.#told.has(text)) continue
      this.#told.add(text)
      this.#out.note(`conclave: ${text} ${hintText(hint)}`)
    }
  }
}

export function warnOfKeys(out: Output, { changedKeys, name: room }: Room): void {
  for (const { name, fingerprint, known } of changedKeys) {
    out.note(
      `WARNING: the key of ${name} in ${room} is NOT the one you know: ${impersonation(name)}.\n` +
        `  you know  ${known}\n  this is   ${fingerprint}\n` +
        `  Compare it with ${name} by phone or in person: conclave verify @${name}`,
    )
  }
}
