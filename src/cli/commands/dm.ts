/** `dm NAME [TEXT]`: the two-person chat with somebody. */
import type { Command } from 'commander'
import type { Confirm } from '../../chat/chat.ts'
import { withKey } from '../ask.ts'
import { addConfirmOptions } from '../confirm.ts'
import { checkText, Delivery } from '../delivery.ts'
import { sendLines } from '../send-lines.ts'
import type { Act } from '../session.ts'

export function addDm(program: Command, act: Act): void {
  const command = program
    .command('dm')
    .summary('write to one person')
    .description(
      'Opens the chat of two with somebody, and sends a text if there is one. The first time he is invited, and his ' +
        'key must be known from a room, or confirmed: compare its fingerprint with him, or trust what the store says.',
    )
    .argument('<name>')
    .argument('[text]', 'the message, or - for stdin')
  addConfirmOptions(command).action(
    act(async (session, name: string, text: string | undefined, confirm: Confirm) => {
      if (text !== undefined && text !== '-') checkText(text)
      const chat = await session.chat()
      const room = await withKey(session, confirm, (confirmed) => chat.dm(name, confirmed))
      const { out, signal, stdin } = session
      if (text === undefined) {
        return out.print({ ok: true, room: room.name, id: room.id }, `The chat with ${name}: ${room.id}`)
      }
      const delivery = new Delivery({ chat, room, out, signal, queue: false })
      return text === '-' ? sendLines(delivery, stdin) : delivery.sendOne(text)
    }),
  )
}
