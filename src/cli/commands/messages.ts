/** Commands that write: `send`, `dm`, and the ones that change a message: `edit`, `delete`, `react`. */
import type { Command } from 'commander'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import type { Confirm } from '../../chat/chat.ts'
import { emojiOf } from '../../tui/text/emoji.ts'
import { checkText, Delivery, nothingKept, sendLines } from '../room/delivery.ts'
import { changeMessage, checkReference, findMessage } from '../room/find-message.ts'
import type { Act } from '../session/session.ts'
import { addConfirmOptions } from './members.ts'

const aMessage = 'its number or its 32-digit ID (read --numbers, read --json)'

interface SendOptions {
  readonly queue?: true
  readonly reply?: string
  readonly emote?: true
}

export function addSend(program: Command, act: Act): void {
  program
    .command('send <room>')
    .summary('send a message, or every line of stdin')
    .description(
      'Sends a message and prints its number once the store has it durably. With -, every line of stdin is a message ' +
        '(blank ones are skipped), and the numbers are printed in their order.\n\n' +
        'If the store is unreachable for 10 s, it fails with exit code 5 and nothing is kept. With --queue the message ' +
        'is kept, and sent when the store is back and Conclave runs.\n\n' +
        'Put -- before a text that begins with a dash: conclave send demo -- "-5 degrees"',
    )
    .argument('<text>', 'the message, or - for stdin')
    .option('--reply <id>', `reply to this message: ${aMessage}`)
    .option('--emote', 'say what you do: "* ada waves"')
    .option('--queue', 'keep it for later if the store is unreachable')
    .action(
      act(async (session, roomName: string, text: string, { queue, reply, emote }: SendOptions) => {
        if (text !== '-') checkText(text)
        if (reply !== undefined) checkReference(reply)
        if ((reply !== undefined && emote) || (text === '-' && (reply !== undefined || emote))) {
          throw new ConclaveError('usage', '--reply and --emote are for one message, and exclude each other')
        }
        const chat = await session.chat()
        const room = await session.room(roomName).catch((error: unknown) => {
          throw isConclaveError(error, 'unavailable') && !queue ? nothingKept(error.message, error) : error
        })
        const delivery = new Delivery(session, chat, room, queue === true)
        if (text === '-') return sendLines(delivery, session.host.stdin)
        if (emote) return delivery.sendOne({ type: 'emote', text })
        if (reply === undefined) return delivery.sendOne(text)
        const { id } = await findMessage(room, reply, session)
        return delivery.sendOne({ type: 'reply', to: id, text })
      }),
    )
}

export function addDm(program: Command, act: Act): void {
  const command = program
    .command('dm <name>')
    .summary('write to one person')
    .description(
      'Opens the direct messages with someone, and sends a text if you give one. The first time they are invited, and ' +
        'their key must be known from a room or confirmed: compare its fingerprint with them, or trust the one in the ' +
        'store.',
    )
    .argument('[text]', 'the message, or - for stdin')
  addConfirmOptions(command).action(
    act(async (session, name: string, text: string | undefined, confirm: Confirm) => {
      if (text !== undefined && text !== '-') checkText(text)
      const chat = await session.chat()
      const room = await session.withKey(confirm, (confirmed) => chat.dm(name, confirmed))
      if (text === undefined) {
        return session.out.print({ ok: true, room: room.name, id: room.id }, `Direct messages with ${name}: ${room.id}`)
      }
      const delivery = new Delivery(session, chat, room, false)
      return text === '-' ? sendLines(delivery, session.host.stdin) : delivery.sendOne(text)
    }),
  )
}

export function addEdit(program: Command, act: Act): void {
  program
    .command('edit <room>')
    .summary('edit one of your messages')
    .description(
      'Edits one of your messages. Everyone sees that it was edited, and the original can still be recovered.',
    )
    .argument('<id>', aMessage)
    .argument('<text>')
    .action(
      act(async (session, room: string, id: string, text: string) => {
        checkText(text)
        await changeMessage(session, room, id, (to) => ({ type: 'edit', to, text }))
      }),
    )
}

export function addDelete(program: Command, act: Act): void {
  program
    .command('delete <room>')
    .summary('delete a message')
    .description(
      'Deletes one of your messages; admins can delete any. It is no longer shown, but its record stays in the log, and ' +
        'people may already have read it.',
    )
    .argument('<id>', aMessage)
    .action(
      act((session, room: string, id: string) => changeMessage(session, room, id, (to) => ({ type: 'delete', to }))),
    )
}

export function addReact(program: Command, act: Act): void {
  program
    .command('react <room>')
    .summary('react to a message with an emoji')
    .description(
      'Adds or removes an emoji reaction. Accepts shortcuts such as yes, no, heart, laugh, party, and names of emoji such as :tada:.',
    )
    .argument('<id>', aMessage)
    .argument('<emoji>')
    .option('--off', 'remove your reaction')
    .action(
      act(async (session, room: string, id: string, typed: string, { off }: { readonly off?: true }) => {
        const emoji = emojiOf(typed)
        if (emoji === undefined) {
          throw new ConclaveError('usage', `Not an emoji: ${typed}`, {
            hint: 'Give one emoji, or a shortcut such as yes, heart, party.',
          })
        }
        await changeMessage(session, room, id, (to) => ({ type: 'react', to, emoji, on: off !== true }))
      }),
    )
}
