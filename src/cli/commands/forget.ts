/** `forget ROOM`: drops this machine's copy of a room. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { mayDo } from '../ask.ts'
import type { Act, Session } from '../session.ts'

interface Options {
  readonly yes?: true
}

export function addForget(program: Command, act: Act): void {
  program
    .command('forget')
    .summary("drop this machine's copy of a room")
    .description(
      "Drops this machine's copy of a room. You stay what you are in it: read, or the list of rooms, fetches the room " +
        'anew. How far the copy reached is remembered, so that a store that was turned back is still noticed.\n\n' +
        'Refused while messages wait to be sent to the room. Without a terminal it takes --yes.',
    )
    .argument('<room>')
    .option('--yes', 'do not ask')
    .action(act(forget))
}

async function forget(session: Session, roomName: string, { yes }: Options): Promise<number> {
  const { out, prompt } = session
  const asking = prompt.interactive && !out.json
  if (!yes && !asking) throw new ConclaveError('usage', 'without a terminal to ask on, forget takes --yes')
  const chat = await session.chat()
  if (!(await mayDo(session, `Drop this machine's copy of ${roomName}?`, yes === true))) return 4
  const { name, records } = await chat.forget(roomName)
  await out.print({ ok: true, room: name, records }, `The copy of ${name} is gone (${records} records).`)
  return 0
}
