/**
 * One run of the program: from its arguments to its exit code.
 *
 * Whatever happens ends here: a command's result, a typed error, Ctrl-C, a reader that went away. The chat is closed in
 * every case, so that leases and locks are given back.
 */
import { CommanderError } from 'commander'
import type { Command } from 'commander'
import { ConclaveError } from '../base/errors.ts'
import { exitCodeOf } from './exit.ts'
import { resolveGlobalOptions, wantsJson } from './options.ts'
import { Output } from './output.ts'
import { buildProgram, defaultCommand } from './program.ts'
import { terminalPrompt } from './prompt.ts'
import { Session } from './session.ts'
import type { Act } from './session.ts'
import { Interrupted, onSignals } from './signals.ts'

/** @param argv without the names of the runtime and the program */
export async function run(argv: readonly string[]): Promise<number> {
  const out = new Output(process, wantsJson(argv))
  const interrupted = new AbortController()
  const stopListening = onSignals((reason) => interrupted.abort(reason))
  const signal = AbortSignal.any([interrupted.signal, out.gone])
  const prompt = terminalPrompt(process.stdin, process.stderr, signal)
  let code = 0

  const act: Act = (action) =>
    async function (...args) {
      const options = resolveGlobalOptions(program.opts(), process.env)
      const session = new Session({ options, out, prompt, stdin: process.stdin, signal })
      try {
        code = (await action(session, ...args)) ?? 0
      } catch (error) {
        await session.close(error)
        throw error
      }
      await session.close()
    }
  const program = buildProgram(act)
  // Its complaints come as exceptions; its help is a result.
  program.configureOutput({ writeErr: () => {}, writeOut: (text) => void process.stdout.write(text) })
  inheritSettings(program)

  try {
    const { operands, unknown } = program.parseOptions([...argv])
    const nothing = operands.length === 0 && unknown.length === 0
    await program.parseAsync(nothing ? [...argv, defaultCommand] : [...argv], { from: 'user' })
    return code
  } catch (error) {
    return ending(error, out, signal)
  } finally {
    stopListening()
  }
}

/** What was set after the commands had been made. */
function inheritSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command)
    inheritSettings(child)
  }
}

function ending(error: unknown, out: Output, signal: AbortSignal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    const usage = usageError(error)
    out.fail(usage)
    return exitCodeOf(usage)
  }
  if (out.gone.aborted) return 0
  if (error instanceof Interrupted) return error.exitCode
  // A library may wrap the reason that it was given.
  if (signal.reason instanceof Interrupted && !(error instanceof ConclaveError)) return signal.reason.exitCode
  out.fail(error)
  return exitCodeOf(error)
}

function usageError(error: CommanderError): ConclaveError {
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = more.map((line) => line.replace(/^\((.*)\)$/, '$1').trim()).filter((line) => line !== '')
  return new ConclaveError('usage', message, {
    hint: [...suggestion, 'conclave --help lists the commands, conclave COMMAND --help explains one.'].join('\n'),
  })
}
