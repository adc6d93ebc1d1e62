/**
 * A failure of the set-up that a person can act on: what happened, and what to do next.
 */
export class Failure extends Error {
  /**
   * @param {string} message what happened
   * @param {string} [hint] what to do next
   */
  constructor(message, hint) {
    super(message)
    this.name = 'Failure'
    this.hint = hint
  }
}

/**
 * Prints a failure as people read it; anything else keeps its stack, since it is a defect of the scripts.
 *
 * @param {unknown} error
 */
export function printFailure(error) {
  if (!(error instanceof Failure)) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return
  }
  const hint = error.hint ? `${error.hint.replace(/^/gm, '  ')}\n` : ''
  process.stderr.write(`conclave: ${error.message}\n${hint}`)
}
