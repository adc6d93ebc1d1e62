/** `export ROOM --format …`: everything that you can read of a room, as a file for other programs or for people. */
import { Option, type Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { count } from '../../chat/wording.ts'
import { showRoom } from '../room/freshness.ts'
import { ended } from '../room/reading.ts'
import type { Act, Session } from '../session/session.ts'

const formats = ['jsonl', 'markdown', 'html'] as const

interface Options {
  readonly format: (typeof formats)[number]
  readonly output?: string
}

export function addExport(program: Command, act: Act): void {
  program
    .command('export <room>')
    .summary('export a whole room to a file')
    .description(
      'Exports everything you can read of a room, from its first message on: jsonl as read --json prints it, with a line ' +
        'for each change; markdown and html as people read it, with edits, deletions and reactions applied. What others ' +
        'wrote stays plain text.\n\n' +
        'The file is unencrypted, private (0600), and written atomically. If the store is unreachable it holds what this ' +
        'machine has, and the exit code is 5.',
    )
    .addOption(new Option('--format <format>').choices(formats).makeOptionMandatory())
    .option('--output <file>', 'a file (default: stdout)')
    .action(act(exportRoom))
}

async function exportRoom(session: Session, roomName: string, { format, output }: Options): Promise<void> {
  const { out, signal } = session
  if (out.json && output === undefined && format !== 'jsonl') {
    throw new ConclaveError('usage', `${format} is not JSON`, { hint: 'With --json, name a file: --output FILE.' })
  }
  const { writtenRoom } = await import('../output/export-room.ts')
  await showRoom(session, roomName, async (room) => {
    let messages = 0
    const text = writtenRoom(room, format, signal, () => (messages += 1))
    if (output === undefined) for await (const part of text) await out.raw(part)
    else {
      const { writeWholeFile } = await import('../output/whole-file.ts')
      await writeWholeFile(output, text)
      const done = `Exported ${count(messages, 'message')} to ${output}`
      await out.print({ ok: true, room: room.name, file: output, messages }, done)
    }
    signal.throwIfAborted()
    return ended(room)
  })
}
