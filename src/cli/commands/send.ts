/** `send ROOM TEXT` and `send ROOM -`: one message, or one a line from stdin, pipelined. */
import type { Command } from 'commander'
import { isConclaveError } from '../../base/errors.ts'
import { checkText, Delivery, nothingKept } from '../delivery.ts'
import { sendLines } from '../send-lines.ts'
import type { Act } from '../session.ts'

interface Options {
  readonly queue?: true
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
    .option('--queue', 'keep it for later when the store does not answer')
    .action(
      act(async (session, roomName: string, text: string, { queue }: Options) => {
        if (text !== '-') checkText(text)
        const chat = await session.chat()
        const room = await chat.open(roomName, session.signal).catch((error: unknown) => {
          throw isConclaveError(error, 'unavailable') && !queue ? nothingKept(error.message, error) : error
        })
        const delivery = new Delivery({ chat, room, out: session.out, signal: session.signal, queue: queue === true })
        if (text === '-') await sendLines(delivery, session.stdin)
        else await delivery.sendOne(text)
      }),
    )
}
