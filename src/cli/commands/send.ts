/** `send ROOM TEXT` and `send ROOM -`: one message, or one a line from stdin, pipelined. */
import type { Command } from 'commander'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { checkText, Delivery, nothingKept } from '../delivery.ts'
import { checkReference, findMessage } from '../find-message.ts'
import { sendLines } from '../send-lines.ts'
import type { Act } from '../session.ts'

interface Options {
  readonly queue?: true
  readonly reply?: string
  readonly emote?: true
}

export function addSend(program: Command, act: Act): void {
  program
    .command('send')
    .summary('send a message, or every line of stdin')
    .description(
      'Sends a message and prints its number once the store has it durably. With - every line of stdin is a message ' +
        '(blank ones are skipped), and the numbers come in their order.\n\n' +
        'When the store does not answer for 10 s it fails with exit code 5, and nothing is kept. With --queue the message ' +
        'is kept, and sent as soon as the store is back and Conclave runs.\n\n' +
        'Put -- before a text that begins with a dash: conclave send demo -- "-5 degrees"',
    )
    .argument('<room>')
    .argument('<text>', 'the message, or - for stdin')
    .option('--reply <id>', 'as an answer to this message: its number, or its 32 digits (read --numbers, read --json)')
    .option('--emote', 'say what you do: "* ada waves"')
    .option('--queue', 'keep it for later when the store does not answer')
    .action(
      act(async (session, roomName: string, text: string, { queue, reply, emote }: Options) => {
        if (text !== '-') checkText(text)
        if (reply !== undefined) checkReference(reply)
        if ((reply !== undefined && emote) || (text === '-' && (reply !== undefined || emote))) {
          throw new ConclaveError('usage', '--reply and --emote are for one message, and exclude each other')
        }
        const chat = await session.chat()
        const room = await chat.open(roomName, session.signal).catch((error: unknown) => {
          throw isConclaveError(error, 'unavailable') && !queue ? nothingKept(error.message, error) : error
        })
        const delivery = new Delivery({ chat, room, out: session.out, signal: session.signal, queue: queue === true })
        if (text === '-') return sendLines(delivery, session.stdin)
        if (emote) return delivery.sendOne({ type: 'emote', text })
        if (reply === undefined) return delivery.sendOne(text)
        const { id } = await findMessage(room, reply, session.signal)
        return delivery.sendOne({ type: 'reply', to: id, text })
      }),
    )
}
