/** `accept ROOM NAME`: lets somebody in who knocked. */
import type { Command } from 'commander'
import type { Room } from '../../chat/chat.ts'
import { mayDo } from '../ask.ts'
import type { Act } from '../session.ts'

interface Options {
  readonly fingerprint?: string
  readonly yes?: true
}

export function addAccept(program: Command, act: Act): void {
  program
    .command('accept')
    .summary('let somebody in who asked to join')
    .description(
      'Lets somebody in who asked to join. He reads everything from the first message on; who was kicked before, what was ' +
        'said meanwhile too. A key that is not the one known under the name must be confirmed by its fingerprint.',
    )
    .argument('<room>')
    .argument('<name>')
    .option('--fingerprint <digits>', 'only the key with this fingerprint')
    .option('--yes', 'do not ask')
    .action(
      act(async (session, roomName: string, name: string, { fingerprint, yes }: Options) => {
        const { out, signal } = session
        const chat = await session.chat()
        const room = await chat.open(roomName, signal)
        await room.refresh(signal)
        if (wasKicked(room, name)) {
          const question = `${name} was kicked before, and will read what was said meanwhile too. Let ${name} in again?`
          if (!(await mayDo(session, question, yes === true))) return 4
        }
        const { i } = await room.accept(name, fingerprint === undefined ? {} : { fingerprint })
        await out.print({ ok: true, i }, `${name} is in ${room.name}`)
        return 0
      }),
    )
}

function wasKicked({ knocks }: Room, name: string): boolean {
  return knocks.some((knock) => knock.name.toLowerCase() === name.toLowerCase() && knock.returning === 'kicked')
}
