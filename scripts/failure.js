/**
 * A setup failure that people can act on: what happened, and what to do next.
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

/** Hints for system errors. */
const refusals = /** @type {Record<string, string>} */ ({
  EACCES: 'Make the folder yours, or clone Conclave to a folder of your own.',
  EPERM: 'Make the folder yours, or clone Conclave to a folder of your own.',
  EROFS: 'Clone Conclave to a folder that can be written.',
  ENOSPC: 'Make room on the disk (Conclave needs about 500 MB), then run it again.',
})

/**
 * Prints a failure for people. An unexpected error keeps its stack, since it is a bug in the scripts.
 *
 * @param {unknown} error
 */
export function printFailure(error) {
  const { message, hint, stack } = describe(error)
  process.stderr.write(stack ? `${stack}\n` : `conclave: ${message}\n${hint ? `${hint.replace(/^/gm, '  ')}\n` : ''}`)
}

/**
 * @param {unknown} error
 * @returns {{ message: string, hint?: string | undefined, stack?: string | undefined }}
 */
function describe(error) {
  if (!(error instanceof Error)) return { message: String(error) }
  if (error instanceof Failure) return { message: error.message, hint: error.hint }
  const hint = 'code' in error ? refusals[String(error.code)] : undefined
  return hint ? { message: error.message, hint } : { message: error.message, stack: error.stack }
}
