/** `join ROOM`: knocks, and may wait until somebody inside decides. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { Admission, Chat, Room } from '../../chat/chat.ts'
import { wholeNumber } from '../numbers.ts'
import type { Act, Session } from '../session.ts'

/** The longest that a timer can be set to is 2^31 ms. */
const waitSMax = 2_000_000

export function addJoin(program: Command, act: Act): void {
  program
    .command('join')
    .summary('ask to be let into a room')
    .description(
      'Asks to be let into a room: somebody inside accepts you (conclave accept, or !NAME in the terminal interface). ' +
        'ROOM#ID, with at least 20 digits of the id, joins exactly that room, whatever name somebody else gave another.',
    )
    .argument('<room>', 'ROOM or ROOM#ID')
    .option('--wait <seconds>', 'how long to wait for the answer (else not at all)', wholeNumber(0, waitSMax))
    .action(
      act(async (session, name: string, { wait = 0 }: { readonly wait?: number }) => {
        const chat = await session.chat()
        const admission = await chat.join(name, session.signal)
        const room = await answer(session, chat, admission, wait)
        const admins = room.members.filter(({ role }) => role === 'admin')
        const people = admins.map((admin) => ({ name: admin.name, fingerprint: admin.fingerprint }))
        await session.out.print(
          { ok: true, room: room.name, id: room.id, state: 'accepted', admins: people },
          [
            `You are in ${room.name} (${room.id}).`,
            ...people.map((admin) => `Admin: ${admin.name}  ${admin.fingerprint}`),
          ].join('\n'),
        )
      }),
    )
}

async function answer(session: Session, chat: Chat, admission: Admission, waitS: number): Promise<Room> {
  if (admission.state !== 'waiting') return admission.wait(session.signal)
  const { roomName, roomId } = admission
  const { name, fingerprint } = chat.self
  if (waitS > 0) session.out.note(`Waiting for somebody in ${roomName} to accept ${name}  ${fingerprint}`)
  const timedOut = new AbortController()
  const timer = setTimeout(() => timedOut.abort(), waitS * 1000)
  try {
    return await admission.wait(AbortSignal.any([session.signal, timedOut.signal]))
  } catch (error) {
    if (!timedOut.signal.aborted || error instanceof ConclaveError) throw error
    await session.out.print({ room: roomName, id: roomId, state: 'waiting' }, '')
    throw new ConclaveError('timeout', `nobody in ${roomName} has accepted ${name} yet; the request stands`, {
      hint: `Somebody inside types !${name} (fingerprint ${fingerprint}). Then the same command again lets you in; --wait SECONDS waits for it.`,
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}
