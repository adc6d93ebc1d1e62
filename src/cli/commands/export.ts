/** `export ROOM --format …`: everything that one can read of a room, as a file for other programs or for people. */
import { Option, type Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { writtenRoom, exportFormats, type ExportFormat } from '../export-room.ts'
import { bringUpToDate } from '../freshness.ts'
import { ended } from '../reading.ts'
import type { Act, Session } from '../session.ts'
import { writeWholeFile } from '../whole-file.ts'

interface Options {
  readonly format: ExportFormat
  readonly output?: string
}

export function addExport(program: Command, act: Act): void {
  program
    .command('export')
    .summary('write a whole room to a file')
    .description(
      'Writes everything that you can read of a room, from its first message on: jsonl as read --json prints it, each ' +
        'change a line of its own; markdown and html as a person reads it, with edits, deletions and reactions applied. ' +
        'What others wrote is text in them and nothing else.\n\n' +
        'The file is in the clear, for you alone (0600), and there whole or not at all. When the store does not answer ' +
        'it holds what this machine holds, and the exit code is 5.',
    )
    .argument('<room>')
    .addOption(new Option('--format <format>').choices(exportFormats).makeOptionMandatory())
    .option('--output <file>', 'a file; else stdout')
    .action(act(exportRoom))
}

async function exportRoom(session: Session, roomName: string, { format, output }: Options): Promise<void> {
  const { out, signal } = session
  if (out.json && output === undefined && format !== 'jsonl') {
    throw new ConclaveError('usage', `${format} is no JSON`, { hint: 'With --json name a file: --output FILE.' })
  }
  const chat = await session.chat()
  const room = await chat.open(roomName, signal)
  const behind = await bringUpToDate(room, signal)
  let messages = 0
  const text = writtenRoom(room, format, signal, () => (messages += 1))
  if (output === undefined) for await (const part of text) await out.raw(part)
  else {
    await writeWholeFile(output, text)
    await out.print({ ok: true, room: room.name, file: output, messages }, `${messages} messages in ${output}`)
  }
  signal.throwIfAborted()
  const reason = ended(room) ?? behind
  if (reason) throw reason
}
