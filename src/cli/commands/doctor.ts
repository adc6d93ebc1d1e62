/** `doctor`: where the data is, what is wrong, what to do about it. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { count } from '../../chat/wording.ts'
import { exitCodeOf, type ExitCode } from '../session/exit.ts'
import type { Act, Session } from '../session/session.ts'

export function addDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .summary('find problems with your home and your store')
    .description(
      'Checks your home and your store, and says what is wrong and what to do about it. Needs no passphrase and changes ' +
        'nothing.\n\n' +
        'Exits 0 unless there is a problem (✗); the first one decides the exit code. A warning (!) is not a problem yet.',
    )
    .action(act(doctor))
}

async function doctor({ options, out, patience, signal }: Session): Promise<ExitCode> {
  const { examine } = await import('../doctor/examine.ts')
  const { findingObject, findingText } = await import('../doctor/finding.ts')
  const counts = { problem: 0, warning: 0, ok: 0 }
  let code: ExitCode = 0
  for await (const finding of examine(options, patience, signal)) {
    counts[finding.level] += 1
    if (finding.code !== undefined && code === 0) code = exitCodeOf(new ConclaveError(finding.code, finding.what))
    await out.print(findingObject(finding), findingText(finding))
  }
  signal.throwIfAborted()
  const { problem, warning } = counts
  const summary = `${count(problem, 'problem')}, ${count(warning, 'warning')}.`
  await out.text(`\n${problem + warning === 0 ? 'No problems found.' : summary}`)
  return code
}
