/**
 * One run of the program: from its arguments to its exit code.
 *
 * Every outcome is handled here: a command's result, a typed error, Ctrl-C, a reader that went away. The chat is always
 * closed, so that leases and locks are released.
 */
import { CommanderError, type Command } from 'commander'
import { ConclaveError } from '../base/errors.ts'
import { Output } from './output/output.ts'
import { buildProgram, defaultCommand } from './program.ts'
import { exitCodeOf } from './session/exit.ts'
import { Interrupted, onSignals, type Host } from './session/host.ts'
import { resolveGlobalOptions, wantsJson } from './session/options.ts'
import { terminalPrompt } from './session/prompt.ts'
import { Session, type Act } from './session/session.ts'

/**
 * @param argv without the names of the runtime and the program
 * @param host Node's `process`, or what stands for it
 */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const out = new Output(host, wantsJson(argv))
  const interrupted = new AbortController()
  const stopListening = onSignals(host, (reason) => interrupted.abort(reason))
  const signal = AbortSignal.any([interrupted.signal, out.gone])
  const prompt = terminalPrompt(host, signal)
  let code = 0

  const act: Act = (action) =>
    async function (...args) {
      const options = resolveGlobalOptions(program.opts(), host.env)
      const session = new Session({ host, options, out, prompt, signal })
      try {
        code = (await action(session, ...args)) ?? 0
      } catch (error) {
        await session.close(error)
        throw error
      }
      await session.close()
    }
  const program = buildProgram(act)
  // Commander reports errors as exceptions; its help is a result.
  program.configureOutput({ writeErr: () => {}, writeOut: (text) => void host.stdout.write(text) })
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

/** Commands don't inherit settings made after they were created. */
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
  // A library may wrap the abort reason.
  if (signal.reason instanceof Interrupted && !(error instanceof ConclaveError)) return signal.reason.exitCode
  out.fail(error)
  return exitCodeOf(error)
}

function usageError(error: CommanderError): ConclaveError {
  const [first = '', ...more] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = more.map((line) => line.replace(/^\((.*)\)$/, '$1').trim()).filter((line) => line !== '')
  return new ConclaveError('usage', `${first.charAt(0).toUpperCase()}${first.slice(1)}`, {
    hint: [...suggestion, 'conclave --help lists the commands, conclave COMMAND --help explains one.'].join('\n'),
  })
}
